"""The portal's processes are killed in mid-campaign: nothing is lost, nothing goes out twice. The
short form of `make torture`."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import PostgresServer
from tests.torture import faults
from tests.torture.databases import Database, SQLite, postgres_database
from tests.torture.ledger import Balance, balance
from tests.torture.stage import Ground, Plan, Stage, in_mid_campaign, wait

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]

# In this order each falls on senders at work: there is a free session until the last.
KILLS = (faults.kill_work_horse, faults.kill_supervisor, faults.kill_both)
PLAN = Plan(mails=200, faults=len(KILLS), workers=3, pace=0.1)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Which database the portal's processes use: its own file, or one on a server."""
    if request.param == "sqlite":
        yield SQLite(tmp_path / "data")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with postgres_database(server, "killed") as database:
        yield database


def drawn(stage: Stage) -> Balance:
    return balance(stage.portal.practice.sent_csv(), stage.book.mails(), stage.people)


def test_what_killed_processes_leave_is_sent_once_or_said_to_be_in_doubt(
    tmp_path: Path, database: Database
) -> None:
    seed = time.time_ns()
    print(f"seed {seed}")
    ground = Ground(tmp_path / "data", {})
    with in_mid_campaign(ground, database, PLAN, random.Random(seed)) as stage:
        for kill in KILLS:
            assert stage.wait_for_mails(stage.chance.randint(2, 20), 60), (
                "the mails of a dead sender go on within 60 seconds"
            )
            assert kill(stage), "there was something to kill"
        assert stage.accepted() < PLAN.mails, "the kills fell in the campaign"
        assert stage.wait_for_mails(1, 60), "the mails of the dead go on within 60 seconds"
        assert wait(stage.is_finished, 90, poll=0.2)
        found = drawn(stage)
    assert (found.twice, found.lost, found.misstated) == ([], [], [])
    assert found.unconfirmed <= len(KILLS) * stage.sessions
    assert found.sent + found.unconfirmed == len(stage.people)
