"""Campaigns of which mails are sent once more."""

from collections.abc import Collection

from sqlalchemy import Connection, case, update

from portal.models import Campaign, CampaignStatus

GOES_ON = (CampaignStatus.RUNNING, CampaignStatus.PAUSED, CampaignStatus.FINISHED)


def run_again(connection: Connection, campaign_ids: Collection[int]) -> int:
    """Have those that were finished run; what is paused stays so. Returns how many of them send
    at all, which one that was cancelled does not; nobody can cancel them before the transaction
    ends."""
    is_finished = Campaign.status == CampaignStatus.FINISHED
    going_on = connection.execute(
        update(Campaign)
        .where(Campaign.id.in_(campaign_ids), Campaign.status.in_(GOES_ON))
        .values(
            status=case((is_finished, CampaignStatus.RUNNING), else_=Campaign.status),
            finished_at=None,
        )
    )
    return going_on.rowcount
