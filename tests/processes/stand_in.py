"""A small process in the place of one of the portal's, for the supervisor's tests.

Called with its name, a directory, the queue's socket and what the supervisor adds. It notes in
DIRECTORY/events when it starts, each SIGTERM, and whether the queue server is there when it ends,
which it does once told and once DIRECTORY/let-go exists. One named "stubborn" has a child in a
process group of its own, and neither of the two ever ends. It imports next to nothing, so that
many of them start quickly.
"""

import os
import signal
import socket
import sys
import time
from pathlib import Path
from types import FrameType


class StandIn:
    """One process's life."""

    def __init__(self, name: str, directory: Path) -> None:
        self._name, self._directory = name, directory
        self._told = False

    def note(self, event: str) -> None:
        with (self._directory / "events").open("a") as events:
            events.write(f"{self._name} {event}\n")

    def live(self) -> None:
        signal.signal(signal.SIGTERM, self._note_signal)
        if self._name == "stubborn" and os.fork() == 0:
            os.setpgrp()
        while self._name == "stubborn" or not self._may_end():
            time.sleep(0.01)

    def _note_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._told = True
        self.note("SIGTERM")

    def _may_end(self) -> bool:
        return self._told and (self._directory / "let-go").exists()


def answers(queue: str) -> bool:
    """Whether the queue server takes a connection on its socket."""
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(queue) == 0


def main(name: str, directory: str, queue: str, *arguments: str) -> None:
    stand_in = StandIn(name, Path(directory))
    stand_in.note(f"started {os.getpid()} {' '.join(arguments)}".strip())
    stand_in.live()
    stand_in.note(f"ended {'with' if answers(queue) else 'without'} the queue server")


if __name__ == "__main__":
    main(*sys.argv[1:])
