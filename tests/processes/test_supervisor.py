"""The supervisor with the real queue server, and small processes in the place of the others."""

import os
import re
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from jobs.supervisor import read_procfile, worker_queues
from portal.queue import connect
from tests.processes import (
    ROOT,
    Program,
    config_of,
    free_port,
    is_alive,
    kill_all,
    processes_on,
    until,
)

pytestmark = pytest.mark.processes

STAND_IN = "python tests/processes/stand_in.py"
START = """
import sys, pathlib, jobs.supervisor as supervisor
supervisor.STOP_SECONDS = float(sys.argv[2])
sys.exit(supervisor.main(pathlib.Path(sys.argv[1])))
"""


class Site:
    """A Procfile of stand-ins on a data directory, and what the stand-ins noted."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.data_dir = directory / "data"
        self.procfile = directory / "Procfile"
        self.write(worker="worker", web="web")

    def write(self, *, worker: str, web: str, release: str = "true") -> None:
        places = f"{self._directory} {config_of(self.data_dir).queue_socket}"
        self.procfile.write_text(
            f"release: {release}\n"
            "queue: python -m jobs.queue_server\n"
            f"worker: {STAND_IN} {worker} {places}\n"
            f"web: {STAND_IN} {web} {places}\n"
            f"scheduler: {STAND_IN} scheduler {places}\n"
        )

    def events(self, pattern: str) -> list[str]:
        """What matches in the notes, in their order; the group's text if there is one."""
        notes = self._directory / "events"
        return re.findall(pattern, notes.read_text()) if notes.exists() else []

    def pids(self, name: str) -> list[int]:
        return [int(pid) for pid in self.events(rf"{name} started (\d+)")]

    def let_go(self) -> None:
        """Allow stand-ins that were told to end to do so."""
        (self._directory / "let-go").touch()

    @contextmanager
    def portal(self, *, stop_seconds: float = 20, **settings: str) -> Iterator[Program]:
        """The supervisor at work, everything started."""
        arguments = ["-c", START, str(self.procfile), str(stop_seconds)]
        settings = {"PORT": str(free_port()), "WORKERS": "2", **settings}
        with ExitStack() as ending:
            ending.callback(kill_all, self.data_dir)
            program = ending.enter_context(Program(arguments, self.data_dir, **settings))
            processes = int(settings["WORKERS"]) + len(["web", "scheduler"])
            until(lambda: len(self.events("started")) == processes, "everything is started")
            yield program
            until(lambda: not processes_on(self.data_dir), "nothing is left", seconds=5)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def stopped(site: Site, program: Program, number: signal.Signals = signal.SIGTERM) -> int:
    """Let everything end; returns the supervisor's exit status."""
    site.let_go()
    program.send(number)
    return program.ends()


def test_the_first_of_several_workers_never_takes_bulk(site: Site) -> None:
    with site.portal(WORKERS="3") as program:
        until(lambda: len(site.pids("worker")) == 3, "three workers")
        assert stopped(site, program) == 0
    assert sorted(site.events(r"worker started \d+ --queues (\S+)")) == [
        "control,transactional",
        "control,transactional,bulk",
        "control,transactional,bulk",
    ]


def test_a_single_worker_takes_every_queue() -> None:
    assert worker_queues(1) == [("control", "transactional", "bulk")]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_ends_cleanly_by_whatever_signal(site: Site, number: signal.Signals) -> None:
    with site.portal(WORKERS="1") as program:
        assert stopped(site, program, number) == 0
        assert processes_on(site.data_dir) == {}


def test_each_process_is_told_once_and_finishes_while_the_queue_server_runs(site: Site) -> None:
    with site.portal() as program:
        program.send(signal.SIGTERM)
        until(lambda: len(site.events("SIGTERM")) == 4, "all are told")
        program.send(signal.SIGTERM)
        program.send(signal.SIGINT)
        client = connect(config_of(site.data_dir))
        assert client.blpop(["nothing"], timeout=0.5) is None  # it would raise as the server ends
        site.let_go()
        assert program.ends() == 0
    assert sorted(site.events(r"(\w+) SIGTERM")) == ["scheduler", "web", "worker", "worker"]
    assert site.events("ended (.*)") == ["with the queue server"] * 4


def test_what_does_not_end_in_time_is_killed_with_its_children(site: Site) -> None:
    site.write(worker="stubborn", web="web")
    with site.portal(stop_seconds=0.5, WORKERS="1") as program:
        assert stopped(site, program) == 0
        assert processes_on(site.data_dir) == {}


