"""Whether a mail in doubt stands in its mailbox's folder of sent mail: looked for after two
minutes, and where it was not there, once more after an hour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, or_, select, update

from portal import queue
from portal.extensions import db
from portal.mail import providers
from portal.mail.providers import Provider
from portal.mail_settings.accounts import account, active_settings
from portal.models import AccountStatus, Doubt, MailAccount, MailSettings, Message
from portal.models.base import now

FIRST_LOOK = timedelta(minutes=2)  # by then the provider has put it there
LAST_LOOK = timedelta(hours=1)
BETWEEN_LOOKS = timedelta(minutes=30)  # at least; the last is given up when it is so late
AT_ONCE = 200

# A mailbox that doesn't let its mail out is not signed in to for less.
LOOKED_INTO = (AccountStatus.WORKING, AccountStatus.LIMITED)


@dataclass(frozen=True)
class Search:
    """Mails to look for: the ids of their doubts by Message-ID, and what their mailbox is signed in
    to with."""

    used: MailSettings
    host: str
    doubts: Mapping[str, int]


def sent_folder_keeper() -> Provider | None:
    """The provider whose folder of sent mail the portal can look into; None where that isn't
    known."""
    here = account()
    used = active_settings(here.id) if here else None
    return _keeper(used) if used else None


def _keeper(used: MailSettings) -> Provider | None:
    """By the server that the secret is for, so that it never goes to another provider's."""
    found = providers.by_server(used.smtp_server)
    return found if found and found.imap else None


def ring_for_lookups() -> None:
    """Ring for a look into each mailbox that has mails to look for. Ends the transaction at
    hand."""
    looked_into = select(MailAccount.id).where(MailAccount.status.in_(LOOKED_INTO))
    due = [found for found in db.session.scalars(looked_into).all() if _is_any_due(found)]
    db.session.commit()
    for account_id in due:
        queue.enqueue("jobs.sent_folder.run", account_id, queue=queue.BULK)


def _is_any_due(account_id: int) -> bool:
    used = active_settings(account_id)
    return used is not None and _keeper(used) is not None and bool(_due(used, limit=1))


def begin(account_id: int) -> Search | None:
    """Take the mails that are due; None where there are none. They count as looked for from now on,
    so that whatever becomes of the search, the provider is not asked again and again."""
    looked_into = select(MailAccount.id).where(
        MailAccount.id == account_id, MailAccount.status.in_(LOOKED_INTO)
    )
    used = active_settings(account_id) if db.session.scalar(looked_into) else None
    keeper = _keeper(used) if used else None
    due = _due(used, limit=AT_ONCE) if used and keeper else ()
    _lock([row.id for row in due])
    _write([row.id for row in due], looked_at=now(), found_in_sent=None)
    db.session.commit()
    if not used or not keeper or not keeper.imap or not due:
        return None
    return Search(used, keeper.imap, {row.message_id: row.id for row in due})


def record(search: Search, found: Mapping[str, bool]) -> None:
    """Write down which were there; those that the time did not reach are due again."""
    _lock(list(search.doubts.values()))
    for answer in (True, False):
        there = [
            search.doubts[message_id] for message_id, is_in in found.items() if is_in is answer
        ]
        _write(there, found_in_sent=answer)
    not_reached = [search.doubts[message_id] for message_id in search.doubts.keys() - found.keys()]
    _write(not_reached, looked_at=None)
    db.session.commit()


def _lock(doubt_ids: Sequence[int]) -> None:
    """All at once and by id, as whoever settles them does."""
    locked = select(Doubt.id).where(Doubt.id.in_(doubt_ids)).order_by(Doubt.id).with_for_update()
    db.session.execute(locked).all()


def _write(doubt_ids: Sequence[int], **values: Any) -> None:
    changed = update(Doubt).where(Doubt.id.in_(doubt_ids)).values(**values)
    db.session.execute(changed, execution_options={"synchronize_session": False})


def _due(used: MailSettings, limit: int) -> Sequence[Row[int, str]]:
    query = (
        select(Doubt.id, Message.message_id)
        .join(Message, Message.id == Doubt.message_id)
        .outerjoin(MailSettings, MailSettings.id == Message.settings_id)
        .where(Message.account_id == used.account_id, _is_due(), _is_of(used))
    )
    return db.session.execute(query.order_by(Doubt.id).limit(limit)).all()


def _is_due() -> ColumnElement[bool]:
    moment = now()
    first = and_(Doubt.looked_at.is_(None), Doubt.since <= moment - FIRST_LOOK)
    last = and_(
        Doubt.since <= moment - LAST_LOOK,
        Doubt.since >= moment - LAST_LOOK - BETWEEN_LOOKS,
        Doubt.looked_at <= moment - BETWEEN_LOOKS,
    )
    return and_(Doubt.settled_at.is_(None), Doubt.found_in_sent.is_not(True), or_(first, last))


def _is_of(used: MailSettings) -> ColumnElement[bool]:
    """Whether a mail went out by the mailbox that these settings sign in to; of one whose sender
    died in its first attempt that isn't written down."""
    unwritten = and_(Message.settings_id.is_(None), Doubt.since >= used.created_at)
    same = and_(
        MailSettings.smtp_server == used.smtp_server, MailSettings.username == used.username
    )
    return or_(unwritten, same)
