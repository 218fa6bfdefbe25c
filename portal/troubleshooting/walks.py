"""The way through the wizard: where the account's stands, where it leads, and how far it is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import delete, select

from portal.extensions import db
from portal.mail_settings import accounts, checks, service
from portal.mail_settings.accounts import Trouble
from portal.mail_settings.phases import state_shown
from portal.models import (
    CheckState,
    MailCheck,
    MailSettings,
    TroubleshootingNote,
    TroubleshootingWalk,
    User,
)
from portal.models.base import now
from portal.troubleshooting.entries import entry, kind_of
from portal.troubleshooting.paths import Place, Step, load, step_at

NOTES_SHOWN = 50
CONFIGURED = Place("done", "configured")


class Now(NamedTuple):
    """How the mailbox does, and where the way stands."""

    saved: MailSettings | None
    check: MailCheck | None
    trouble: Trouble | None
    walk: TroubleshootingWalk | None

    @property
    def is_checking(self) -> bool:
        return state_shown(self.check) is CheckState.RUNNING


def as_it_is() -> Now:
    return Now(accounts.latest_settings(), checks.latest_check(), service.trouble(), current())


@dataclass(frozen=True)
class Given:
    """A step that was gone through, and the number of its answer (from 1); 0 for none."""

    place: Place
    number: int


def current() -> TroubleshootingWalk | None:
    """The account's way, unless the mailbox works since."""
    unfinished = TroubleshootingWalk.finished_at.is_(None)
    return db.session.scalar(select(TroubleshootingWalk).where(unfinished))


def trail_of(walk: TroubleshootingWalk | None) -> list[Given]:
    return [Given(Place.of(place), number) for place, number in walk.trail] if walk else []


def stands_at(walk: TroubleshootingWalk | None, place: Place) -> bool:
    return walk is not None and Place(walk.path, walk.step) == place


def move(step: Step, number: int, by: User, trouble: Trouble | None) -> Place:
    """Go on from the step by its answer (from 1), or without one (0) to what follows it; a step
    that is checked stays where the way stands. Returns where that is."""
    to = step.answers[number - 1].to if number else step.next or step.place
    account_id = accounts.held(_account_id()).id
    walk = db.session.get(TroubleshootingWalk, account_id, populate_existing=True)
    if walk is None:
        walk = TroubleshootingWalk(account_id=account_id)
        db.session.add(walk)
        before = []
    else:
        before = [] if walk.finished_at else trail_of(walk)
    gone = gone_through(before, step, number)
    walk.trail = [(str(given.place), given.number) for given in gone]
    walk.path, walk.step, walk.cause = to.path, to.step, trouble.cause if trouble else None
    walk.moved_at, walk.moved_by_id, walk.finished_at = now(), by.id, None
    db.session.commit()
    return to


def _account_id() -> int:
    here = accounts.account()
    if here is None:
        raise LookupError("There is no account before the portal was set up.")
    return here.id


def gone_through(before: Sequence[Given], step: Step, number: int) -> list[Given]:
    """The trail with this step in it. Another answer than before gives up what came behind it, and
    so does a check; a path that is begun anew is a trail of its own."""
    places = [given.place for given in before]
    given = Given(step.place, number)
    if step.place not in places:
        return [given] if _is_start(step.place) else [*before, given]
    at = places.index(step.place)
    is_same = before[at] == given and not step.is_checked
    return list(before) if is_same else [*before[:at], given]


def _is_start(place: Place) -> bool:
    return load("en")[place.path].start.place == place


def where_to(now: Now) -> Place | None:
    """Where to go on: where the way stands, or where the check that was pressed there led; for
    something else that is the matter by now, the step for that. None when nothing is, and nothing
    was begun."""
    walk, trouble = now.walk, now.trouble
    stands = step_at(Place(walk.path, walk.step), "en") if walk else None
    if stands and is_checked(now):
        return outcome(stands, now)
    if stands and walk and (trouble is None or trouble.cause == walk.cause):
        return stands.place
    return entry_for(trouble, now.saved) if trouble else None


def is_checked(now: Now) -> bool:
    """Whether a check has found something since it was pressed where the way stands."""
    trail, check, walk = trail_of(now.walk), now.check, now.walk
    if not now.trouble or not walk or not check or not check.finished_at or not trail:
        return False
    return stands_at(walk, trail[-1].place) and check.finished_at > walk.moved_at


def entry_for(trouble: Trouble, saved: MailSettings | None) -> Place:
    if saved is None:
        return entry(trouble.cause, "")
    return entry(trouble.cause, saved.provider, saved.smtp_server)


def outcome(step: Step, now: Now) -> Place:
    """Where a check that has ended leads from the step. The same trouble as before stays there."""
    trouble = now.trouble
    if trouble is None:
        return step.following if step.does.test and step.following else CONFIGURED
    for found in (trouble.cause, kind_of(trouble.cause)):
        if told := step.does.outcomes.get(found):
            return Place.of(told, step.place.path)
    if now.walk and now.walk.cause == trouble.cause:
        return step.place
    return entry_for(trouble, now.saved)


def before(walk: TroubleshootingWalk | None, place: Place) -> Place | None:
    """The step from which one came to this one."""
    places = [given.place for given in trail_of(walk)]
    if place in places:
        return places[places.index(place) - 1] if places.index(place) else None
    return places[-1] if places else None


def position(walk: TroubleshootingWalk | None, step: Step) -> tuple[int, int]:
    """The step's number on the way, and how many there are when all goes well from here."""
    places = [given.place for given in trail_of(walk)]
    if step.place in places:
        number = places.index(step.place) + 1
    else:
        number = 1 if _is_start(step.place) else len(places) + 1
    return number, number + len(list(_ahead(step)))


def _ahead(step: Step) -> Iterator[Place]:
    """The steps behind this one, by the usual answers, up to a check or the end."""
    seen = {step.place}
    at: Step | None = step
    while at and not at.is_checked and at.usual and at.usual not in seen:
        at = step_at(at.usual, "en")
        if not at or load("en")[at.place.path].after_success:
            return
        seen.add(at.place)
        yield at.place


def notes() -> Sequence[tuple[TroubleshootingNote, str | None]]:
    """The latest notes, newest first, each with the address of who wrote it."""
    query = (
        select(TroubleshootingNote, User.email)
        .outerjoin(User, User.id == TroubleshootingNote.written_by_id)
        .where(TroubleshootingNote.account_id == _account_id())
        .order_by(TroubleshootingNote.id.desc())
        .limit(NOTES_SHOWN)
    )
    return [(note, email) for note, email in db.session.execute(query)]


def write_note(text: str, by: User) -> None:
    account_id = _account_id()
    db.session.add(TroubleshootingNote(account_id=account_id, text=text, written_by_id=by.id))
    db.session.commit()


def delete_note(note_id: int) -> None:
    db.session.execute(delete(TroubleshootingNote).where(TroubleshootingNote.id == note_id))
    db.session.commit()
