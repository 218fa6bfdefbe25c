"""What somebody writes down on the way, for themselves and their colleagues."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from portal.extensions import db
from portal.models import TroubleshootingNote, User
from portal.troubleshooting.walks import account_id

SHOWN = 50


def latest() -> Sequence[tuple[TroubleshootingNote, str | None]]:
    """The latest notes, newest first, each with the address of who wrote it."""
    query = (
        select(TroubleshootingNote, User.email)
        .outerjoin(User, User.id == TroubleshootingNote.written_by_id)
        .where(TroubleshootingNote.account_id == account_id())
        .order_by(TroubleshootingNote.id.desc())
        .limit(SHOWN)
    )
    return [(note, email) for note, email in db.session.execute(query)]


def write(text: str, by: User) -> None:
    note = TroubleshootingNote(account_id=account_id(), text=text, written_by_id=by.id)
    db.session.add(note)
    db.session.commit()


def remove(note_id: int) -> None:
    db.session.execute(delete(TroubleshootingNote).where(TroubleshootingNote.id == note_id))
    db.session.commit()
