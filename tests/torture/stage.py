"""What a scenario plays on: a portal in mid-campaign, its database, and the sink's book."""

import random
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.contacts.files import spanish_contact_file
from tests.torture.book import Reader
from tests.torture.databases import Database
from tests.torture.portal import Portal, running
from tests.torture.sink import announced

POLL_SECONDS = 0.05
PATIENCE_SECONDS = 15.0


@dataclass(frozen=True)
class Ground:
    """Where it all runs. `host` is the address at which the mail server is found, `machine` the
    network namespace of a second machine."""

    data_dir: Path
    settings: dict[str, str]
    host: str = "127.0.0.1"
    machine: str = ""


@dataclass
class Stage:
    """`sessions` is how many mails may be in hand at once, `wanted` how many faults are to
    happen, `faults` how many did; faults that may leave mails in doubt are `losses`."""

    ground: Ground
    settings: dict[str, str]
    portal: Portal
    database: Database
    book: Reader
    chance: random.Random
    people: Collection[str]
    mail_port: int
    sessions: int
    wanted: int
    campaign: str = ""
    faults: int = 0
    losses: int = 0

    def accepted(self) -> int:
        return len(self.book.mails())

    def wait_for_mails(self, number: int, seconds: float) -> bool:
        """Whether the sink takes so many more in that time."""
        goal = self.accepted() + number
        return wait(lambda: self.accepted() >= goal, seconds)

    def until_next(self) -> None:
        """Let some mails go out, so that the next fault falls among them, but wait only so long:
        faults shall fall on a portal that is recovering, too."""
        most = max(2, 14 * len(self.people) // (10 * (self.wanted + 1)))
        self.wait_for_mails(
            self.chance.randint(1, most), self.chance.uniform(1, 2 * PATIENCE_SECONDS)
        )

    def is_finished(self) -> bool:
        return self.portal.shows(self.campaign, "[data-campaign-status=finished]")


def wait(condition: Callable[[], bool], seconds: float, poll: float = POLL_SECONDS) -> bool:
    """Whether it comes true in that time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(poll)
    return True


@dataclass(frozen=True)
class Plan:
    """The size of a scenario. `pace` in seconds per mail and session, so that faults fall in the
    middle; `misdeed` is what the mail server does wrong."""

    mails: int
    faults: int
    workers: int
    pace: float
    misdeed: str | None = None


@contextmanager
def in_mid_campaign(
    ground: Ground, database: Database, plan: Plan, chance: random.Random
) -> Iterator[Stage]:
    """A set-up practice that has just launched a campaign to people who may all be written to."""
    content, expected = spanish_contact_file(plan.mails, 0, 0, 0)
    inbox = ground.data_dir.parent / "inbox"
    inbox.mkdir()
    options = ["--host", ground.host, "--pace", str(plan.pace), "--seed", str(chance.random())]
    options += ["--misdeed", plan.misdeed] if plan.misdeed else []
    settings = _settings(ground, database, plan, inbox)
    with (
        announced("tests.torture.sink", str(inbox), *options) as port,
        running(ground.data_dir, settings) as portal,
    ):
        portal.practice.set_up()
        portal.practice.configure_mailbox(port, smtp_server=ground.host)
        portal.practice.import_contacts(content)
        stage = Stage(
            ground=ground,
            settings=settings,
            portal=portal,
            database=database,
            book=Reader(inbox),
            chance=chance,
            people=list(expected.eligible),
            mail_port=port,
            sessions=max(1, plan.workers - 1),
            wanted=plan.faults,
        )
        stage.campaign = portal.practice.launch_campaign()
        assert stage.wait_for_mails(1, 60), "no mail went out"
        yield stage


def _settings(ground: Ground, database: Database, plan: Plan, inbox: Path) -> dict[str, str]:
    return {
        "WORKERS": str(plan.workers),
        "MAIL_PRIVATE_HOSTS": f"127.0.0.0/8,{ground.host}",
        "MAIL_TRUSTED_CA": str(inbox / "ca.pem"),
        **({"DATABASE_URL": database.url} if database.url else {}),
        **ground.settings,
    }
