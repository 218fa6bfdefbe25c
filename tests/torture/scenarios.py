"""The scenarios, as data."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.torture import faults
from tests.torture.faults import Play, again_and_again
from tests.torture.grounds import Grounds, plain, settable_clock, small_disk
from tests.torture.machines import lose_machine, two_machines
from tests.torture.misdeeds import MISDEEDS
from tests.torture.stage import Plan

BOTH = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Size:
    """Of the largest scenario; the others are fractions of it."""

    mails: int
    kills: int


@dataclass(frozen=True)
class Scenario:
    """One line of the matrix. `mails` and `kills` are divisors of the size; `faults` instead of
    `kills` is a number. `limit` in seconds, from the last fault to the campaign's end."""

    name: str
    play: Play = faults.nothing
    mails: int = 10
    kills: int = 10
    faults: int | None = None
    workers: int = 2
    pace: float = 0.02
    misdeed: str | None = None
    grounds: Grounds = plain
    limit: float = 300
    databases: Sequence[str] = BOTH

    def plan(self, size: Size) -> Plan:
        wanted = max(1, size.kills // self.kills) if self.faults is None else self.faults
        mails = max(20, size.mails // self.mails)
        return Plan(mails, wanted, self.workers, self.pace, self.misdeed)

    @property
    def leaves_doubt(self) -> bool:
        """Whether the mail server's misdeeds do."""
        return self.misdeed is not None and MISDEEDS[self.misdeed].leaves_doubt


def _server(misdeed: str, mails: int = 10, limit: float = 600) -> Scenario:
    """A mail server that does wrong all along; the portal itself is left alone."""
    return Scenario(
        f"server {misdeed}", mails=mails, faults=0, pace=0.005, misdeed=misdeed, limit=limit
    )


SCENARIOS = (
    Scenario("worker killed", again_and_again(faults.kill_worker), mails=5),
    Scenario("work-horse killed", again_and_again(faults.kill_work_horse), mails=5),
    Scenario("both killed", again_and_again(faults.kill_both), mails=5),
    Scenario("supervisor killed", again_and_again(faults.kill_supervisor), mails=5),
    Scenario("queue server killed", again_and_again(faults.kill_queue), mails=5),
    Scenario("all killed, 1 session", again_and_again(*faults.KILLS), mails=1, kills=1),
    Scenario(
        "all killed, 4 sessions", again_and_again(*faults.KILLS), 1, kills=1, workers=5, pace=0.08
    ),
    Scenario(
        "sender asleep", again_and_again(faults.suspend_sender), 3, faults=3, workers=3, pace=0.1
    ),
    Scenario("queue's data deleted", again_and_again(faults.lose_queue), mails=5),
    Scenario("database locked", again_and_again(faults.lock_database), faults=2),
    Scenario("disk full", again_and_again(faults.fill_disk), faults=2, grounds=small_disk),
    Scenario("clock jumps", again_and_again(faults.jump_clock), faults=4, grounds=settable_clock),
    Scenario("stopped and started", again_and_again(faults.stop_and_start), mails=5),
    Scenario(
        "one of two machines lost",
        lose_machine,
        mails=5,
        pace=0.15,
        grounds=two_machines,
        databases=("postgresql",),
    ),
    _server("drops-before-data"),
    _server("drops-in-mid-body"),
    _server("drops-after-dot"),
    _server("hangs-after-dot"),
    _server("replies-late"),
    _server("says-421"),
    _server("greylists", mails=125),
    _server("refuses-every-7th"),
    _server("closes-after-50"),
    _server("drips", mails=50),
    _server("lies-about-pipelining", mails=250, limit=1200),
)
