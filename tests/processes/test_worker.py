"""A worker process with a real queue server: how it works, stops and dies."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import current_app
from redis import Redis
from rq import Queue, Worker

from jobs import stopping
from portal.queue import BULK, CONTROL
from tests.processes import Program, is_alive, queue_server, until

pytestmark = pytest.mark.processes

HERE = "tests.processes.test_worker"


def write_application(file: str) -> None:
    """A job: notes in which application it runs."""
    Path(file).write_text(current_app.name)


def work_until_told(directory: str) -> None:
    """A job like the sending loop: notes its process, and ends when it learns of the stop."""
    (Path(directory) / "pid").write_text(str(os.getpid()))
    while not stopping.requested():
        time.sleep(0.01)
    (Path(directory) / "told").touch()


def work_on(directory: str) -> None:
    """A job that never ends by itself."""
    (Path(directory) / "pid").write_text(str(os.getpid()))
    while True:
        time.sleep(1)


def work_until_released(directory: str) -> None:
    """A job like one that waits for a mail server: notes that it came to its end."""
    (Path(directory) / "pid").write_text(str(os.getpid()))
    while not (Path(directory) / "released").exists():
        time.sleep(0.01)
    (Path(directory) / "done").touch()


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Redis]:
    with queue_server(tmp_path / "data") as (_, client):
        yield client


def worker(tmp_path: Path, *arguments: str) -> Program:
    return Program(["-m", "jobs.worker", *arguments], tmp_path / "data")


def started_job(client: Redis, job: str, directory: Path) -> int:
    """Ring for a job; returns its work-horse's process id once it runs."""
    Queue(CONTROL, connection=client).enqueue(f"{HERE}.{job}", str(directory))
    note = directory / "pid"
    until(lambda: note.exists() and note.read_text(), "the job runs")
    return int(note.read_text())


def test_a_job_runs_inside_the_application(client: Redis, tmp_path: Path) -> None:
    note = tmp_path / "application"
    with worker(tmp_path):
        Queue(BULK, connection=client).enqueue(f"{HERE}.write_application", str(note))
        until(lambda: note.exists() and note.read_text() == "portal.app", "the job has run")


def test_it_takes_jobs_only_from_its_own_queues(client: Redis, tmp_path: Path) -> None:
    note = tmp_path / "application"
    Queue(BULK, connection=client).enqueue(f"{HERE}.work_on", str(tmp_path))
    with worker(tmp_path, "--queues", "control,transactional"):
        Queue(CONTROL, connection=client).enqueue(f"{HERE}.write_application", str(note))
        until(note.exists, "the job on the control queue has run")
    assert Queue(BULK, connection=client).count == 1


def test_told_to_stop_it_lets_the_job_in_hand_end_and_ends_itself(
    client: Redis, tmp_path: Path
) -> None:
    with worker(tmp_path) as program:
        started_job(client, "work_until_told", tmp_path)
        program.send(signal.SIGTERM)
        assert program.ends(seconds=10) == 0
    assert (tmp_path / "told").exists()
    assert Queue(CONTROL, connection=client).failed_job_registry.count == 0


def test_told_to_stop_while_idle_it_ends_at_once(client: Redis, tmp_path: Path) -> None:
    with worker(tmp_path) as program:
        until(lambda: [w.get_state() for w in Worker.all(client)] == ["idle"], "it waits for jobs")
        program.send(signal.SIGTERM)
        assert program.ends(seconds=5) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_killed_it_takes_the_job_in_hand_along(client: Redis, tmp_path: Path) -> None:
    with worker(tmp_path) as program:
        horse = started_job(client, "work_on", tmp_path)
        assert horse != program.pid
        program.send(signal.SIGKILL)
        until(lambda: not is_alive(horse), "the work-horse has ended", seconds=2)


def test_a_queue_server_that_goes_away_does_not_end_the_job_in_hand(tmp_path: Path) -> None:
    with queue_server(tmp_path / "data") as (server, client), worker(tmp_path):
        horse = started_job(client, "work_until_released", tmp_path)
        server.send(signal.SIGKILL)
        server.ends()
        heartbeats_were_tried = time.monotonic() + 7  # the worker tries one every 5 seconds
        while time.monotonic() < heartbeats_were_tried:
            assert is_alive(horse)
            time.sleep(0.1)
        (tmp_path / "released").touch()
        until((tmp_path / "done").exists, "the job came to its end")
