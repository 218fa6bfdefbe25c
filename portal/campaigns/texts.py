"""Why a campaign can't start, in sentences."""

from typing import Any

from flask_babel import lazy_gettext as _l

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

SENTENCES: dict[str, Any] = {
    "launched": _l("This campaign was launched already."),
    "mailbox": _l("Email is not configured, so nothing can be sent yet."),
    "keywords": _l("These keywords are not known here: %(names)s. Correct them in the text."),
    "outdated": _l("The number of recipients has changed. Look at it again and launch."),
    "nobody": _l("Nobody may get this mail yet: no contact has given both consents."),
}


def refused_sentence(refused: LaunchRefused) -> str:
    return str(SENTENCES[refused.reason]) % {"names": ", ".join(refused.names)}
