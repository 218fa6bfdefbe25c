"""What a message's states and reasons are called."""

from typing import Any

from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.mail_settings.texts import SENTENCES as MAIL_SENTENCES
from portal.models import Message, MessageStatus
from portal.outbox.unconfirmed import Settled

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

KIND_NAMES: dict[str, Any] = {
    "appointment_reminder": _l("appointment reminder"),
    "appointment_status": _l("change of an appointment"),
    "video_link": _l("link to a video visit"),
    "invoice": _l("invoice"),
    "campaign": _l("campaign"),
}

REASONS: dict[str, Any] = {
    "no_privacy_consent": _l("The person has not consented to be written to by e-mail."),
    "no_marketing_consent": _l("The person has not consented to advertising."),
    "no_valid_address": _l("There is no address on file."),
    "unsubscribed": _l("The person has unsubscribed."),
    "address_changed": _l("The person's address was changed after the launch."),
    "erased": _l("The person is no longer on file."),
    "not_composed": _l("No mail could be made for this address."),
    "expired": _l("The server kept refusing for too long, so the portal gave up."),
    "too_late": _l("It could not go out before it was of no use any more."),
    "try_later": _l("The server asked to try again later."),
    "connection_lost": _l("The connection broke before the mail was handed over."),
    "sender_died": _l(
        "The sending program was interrupted during this mail. It may have gone out or not."
    ),
}

# By the last command that the server was given.
LAST_COMMANDS: dict[str | None, Any] = {
    None: _l("The sending program was interrupted, so nobody knows how far it came."),
    "mail": _l("The server had been told the sender, and not yet the text."),
    "rcpt": _l("The server had been told the recipient, and not yet the text."),
    "data": _l("The server was about to be given the text."),
    "body": _l("The connection broke while the text was handed over."),
    "dot": _l("The whole mail was handed over, but the server's answer did not come."),
}

GONE = (MessageStatus.SENT, MessageStatus.BOUNCED)
OVER = (MessageStatus.SKIPPED, MessageStatus.CANCELLED)

SETTLED_AS: dict[MessageStatus, Any] = {
    MessageStatus.SENT: _l("Sent after all"),
    MessageStatus.QUEUED: _l("Send again"),
}

WAS_SETTLED: dict[MessageStatus, Any] = {
    MessageStatus.SENT: _l("Marked as sent"),
    MessageStatus.QUEUED: _l("Sent once more"),
}


def settled_sentence(settled: Settled, target: MessageStatus) -> str:
    """What settling some mails came to."""
    if not settled.number and not settled.refused:
        return str(_("Nothing was changed: somebody has settled this already."))
    if target is MessageStatus.SENT:
        return _sent_sentence(settled)
    told = (_again_sentence(settled), _paused_sentence(settled), _refused_sentence(settled))
    return " ".join(filter(None, told))


def _sent_sentence(settled: Settled) -> str:
    return str(
        ngettext(
            "%(number)s mail counts as sent now.",
            "%(number)s mails count as sent now.",
            settled.number,
            number=format_decimal(settled.number),
        )
    )


def _again_sentence(settled: Settled) -> str:
    number = settled.number - settled.paused
    if not number:
        return ""
    return str(
        ngettext(
            "%(number)s mail will be sent again.",
            "%(number)s mails will be sent again.",
            number,
            number=format_decimal(number),
        )
    )


def _paused_sentence(settled: Settled) -> str:
    if not settled.paused:
        return ""
    return str(
        ngettext(
            "%(number)s mail will be sent again once its campaign is resumed.",
            "%(number)s mails will be sent again once their campaign is resumed.",
            settled.paused,
            number=format_decimal(settled.paused),
        )
    )


def _refused_sentence(settled: Settled) -> str:
    if not settled.refused:
        return ""
    return str(
        ngettext(
            "%(number)s mail can't be sent again, because its campaign was cancelled.",
            "%(number)s mails can't be sent again, because their campaign was cancelled.",
            settled.refused,
            number=format_decimal(settled.refused),
        )
    )


def mail_heading(message: Message) -> str:
    """What stands over the mail itself, as far as it went."""
    if message.status in GONE:
        return str(_("The mail as it went"))
    if message.status is MessageStatus.UNCONFIRMED:
        return str(_("The mail as it may have gone out"))
    if message.attempted_at:
        return str(_("The mail as it was last tried"))
    if message.status in OVER:
        return str(_("The mail as it would have gone"))
    return str(_("The mail as it would go"))


def reason_sentence(reason: str) -> str:
    """Why a message stands where it stands."""
    found = REASONS.get(reason) or MAIL_SENTENCES.get(reason)
    return str(found) if found else _("The portal knows no more about it.")
