"""One process of the portal: started, its output printed under its name, kept running, ended."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from jobs.processes import die_with, kill_session

# Before the next start, in seconds, by the number of short lives so far: calm where nothing
# helps, yet back within 5 seconds.
PAUSES = (0.0, 0.2, 0.5, 1.0, 2.0, 3.0)
SHORT_LIFE_SECONDS = 30


def say(name: str, line: str) -> None:
    """One line for the terminal. A terminal that has gone must not keep us from stopping."""
    with suppress(OSError):
        print(f"{name:<9} | {line}", flush=True)


class Output:
    """A pipe for a process's output, printed line by line under its name."""

    def __init__(self, name: str) -> None:
        self._name, self._rest = name, b""
        self._reading, self.writing = os.pipe()
        os.set_blocking(self._reading, False)
        asyncio.get_running_loop().add_reader(self._reading, self._print)

    def close(self) -> None:
        """Print what is left and close the reading end."""
        self._print()
        if self._rest:
            self._say(self._rest)
        asyncio.get_running_loop().remove_reader(self._reading)
        os.close(self._reading)

    def _print(self) -> None:
        with suppress(BlockingIOError):
            while chunk := os.read(self._reading, 65536):
                *lines, self._rest = (self._rest + chunk).split(b"\n")
                for line in lines:
                    self._say(line)

    def _say(self, line: bytes) -> None:
        say(self._name, line.decode(errors="replace"))


class Child:
    """A process in a session of its own, so that Ctrl-C in the terminal doesn't reach it.

    It ends with the process that made the Child, however that one ends."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name, self._command = name, command
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()

    async def run(self, news: str = "") -> int:
        """Start it and wait for its end; what it leaves in its session is killed.

        Once it is there, says `news`. Returns the exit status, negative for a signal."""
        output = Output(self.name)
        try:
            process = self._process = await self._start(output.writing)
            if news:
                say("portal", f"{self.name} {news}; it is back.")
            if self._stopping.is_set():  # asked while it came up
                process.terminate()
            status = await process.wait()
            self.kill()
            self._process = None  # its id may soon be another program's
            return status
        finally:
            output.close()

    async def keep_running(self) -> None:
        """Run it, again whenever it ends, until stop()."""
        news, short_lives = "", 0
        while not self._stopping.is_set():
            started = time.monotonic()
            news = _how_it_ended(await self.run(news))
            lasted = time.monotonic() - started >= SHORT_LIFE_SECONDS
            short_lives = 0 if lasted else min(short_lives + 1, len(PAUSES) - 1)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), PAUSES[short_lives])

    def stop(self) -> None:
        """Ask it to end, by one SIGTERM; call it once."""
        self._stopping.set()
        if self._process and self._process.returncode is None:
            self._process.terminate()

    def kill(self) -> None:
        """SIGKILL to whatever is left of its session."""
        if self._process:
            kill_session(self._process.pid)

    async def _start(self, output: int) -> asyncio.subprocess.Process:
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        try:
            return await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, "PATH": programs, "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
                preexec_fn=partial(die_with, os.getpid()),
            )
        finally:
            os.close(output)


def _how_it_ended(status: int) -> str:
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with status {status}"
