"""Servers that take mail and throw it away, each a process of its own."""

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from socket import create_connection, create_server

from bench.postfix import Postfix

HOST = "127.0.0.1"
START_SECONDS = 10
BACKLOG = 256
_COUNTS = re.compile(r"sess=\s*(\d+) quit=\s*\d+ mesg=\s*(\d+)")


@dataclass(frozen=True)
class Sink:
    """A running sink. It writes "sess=S quit=Q mesg=M" to its output after every change."""

    port: int
    _output: Path

    @property
    def sessions(self) -> int:
        """How many connections it had; one more was made to see it run."""
        return self._counts()[0] - 1

    @property
    def mails(self) -> int:
        """How many mails it took."""
        return self._counts()[1]

    def _counts(self) -> tuple[int, int]:
        found = _COUNTS.findall(self._output.read_text()[-200:])
        return int(found[-1][0]), int(found[-1][1])


@contextmanager
def smtp_sink(postfix: Postfix) -> Iterator[Sink]:
    """Postfix's own sink: one thread, offers PIPELINING, 8BITMIME, DSN and AUTH, and takes any
    password."""
    port = _free_port()
    command = postfix.sink_command(f"{HOST}:{port}", BACKLOG)
    with _running(command, port, postfix.environment) as sink:
        yield sink


@contextmanager
def distant_sink(round_trip: float) -> Iterator[Sink]:
    """A sink whose every answer comes `round_trip` seconds after what it answers."""
    port = _free_port()
    with _running(
        [sys.executable, "-m", "bench.distant", str(port), str(round_trip)], port
    ) as sink:
        yield sink


@contextmanager
def _running(
    command: Sequence[str], port: int, environment: dict[str, str] | None = None
) -> Iterator[Sink]:
    with tempfile.TemporaryDirectory(prefix="bench-sink-") as directory:
        output = Path(directory) / "output"
        with output.open("w") as file:
            process = subprocess.Popen(command, stdout=file, env=environment)
        try:
            _await_port(port, process)
            yield Sink(port, output)
        finally:
            process.terminate()
            process.wait()


def _await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(ConnectionRefusedError), create_connection((HOST, port)):
            return
        time.sleep(0.02)
    raise RuntimeError(f"The sink did not start: {process.args!r}")


def _free_port() -> int:
    with create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])
