"""One scenario on one database, from its set-up to its balance."""

import random
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg

from tests.postgres import PostgresServer
from tests.torture.databases import Database, SQLite, postgres_database
from tests.torture.grounds import NotHere
from tests.torture.ledger import balance
from tests.torture.matrix import Line
from tests.torture.misdeeds import is_refused
from tests.torture.scenarios import Scenario, Size
from tests.torture.stage import Stage, in_mid_campaign, wait

# What a scenario may break by, rather than end with a balance.
BREAKS = (
    AssertionError,
    OSError,
    httpx.HTTPError,
    psycopg.Error,
    sqlite3.Error,
    subprocess.SubprocessError,
)


@dataclass(frozen=True)
class Trial:
    """`name` is that of its database on PostgreSQL, `directory` takes all its files."""

    scenario: Scenario
    kind: str
    size: Size
    seed: str
    name: str
    directory: Path

    def run(self, server: PostgresServer) -> Line:
        """Whatever happens, what was started has ended."""
        started = time.monotonic()
        try:
            with self._stage(server) as stage:
                self.scenario.play(stage)
                return self._finish(stage, started)
        except NotHere as missing:
            return Line(self.kind, self.scenario.name, skipped=str(missing))
        except BREAKS as broken:
            trouble = f"BROKE: {type(broken).__name__} {broken}".splitlines()[0]
            seconds = time.monotonic() - started
            return Line(self.kind, self.scenario.name, seconds, trouble=trouble)

    @contextmanager
    def _stage(self, server: PostgresServer) -> Iterator[Stage]:
        chance = random.Random(f"{self.seed} {self.kind} {self.scenario.name}")
        plan = self.scenario.plan(self.size)
        with ExitStack() as stack:
            database = self._database(stack, server)
            ground = stack.enter_context(self.scenario.grounds(self.directory, database))
            yield stack.enter_context(in_mid_campaign(ground, database, plan, chance))

    def _database(self, stack: ExitStack, server: PostgresServer) -> Database:
        if self.kind == "sqlite":
            return SQLite(self.directory / "data")
        return stack.enter_context(postgres_database(server, self.name))

    def _finish(self, stage: Stage, started: float) -> Line:
        """Wait for the campaign's end and draw the balance."""
        limit = self.scenario.limit
        finished = wait(stage.is_finished, limit, poll=0.5)
        refuses = self.scenario.misdeed == "refuses-every-7th"
        rows = stage.portal.practice.sent_csv()
        struck = stage.book.misdeeds()
        return Line(
            database=self.kind,
            scenario=self.scenario.name,
            seconds=time.monotonic() - started,
            faults=stage.faults + struck,
            balance=balance(
                rows, stage.book.mails(), stage.people, is_refused if refuses else _nobody
            ),
            allowed=stage.losses * stage.sessions + struck * self.scenario.leaves_doubt,
            trouble="" if finished else f"NOT FINISHED {limit:.0f} s after the last fault",
        )


def _nobody(_address: str) -> bool:
    return False
