"""One campaign, from its launch to its last mail, by the portal's own processes."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.disk import sync_milliseconds
from bench.practice import practice
from bench.sinks import Sink
from bench.workers import workers
from tests import postgres

START_SECONDS = 60
SLOWEST_RATE = 5  # mails per second; a campaign that is slower than this hangs
DURABLE = "-c listen_addresses='' -c max_connections=60"  # a commit is on the disk, as by default

Database = Callable[[], AbstractContextManager[str]]


@dataclass(frozen=True)
class Run:
    """What a campaign took, its launch included."""

    mails: int
    seconds: float
    sessions: int  # that the sink saw
    peak_bytes: int  # of the sender that took most memory
    sync_milliseconds: float  # of the disk, just before

    @property
    def rate(self) -> float:
        """Mails per second."""
        return self.mails / self.seconds


@contextmanager
def sqlite() -> Iterator[str]:
    """A new file; its URL."""
    with tempfile.TemporaryDirectory(prefix="bench-sqlite-") as directory:
        yield f"sqlite:///{directory}/portal.db"


@contextmanager
def postgresql() -> Iterator[str]:
    """A new server with an empty database; its URL."""
    with postgres.postgres_server(DURABLE) as server:
        yield server.create("portal")


def run(database: Database, sink: Sink, mails: int, sessions: int) -> Run:
    """Send a campaign on a new database. Raises RuntimeError when not every mail arrived."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, database() as url:
        directory = Path(name)
        with practice(directory, url) as here:
            here.set_up(sink.port, mails)
            with workers(sessions, directory) as senders:
                senders.wait_until(
                    lambda: here.waiting_workers() == sessions, "workers", START_SECONDS
                )
                sync = sync_milliseconds()
                began = here.launch(sessions)
                patience = START_SECONDS + mails / SLOWEST_RATE
                senders.wait_until(here.finished_at, "the campaign's end", patience)
            ended = here.finished_at()
            assert ended
            if not here.sent() == sink.mails == mails:
                raise RuntimeError(f"{mails} mails; sent {here.sent()}, arrived {sink.mails}")
            seconds = (ended - began).total_seconds()
            return Run(mails, seconds, sink.sessions, senders.peak_bytes, sync)
