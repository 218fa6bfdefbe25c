"""The warning that stands on every page while no mail goes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from portal.admin.service import administrators
from portal.mail_settings.accounts import account, active_settings
from portal.mail_settings.checks import latest_check
from portal.mail_settings.help import open_request_of
from portal.mail_settings.texts import sentence
from portal.models import AccountStatus, CheckState, MailAccount, User
from portal.outbox.planning import moment


@dataclass(frozen=True)
class MailWarning:
    """Nothing goes out just now. `worked` tells a mailbox that was at work from one never set up,
    `limited` one that goes on by itself. `asked_at` is when the reader asked the
    `administrators`, who can mend it, to do so."""

    heading: str
    sentences: Sequence[str]
    worked: bool
    limited: bool
    administrators: Sequence[str]
    asked_at: datetime | None


def warning(reader: User) -> MailWarning | None:
    """What a signed-in person sees while mail doesn't work; None when all is well."""
    here = account()
    if here and here.status is AccountStatus.WORKING:
        return None
    limit = here.limited_until if here else None
    worked = bool(here and active_settings(here.id))
    asked = open_request_of(reader)
    return MailWarning(
        heading=_("Sending pauses until %(time)s", time=moment(limit))
        if limit
        else _("Email is not configured"),
        sentences=_limit_sentences() if limit else _fault_sentences(here, worked),
        worked=worked,
        limited=limit is not None,
        administrators=administrators(),
        asked_at=asked.asked_at if asked else None,
    )


def _limit_sentences() -> Sequence[str]:
    return [_("The provider's limit is reached. Mails that wait go by themselves then.")]


def _fault_sentences(here: MailAccount | None, worked: bool) -> Sequence[str]:
    """What it means, and why, unless that is being found out anew. The server's words are left to
    the settings page."""
    meaning = (
        _(
            "The mailbox has stopped working, so nothing is sent until it is mended. Mails that "
            "wait are not lost."
        )
        if worked
        else _("No mail can be sent until the practice's mailbox is set up.")
    )
    check = latest_check()
    if not here or not here.cause or (check and check.state is CheckState.RUNNING):
        return [meaning]
    return [meaning, sentence(here.cause)]
