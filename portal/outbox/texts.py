"""What a message's states and reasons are called."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.mail_settings.texts import SENTENCES as MAIL_SENTENCES
from portal.models import MessageStatus

STATUS_NAMES: dict[MessageStatus, Any] = {
    MessageStatus.QUEUED: _l("queued"),
    MessageStatus.SENDING: _l("sending"),
    MessageStatus.SENT: _l("accepted by the server"),
    MessageStatus.DEFERRED: _l("tried again later"),
    MessageStatus.FAILED: _l("failed"),
    MessageStatus.BOUNCED: _l("came back"),
    MessageStatus.UNCONFIRMED: _l("unconfirmed"),
    MessageStatus.SKIPPED: _l("not sent"),
    MessageStatus.CANCELLED: _l("cancelled"),
}

KIND_NAMES: dict[str, Any] = {"campaign": _l("campaign")}

REASONS: dict[str, Any] = {
    "no_privacy_consent": _l("The person has not consented to be written to by e-mail."),
    "no_marketing_consent": _l("The person has not consented to advertising."),
    "no_valid_address": _l("There is no address on file."),
    "unsubscribed": _l("The person has unsubscribed."),
    "address_changed": _l("The person's address was changed after the launch."),
    "erased": _l("The person is no longer on file."),
    "not_composed": _l("No mail could be made for this address."),
    "expired": _l("The server kept refusing for too long, so the portal gave up."),
    "try_later": _l("The server asked to try again later."),
    "connection_lost": _l("The connection broke before the mail was handed over."),
    "sender_died": _l(
        "The sending program was interrupted during this mail. It may have gone out or not, so it "
        "is not sent again."
    ),
}


def reason_sentence(reason: str) -> str:
    """Why a message stands where it stands."""
    found = REASONS.get(reason) or MAIL_SENTENCES.get(reason)
    return str(found) if found else _("The portal knows no more about it.")
