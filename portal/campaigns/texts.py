"""What a campaign's states are called, and why something can't be done with it, in sentences."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask_babel import format_date, format_time
from flask_babel import lazy_gettext as _l

from portal.campaigns import steering
from portal.campaigns.service import LaunchRefused
from portal.models import CampaignStatus

STATUS_NAMES: dict[CampaignStatus, Any] = {
    CampaignStatus.DRAFT: _l("draft"),
    CampaignStatus.SCHEDULED: _l("scheduled"),
    CampaignStatus.RUNNING: _l("running"),
    CampaignStatus.PAUSED: _l("paused"),
    CampaignStatus.FINISHED: _l("finished"),
    CampaignStatus.CANCELLED: _l("cancelled"),
}

KEYWORD_MEANINGS: dict[str, Any] = {
    "greeting": _l("How the person is addressed"),
    "first_name": _l("First name"),
    "last_name": _l("Last name"),
    "full_name": _l("First and last name"),
    "practice_name": _l("Name of the practice"),
    "unsubscribe_link": _l("Link to unsubscribe; it also stands beneath every campaign"),
}

NOT_POSSIBLE: dict[Callable[[int], None], Any] = {
    steering.pause: _l("This campaign is not running, so there is nothing to pause."),
    steering.resume: _l("This campaign is not paused, so there is nothing to resume."),
    steering.cancel: _l("This campaign is over, or was not launched yet."),
    steering.unschedule: _l("This campaign does not wait for its time any more."),
    steering.retry: _l("No mail of this campaign can be tried again."),
}

SENTENCES: dict[str, Any] = {
    "draft": _l("This campaign is a draft. Look at it and launch it."),
    "scheduled": _l("This campaign is scheduled already."),
    "cancelled": _l("This campaign was cancelled."),
    "launched": _l("This campaign was launched already."),
    "mailbox": _l("Email is not configured, so nothing can be sent yet."),
    "keywords": _l("These keywords are not known here: %(names)s. Correct them in the text."),
    "outdated": _l("The number of recipients has changed. Look at it again and launch."),
    "past": _l(
        "The time at which it was to start has passed. Choose a later one, or leave it empty to "
        "send as soon as you launch."
    ),
    "nobody": _l("Nobody may get this mail yet: no contact has given both consents."),
}


def refused_sentence(refused: LaunchRefused) -> str:
    return str(SENTENCES[refused.reason]) % {"names": ", ".join(refused.names)}


def day_and_time(at: datetime) -> str:
    """With the day of the week, in the practice's zone and the reader's language."""
    return f"{format_date(at, 'full')}, {format_time(at, 'short')}"
