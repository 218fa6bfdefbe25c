"""Starts what the Procfile names, keeps it running, and ends it in order."""

import asyncio
import fcntl
import os
import shlex
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from redis import Redis
from redis.exceptions import RedisError

from jobs.child import Child
from portal.config import Config, ConfigError
from portal.queue import CONTROL, QUEUES, TRANSACTIONAL, connect

ROOT = Path(__file__).parent.parent
# What workers on a machine of their own share with the portal.
SHARED = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ENCRYPTION_KEYS")
WELCOME = ("python", "-m", "jobs.welcome")

# For the mail in hand; what is left then is killed.
STOP_SECONDS = 20
KILL_SECONDS = 2
QUEUE_POLL_SECONDS = 0.05
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class CannotStartError(Exception):
    """The portal can't start; the text is a sentence for the person who started it."""


def read_procfile(path: Path) -> dict[str, list[str]]:
    """Process name -> command, in the file's order."""
    lines = (line.partition(":") for line in path.read_text().splitlines() if line.strip())
    return {name.strip(): shlex.split(command) for name, _, command in lines}


def worker_queues(workers: int) -> list[tuple[str, ...]]:
    """The queues of each worker. The first of several never takes bulk, so that a long campaign
    doesn't hold up a reminder."""
    if workers == 1:
        return [QUEUES]
    return [(CONTROL, TRANSACTIONAL)] + [QUEUES] * (workers - 1)


class Supervisor:
    """Runs one portal, from the migration of its database to the end of its last process."""

    def __init__(
        self, config: Config, commands: dict[str, list[str]], *, only_workers: bool = False
    ) -> None:
        self._config, self._commands = config, commands
        self._only_workers = only_workers
        self._tasks: dict[Child, asyncio.Task[Any]] = {}

    async def run(self) -> int:
        """Run until a signal asks to stop. Returns the exit status: 0 then, 1 without a start."""
        stop = asyncio.Event()
        for number in STOP_SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        stopping = asyncio.create_task(stop.wait())
        working = asyncio.create_task(self._work())
        await asyncio.wait({stopping, working}, return_when=asyncio.FIRST_COMPLETED)
        working.cancel()  # ahead of the end, so that nothing more is started
        stopping.cancel()
        await asyncio.wait({working})
        await self._end_all()
        return 0 if working.cancelled() else working.result()

    async def _work(self) -> int:
        """Start everything in order and stay while it runs; 1 if the database can't be migrated."""
        if not self._only_workers and not await self._prepare():
            return 1
        for number, queues in enumerate(worker_queues(self._config.workers), start=1):
            command = [*self._commands["worker"], "--queues", ",".join(queues)]
            self._keep(f"worker.{number}", command)
        if not self._only_workers:
            self._keep("web", self._commands["web"])
            self._keep("scheduler", self._commands["scheduler"])
            await self._once("portal", WELCOME)
        await asyncio.gather(*(asyncio.shield(task) for task in self._tasks.values()))
        return 0

    async def _prepare(self) -> bool:
        """What the others need before they start; False if the database can't be migrated."""
        if await self._once("release", self._commands["release"]) != 0:
            return False
        if self._config.embedded_queue:
            self._keep("queue", self._commands["queue"])
            await _answers(connect(self._config))
        return True

    async def _once(self, name: str, command: Sequence[str]) -> int:
        child = Child(name, command)
        self._tasks[child] = task = asyncio.create_task(child.run())
        return await asyncio.shield(task)

    def _keep(self, name: str, command: Sequence[str]) -> None:
        child = Child(name, command)
        self._tasks[child] = asyncio.create_task(child.keep_running())

    async def _end_all(self) -> None:
        """End every child in the order of their start, the queue server after all the others."""
        await self._end([child for child in self._tasks if child.name != "queue"])
        await self._end([child for child in self._tasks if child.name == "queue"])

    async def _end(self, children: list[Child]) -> None:
        """One SIGTERM to each, time for the mail in hand, then SIGKILL."""
        for child in children:
            child.stop()
        for seconds in (STOP_SECONDS, KILL_SECONDS):
            if tasks := [self._tasks[child] for child in children]:
                await asyncio.wait(tasks, timeout=seconds)
            for child in children:
                child.kill()


async def _answers(connection: Redis) -> None:
    """Wait until the queue server takes commands; it refuses them while it reads its file."""
    while True:
        with suppress(RedisError):
            connection.ping()
            return
        await asyncio.sleep(QUEUE_POLL_SECONDS)


def claim_data_dir(config: Config) -> TextIO:
    """The lock on DATA_DIR, held while the returned file is open: a second queue server would
    ruin the first one's file, a second scheduler ring everything twice.

    Raises CannotStartError where another portal runs on it."""
    lock = (config.data_dir / "portal.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise CannotStartError(
            f"A portal runs already on {config.data_dir}: stop it, or choose another DATA_DIR."
        ) from error
    return lock


def check_address(config: Config) -> None:
    """Raises CannotStartError where the web server couldn't listen."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            config.bind, config.port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen()
    except OSError as error:
        raise CannotStartError(
            f"Port {config.port} on {config.bind} can't be used ({error.strerror}):"
            " stop what runs there, or choose another PORT or BIND."
        ) from error


def check_shared(config: Config) -> None:
    """Raises CannotStartError where the workers would have a database, a queue or keys of their
    own."""
    own = [name for name in SHARED if name not in os.environ]
    if own or config.database_url.startswith("sqlite"):
        raise CannotStartError(
            f"Workers on a machine of their own need the {', '.join(own or SHARED)} of the portal"
            " they work for, and a database on PostgreSQL: see docs/deploy.md."
        )


def main(procfile: Path = Path("Procfile"), *, only_workers: bool = False) -> int:
    """Run the portal, or only workers for one that runs elsewhere, until a signal. Returns the exit
    status: 2 for a wrong configuration."""
    os.chdir(ROOT)
    os.umask(0o077)  # the database and the queue's file hold what patients trust the practice with
    try:
        config = Config.from_environment()
        lock = claim_data_dir(config)
        check_shared(config) if only_workers else check_address(config)
    except (ConfigError, CannotStartError) as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, ConfigError) else 1
    with lock:
        commands = read_procfile(procfile)
        return asyncio.run(Supervisor(config, commands, only_workers=only_workers).run())


if __name__ == "__main__":
    sys.exit(main(only_workers="--only-workers" in sys.argv))
