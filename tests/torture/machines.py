"""Two machines in network namespaces, with one database and one queue server between them. The
first is the portal; the second only works, and can be lost for good: its network is cut before
its processes die, so that nobody is told."""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.fernet import Fernet
from sqlalchemy import make_url

from jobs.queue_server import binary
from tests.processes import ROOT, environment, free_port, kill_all
from tests.torture.databases import Database
from tests.torture.grounds import NotHere, need_root
from tests.torture.sink import announced
from tests.torture.stage import Ground, Stage, wait

NEAR, FAR, NETWORK = "10.77.0.1", "10.77.0.2", 30
FAR_WORKERS = 2


@contextmanager
def two_machines(directory: Path, database: Database) -> Iterator[Ground]:
    """The ground on which `lose_machine` plays."""
    need_root("a second machine")
    if not shutil.which("ip") or not database.url:
        raise NotHere("a second machine needs the command ip, and PostgreSQL")
    url = make_url(database.url)
    socket = f"{url.query['host']}/.s.PGSQL.5432"
    with (
        _network() as machine,
        announced("tests.torture.forward", NEAR, socket) as port,
        _queue_server(directory) as queue_url,
    ):
        settings = {
            "DATABASE_URL": str(url.set(host=NEAR, port=port, query={})),
            "REDIS_URL": queue_url,
            "SECRET_KEY": secrets.token_urlsafe(48),
            "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        }
        yield Ground(directory / "data", settings, NEAR, machine)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextmanager
def _network() -> Iterator[str]:
    """A network of two, this machine and a namespace; gives the namespace's name, which is that
    of the link to it as well."""
    name = f"tort{os.getpid()}"
    _ip("netns", "add", name)
    try:
        _ip("link", "add", name, "type", "veth", "peer", "name", "far", "netns", name)
        _ip("address", "add", f"{NEAR}/{NETWORK}", "dev", name)
        _ip("link", "set", name, "up")
        _ip("-n", name, "address", "add", f"{FAR}/{NETWORK}", "dev", "far")
        _ip("-n", name, "link", "set", "far", "up")
        yield name
    finally:
        _ip("netns", "delete", name)  # the link goes with it


@contextmanager
def _queue_server(directory: Path) -> Iterator[str]:
    port = free_port()
    options = ["--bind", NEAR, "--port", str(port), "--protected-mode", "no", "--save", ""]
    command = [binary(), *options, "--dir", str(directory)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            yield f"redis://{NEAR}:{port}"
        finally:
            process.kill()


@contextmanager
def _second_machine(stage: Stage) -> Iterator[Path]:
    """Workers of the portal on the other machine, with a data directory of their own."""
    data_dir = stage.ground.data_dir.parent / "far"
    command = ["ip", "netns", "exec", stage.ground.machine, sys.executable, "-m", "jobs.worker"]
    settings = environment(data_dir, **stage.settings)
    with (data_dir.with_suffix(".log")).open("w") as log:
        workers = [
            subprocess.Popen(command, cwd=ROOT, env=settings, stdout=log, stderr=log)
            for _ in range(FAR_WORKERS)
        ]
    try:
        yield data_dir
    finally:
        kill_all(data_dir)
        for worker in workers:
            worker.wait()


def lose_machine(stage: Stage) -> None:
    """The second machine joins in, and is gone while it sends."""
    with _second_machine(stage) as data_dir:
        assert wait(lambda: _far_mails(stage) > 5, 90), "the second machine sends nothing"
        stage.wait_for_mails(stage.chance.randint(1, 20), 10)
        _ip("link", "set", stage.ground.machine, "down")
        wait(lambda: False, stage.chance.uniform(0, 2))
        kill_all(data_dir)
    stage.faults, stage.losses = 1, FAR_WORKERS


def _far_mails(stage: Stage) -> int:
    return sum(mail.peer == FAR for mail in stage.book.mails())
