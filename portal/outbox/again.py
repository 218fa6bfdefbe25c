"""Campaigns of which mails are sent once more."""

from collections.abc import Collection

from sqlalchemy import Connection, case, literal, update

from portal.models import LAUNCHED, Campaign, CampaignStatus


def run_again(connection: Connection, campaign_ids: Collection[int]) -> int:
    """Finished ones run again, paused ones stay paused, cancelled ones cancelled. Returns how many
    are not cancelled; they can't be until the transaction ends."""
    is_finished = Campaign.status == CampaignStatus.FINISHED
    running = literal(CampaignStatus.RUNNING, Campaign.status.type)
    going_on = connection.execute(
        update(Campaign)
        .where(Campaign.id.in_(campaign_ids), Campaign.status.in_(LAUNCHED))
        .values(
            status=case((is_finished, running), else_=Campaign.status),
            finished_at=None,
        )
    )
    return going_on.rowcount
