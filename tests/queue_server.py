"""A real queue server for tests, without persistence, on a Unix socket."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.exceptions import ConnectionError as Unreachable

from jobs.queue_server import binary


@contextmanager
def queue_server() -> Iterator[str]:
    """Start a server; yields its URL."""
    with tempfile.TemporaryDirectory(prefix="queue-") as directory:
        socket = f"{directory}/queue.sock"
        process = subprocess.Popen(
            [
                *(binary(), "--port", "0", "--unixsocket", socket),
                *("--save", "", "--appendonly", "no", "--dir", directory),
            ],
            stdout=subprocess.DEVNULL,
        )
        try:
            _wait(socket)
            yield f"unix://{socket}"
        finally:
            process.kill()
            process.wait()


def _wait(socket: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            with Redis.from_url(f"unix://{socket}") as connection:
                connection.ping()
            return
        except Unreachable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
