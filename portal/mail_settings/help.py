"""Asking the administrators to mend the mailbox: for those who can't open its settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from portal.extensions import db
from portal.mail_settings.texts import sentence
from portal.models import AccountStatus, HelpRequest, MailAccount, User
from portal.models.base import now


@dataclass(frozen=True)
class Asked:
    """An open request as the administrators see it; `reply` is what the server had said."""

    by: str
    at: datetime
    sentence: str
    reply: str | None


def ask(user: User) -> bool:
    """Tell the administrators what is the matter now; once, until the mailbox works again. False,
    with nothing told, when all is well."""
    account = select(MailAccount.status, MailAccount.cause, MailAccount.reply)
    # Locked, so that a check that goes well meanwhile closes the request too.
    here = db.session.execute(account.limit(1).with_for_update()).one()
    if here.status is AccountStatus.WORKING:
        return False
    postgresql = db.session.connection().dialect.name == "postgresql"
    insert = postgresql_insert if postgresql else sqlite_insert
    request = insert(HelpRequest).values(
        user_id=user.id, cause=here.cause, reply=here.reply, asked_at=now()
    )
    db.session.execute(request.on_conflict_do_nothing())  # who has asked already
    db.session.commit()
    return True


def open_request_of(user: User) -> HelpRequest | None:
    return db.session.scalar(
        select(HelpRequest).where(HelpRequest.user_id == user.id, HelpRequest.closed_at.is_(None))
    )


def open_requests() -> Sequence[Asked]:
    """Who waits for the mailbox to be mended, oldest first."""
    query = (
        select(User.email, HelpRequest.asked_at, HelpRequest.cause, HelpRequest.reply)
        .join(User, User.id == HelpRequest.user_id)
        .where(HelpRequest.closed_at.is_(None))
        .order_by(HelpRequest.id)
    )
    return [
        Asked(row.email, row.asked_at, _reason(row.cause), row.reply)
        for row in db.session.execute(query)
    ]


def _reason(cause: str | None) -> str:
    return sentence(cause) if cause else _("The mailbox is not set up yet.")