@pytest.mark.parametrize("name", ["worker", "web", "scheduler"])
def test_a_killed_process_is_back_and_said_so(site: Site, name: str) -> None:
    with site.portal(WORKERS="1") as program:
        [first] = site.pids(name)
        os.kill(first, signal.SIGKILL)
        until(lambda: len(site.pids(name)) == 2, f"{name} is back", seconds=5)
        program.says("was ended by SIGKILL; it is back.")
        assert stopped(site, program) == 0


def test_a_killed_process_leaves_no_child_beside_the_new_one(site: Site) -> None:
    site.write(worker="worker", web="stubborn")
    with site.portal(stop_seconds=0.5, WORKERS="1") as program:
        [first] = site.pids("stubborn")
        until(lambda: len(stubborn(site)) == 2, "it has its child")
        old = stubborn(site)
        os.kill(first, signal.SIGKILL)
        until(lambda: len(site.pids("stubborn")) == 2, "it is back", seconds=5)
        assert not any(is_alive(pid) for pid in old)
        assert stopped(site, program) == 0


def stubborn(site: Site) -> set[int]:
    return {pid for pid, command in processes_on(site.data_dir).items() if "stubborn" in command}


def test_a_killed_queue_server_is_back_with_its_jobs(site: Site) -> None:
    with site.portal(WORKERS="1") as program:
        [queue] = queue_servers(site)
        os.kill(queue, signal.SIGKILL)
        program.says("queue was ended by SIGKILL; it is back.")
        until(lambda: len(queue_servers(site)) == 1, "the queue server is back", seconds=5)
        assert stopped(site, program) == 0


def queue_servers(site: Site) -> list[int]:
    running = processes_on(site.data_dir).items()
    return [pid for pid, command in running if "valkey-server" in command]


def test_a_queue_server_given_from_outside_is_used_instead_of_its_own(site: Site) -> None:
    with site.portal(REDIS_URL="redis://127.0.0.1:1") as program:
        assert queue_servers(site) == []
        assert stopped(site, program) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_killed_itself_it_takes_all_its_processes_along(site: Site) -> None:
    with site.portal() as program:
        program.send(signal.SIGKILL)
        until(lambda: not processes_on(site.data_dir), "nothing is left", seconds=5)


def test_what_a_process_prints_carries_its_name(site: Site) -> None:
    site.write(worker="worker", web="web", release="echo two tables made")
    with site.portal() as program:
        program.says("release   | two tables made\n")
        assert stopped(site, program) == 0


def test_nothing_starts_on_a_database_that_cannot_be_migrated(site: Site) -> None:
    site.write(worker="worker", web="web", release="false")
    arguments = ["-c", START, str(site.procfile), "20"]
    with Program(arguments, site.data_dir, PORT=str(free_port())) as program:
        assert program.ends() == 1
    assert site.events("started") == []


def test_a_wrong_setting_ends_it_with_a_sentence(tmp_path: Path) -> None:
    with Program(["-m", "jobs.supervisor"], tmp_path / "data", PORT="eighty") as program:
        assert program.ends() == 2
    assert "PORT" in program.output()
    assert "Traceback" not in program.output()


def test_a_port_in_use_ends_it_with_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with Program(["-m", "jobs.supervisor"], tmp_path / "data", PORT=port) as program:
            assert program.ends() == 1
    assert f"Port {port} on 127.0.0.1 can't be used" in program.output()
    assert "Traceback" not in program.output()


def test_a_second_portal_on_the_same_data_ends_with_a_sentence(site: Site) -> None:
    with site.portal() as program:
        port = str(free_port())
        with Program(["-m", "jobs.supervisor"], site.data_dir, PORT=port) as second:
            assert second.ends() == 1
        assert "choose another DATA_DIR" in second.output()
        assert stopped(site, program) == 0


def test_the_whole_portal_starts_says_where_it_is_and_ends(tmp_path: Path) -> None:
    data_dir, port = tmp_path / "data", str(free_port())
    with Program(["-m", "jobs.supervisor"], data_dir, PORT=port) as program:
        program.says(f"Set it up, once, at http://127.0.0.1:{port}/setup")
        assert httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
        program.send(signal.SIGINT)
        assert program.ends() == 0
        assert processes_on(data_dir) == {}
    assert "Traceback" not in program.output()


def test_the_procfile_names_every_process() -> None:
    names = ["release", "queue", "worker", "web", "scheduler"]
    assert list(read_procfile(ROOT / "Procfile")) == names
