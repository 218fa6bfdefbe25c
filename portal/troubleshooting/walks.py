"""The way through the wizard, kept for the account: where it stands, and how it came there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from portal.extensions import db
from portal.mail_settings import accounts, checks, service
from portal.mail_settings.accounts import Trouble
from portal.mail_settings.phases import state_shown
from portal.models import (
    AccountStatus,
    CheckState,
    MailAccount,
    MailCheck,
    MailSettings,
    SettingsState,
    TroubleshootingWalk,
    User,
)
from portal.models.base import now
from portal.troubleshooting.paths import Place, Step, load, step_at


class Now(NamedTuple):
    """How the mailbox does, and the way if one is begun. `saved` is None also for settings that
    were disconnected, and `trouble` while a check runs."""

    account: MailAccount | None
    saved: MailSettings | None
    check: MailCheck | None
    trouble: Trouble | None
    walk: TroubleshootingWalk | None

    @property
    def is_checking(self) -> bool:
        return state_shown(self.check) is CheckState.RUNNING

    @property
    def in_sending(self) -> bool:
        """The trouble is none that a check found: mail met it afterwards."""
        return not self.check or self.check.state is not CheckState.FAILED

    @property
    def met_at(self) -> datetime | None:
        """When the trouble was met."""
        if self.in_sending or not self.check:
            return self.account.status_since if self.account else None
        return self.check.finished_at or self.check.requested_at  # its worker was lost

    @property
    def works(self) -> bool:
        """What was saved last is what mail goes out by."""
        at_work = self.saved is not None and self.saved.state is SettingsState.ACTIVE
        return at_work and self.account is not None and self.account.status is AccountStatus.WORKING


def as_it_is() -> Now:
    here, saved, check = accounts.account(), accounts.latest_settings(), checks.latest_check()
    kept = saved if saved and saved.state is not SettingsState.RETIRED else None
    return Now(here, kept, check, service.trouble_of(here, check), current())


def current() -> TroubleshootingWalk | None:
    """The account's way, unless it has come to its end."""
    unfinished = TroubleshootingWalk.finished_at.is_(None)
    return db.session.scalar(select(TroubleshootingWalk).where(unfinished))


@dataclass(frozen=True)
class Given:
    """A step that was gone through, and the number of its answer (from 1); 0 for none."""

    place: Place
    number: int


def trail_of(walk: TroubleshootingWalk | None) -> list[Given]:
    """The steps gone through, but for those that are no more."""
    trail = [Given(Place.of(place), number) for place, number in walk.trail] if walk else []
    return [given for given in trail if step_at(given.place, "en")]


def stands_at(walk: TroubleshootingWalk | None, place: Place) -> bool:
    return walk is not None and Place(walk.path, walk.step) == place


def answer(step: Step, number: int, by: User) -> Place:
    """Go on from the step by its answer (from 1), or without one (0) to what follows it. Returns
    where that is."""
    to = step.answers[number - 1].to if number else step.next or step.place
    _record(step, number, to, by)
    db.session.commit()
    return to


def stay(step: Step, by: User) -> None:
    """A check is about to be pressed at the step. Whatever begins it commits: it may end the way
    before anything else is written."""
    _record(step, 0, step.place, by)


def _record(step: Step, number: int, to: Place, by: User) -> None:
    """What is the matter is not known while a check runs; so it is what it was."""
    accounts.held(account_id())
    at = as_it_is()
    walk = db.session.get(TroubleshootingWalk, account_id(), populate_existing=True)
    if walk is None:
        walk = TroubleshootingWalk(account_id=account_id())
        db.session.add(walk)
    gone = gone_through(trail_of(at.walk), step, number)
    walk.trail = [(str(given.place), given.number) for given in gone]
    walk.path, walk.step, walk.moved_at, walk.moved_by_id = to.path, to.step, now(), by.id
    if at.walk is None or not at.is_checking:
        walk.cause = at.trouble.cause if at.trouble else None
        walk.provider = at.saved.provider if at.saved else None
    walk.finished_at = now() if load("en")[to.path].after_success else None
    db.session.flush()


def account_id() -> int:
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
