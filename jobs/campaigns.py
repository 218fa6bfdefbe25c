"""What takes too long for a page, or comes at a time of its own."""

from jobs import stopping
from portal.campaigns import service, steering
from portal.models.base import now


def start(campaign_id: int) -> None:
    """Start a scheduled campaign whose time has come. Rung twice, the second finds it started."""
    service.start_scheduled(campaign_id)


def cancel(campaign_id: int) -> None:
    """Give up what waits of a cancelled campaign; told to stop, it leaves the rest to the sweep."""
    while steering.give_up_some(campaign_id) and not stopping.requested():
        pass


def retry(campaign_id: int) -> None:
    """Let the failed mails of a campaign wait once more: those that had failed by now, since some
    may fail again meanwhile."""
    asked_at = now()
    while steering.retry_some(campaign_id, asked_at) and not stopping.requested():
        pass
