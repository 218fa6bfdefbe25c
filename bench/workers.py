"""The portal's own workers, and the memory that they take."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench import ROOT
from jobs.processes import kill_session, session_members

STOP_SECONDS = 20
POLL_SECONDS = 0.25  # a look costs time that the senders want


class Workers:
    """Worker processes that take campaigns' mails, one session each."""

    def __init__(self, processes: list[subprocess.Popen[bytes]], log: Path) -> None:
        self._processes, self._log = processes, log
        self.peak_bytes = 0  # the most that one process had in memory, at the last look

    def wait_until(self, condition: Callable[[], object], what: str, seconds: float) -> None:
        """Look again and again, also at their memory. Raises RuntimeError with what they said."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline or any(one.poll() for one in self._processes):
                raise RuntimeError(f"{what}: not within {seconds} s.\n{self._log.read_text()}")
            self._measure()
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        for process in self._processes:
            process.send_signal(signal.SIGTERM)
        for process in self._processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
            kill_session(process.pid)
            process.wait()

    def _measure(self) -> None:
        """A sender is a work-horse, in its worker's session."""
        members = [pid for one in self._processes for pid in session_members(one.pid)]
        self.peak_bytes = max([self.peak_bytes, *map(peak_bytes, members)])


def peak_bytes(pid: int) -> int:
    """The most memory that a process had resident so far (proc(5), VmHWM); 0 when it has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


@contextmanager
def workers(number: int, directory: Path) -> Iterator[Workers]:
    """Start workers as the portal does; stop them at the end."""
    log = directory / "workers.log"
    command = [sys.executable, "-m", "jobs.worker", "--queues", "bulk"]
    with log.open("w") as output:
        processes = [
            subprocess.Popen(
                command, cwd=ROOT, stdout=output, stderr=output, start_new_session=True
            )
            for _ in range(number)
        ]
    started = Workers(processes, log)
    try:
        yield started
    finally:
        started.stop()
