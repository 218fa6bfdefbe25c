"""What the tests of whole processes share."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from unittest.mock import patch

from redis import Redis
from redis.exceptions import RedisError

from portal.config import Config
from portal.queue import connect

ROOT = Path(__file__).parent.parent.parent
SETTINGS = ("DATA_DIR", "DATABASE_URL", "REDIS_URL", "BASE_URL", "PORT", "BIND", "WORKERS")


def until(condition: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Wait for something that happens in another process; fail when it doesn't."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie doesn't."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def processes_on(data_dir: Path) -> dict[int, str]:
    """Every living process that was started for a data directory: process id -> command line."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (entry / "cmdline").read_bytes()
            # The queue server overwrites its environment, its command line names the socket.
            if bytes(data_dir) in (entry / "environ").read_bytes() + command:
                found[int(entry.name)] = command.replace(b"\0", b" ").decode()
    return {pid: command for pid, command in found.items() if is_alive(pid)}


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """This process's environment with only these settings of the portal."""
    inherited = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    return {**inherited, "DATA_DIR": str(data_dir), **settings}


def config_of(data_dir: Path) -> Config:
    """What a process on this data directory reads from its environment."""
    with patch.dict(os.environ, environment(data_dir), clear=True):
        return Config.from_environment()


def kill_all(data_dir: Path) -> None:
    """Leave nothing behind, whatever a test found."""
    for pid in processes_on(data_dir):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


class Program:
    """A Python program run in the checkout on a data directory, its output kept in a file."""

    def __init__(self, arguments: Sequence[str], data_dir: Path, **settings: str) -> None:
        self._log = data_dir.parent / f"{data_dir.name}-{time.monotonic_ns()}.log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=environment(data_dir, **settings),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.pid = self._process.pid

    def output(self) -> str:
        return self._log.read_text()

    def says(self, text: str, seconds: float = 60) -> None:
        """Wait for a text in the output."""
        until(lambda: text in self.output(), f"{text!r} in\n{self.output()}", seconds)

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def ends(self, seconds: float = 20) -> int:
        """Wait for the end; returns the exit status, negative for a signal."""
        return self._process.wait(seconds)

    def __enter__(self) -> "Program":
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def queue_server(data_dir: Path) -> Iterator[tuple[Program, Redis]]:
    """The embedded queue server on a data directory, ready for commands, and a client of it."""
    with Program(["-m", "jobs.queue_server"], data_dir) as server:
        client = connect(config_of(data_dir))
        until(lambda: answers(client), "the queue server answers")
        yield server, client
        client.close()


def answers(client: Redis) -> bool:
    with suppress(RedisError):
        return bool(client.ping())
    return False
