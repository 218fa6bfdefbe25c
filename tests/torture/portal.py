"""A portal as processes, which may be killed and started again, and its practice over HTTP."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.people import Page
from tests.processes import Program, free_port, is_alive, kill_all, processes_on, until
from tests.processes.main_job import Practice

START_SECONDS = 60


@dataclass(frozen=True)
class Victims:
    """The ids of the portal's processes, by what they do."""

    supervisor: list[int] = field(default_factory=list)
    queue: list[int] = field(default_factory=list)
    worker: list[int] = field(default_factory=list)
    work_horse: list[int] = field(default_factory=list)


class Portal:
    """One portal on one data directory; the port stays when it is started again."""

    def __init__(self, data_dir: Path, settings: dict[str, str]) -> None:
        self.data_dir = data_dir
        port = free_port()
        self._settings = {**settings, "PORT": str(port)}
        self._program = self._started()
        self.practice = Practice(self._program, f"http://127.0.0.1:{port}")

    def start(self) -> None:
        """Start it again, once nothing is left of the one before."""
        until(lambda: not processes_on(self.data_dir), "the portal's processes are gone")
        self._program = self.practice.program = self._started()

    def wait_until_up(self) -> None:
        self._program.says("The portal is at", START_SECONDS)

    def stop(self) -> int:
        """Stop it as a person does; returns the exit status."""
        self._program.send(signal.SIGTERM)
        return self._program.ends(40)

    def kill(self) -> None:
        """SIGKILL to the supervisor, with which everything else dies."""
        self._program.send(signal.SIGKILL)
        self._program.ends()

    def victims(self) -> Victims:
        """Everything of it that runs now."""
        found = processes_on(self.data_dir)
        workers = [pid for pid, command in found.items() if "jobs.worker" in command]
        horses = [pid for pid in workers if parent_of(pid) in workers]
        return Victims(
            supervisor=[self._program.pid] if is_alive(self._program.pid) else [],
            queue=[pid for pid, command in found.items() if "queue.sock" in command],
            worker=[pid for pid in workers if pid not in horses],
            work_horse=horses,
        )

    def shows(self, path: str, selector: str) -> bool:
        """Whether its page has the element; False while nobody answers."""
        with suppress(httpx.TransportError):
            page = Page(self.practice.client.get(path))
            return page.status == 200 and page.has(selector)
        return False

    def output(self) -> str:
        """What it printed since it was last started."""
        return self._program.output()

    def end(self) -> None:
        """Leave nothing behind, however the scenario ended."""
        with self._program:
            pass
        kill_all(self.data_dir)
        self.practice.client.close()

    def _started(self) -> Program:
        return Program(["-m", "jobs.supervisor"], self.data_dir, **self._settings)


def parent_of(pid: int) -> int:
    """The parent's process id; 0 for a process that has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def send_signal(number: signal.Signals, pids: list[int]) -> bool:
    """Whether at least one of them got it."""
    reached = 0
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
            reached += 1
    return reached > 0


@contextmanager
def running(data_dir: Path, settings: dict[str, str]) -> Iterator[Portal]:
    """A portal that is up."""
    portal = Portal(data_dir, settings)
    try:
        portal.wait_until_up()
        yield portal
    finally:
        portal.end()
