"""Workers on a machine of their own, for a portal that runs on another."""

import signal
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.processes import Program, kill_all, until
from tests.processes.test_supervisor import Site

START = """
import sys, pathlib, jobs.supervisor as supervisor
sys.exit(supervisor.main(pathlib.Path(sys.argv[1]), only_workers=True))
"""
SHARED = {
    "DATABASE_URL": "postgresql+psycopg://portal@db.example.test/portal",
    "REDIS_URL": "redis://queue.example.test",
    "SECRET_KEY": "shared by all",
    "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
}


def test_only_workers_are_started(tmp_path: Path) -> None:
    site = Site(tmp_path)
    arguments = ["-c", START, str(site.procfile)]
    with Program(arguments, site.data_dir, WORKERS="3", **SHARED) as program:
        try:
            until(lambda: len(site.events("worker started")) == 3, "the workers are started")
            site.let_go()
            program.send(signal.SIGTERM)
            assert program.ends() == 0
        finally:
            kill_all(site.data_dir)
    assert set(site.events(r"(\w+) started")) == {"worker"}, "nor is a database migrated"


@pytest.mark.parametrize("missing", SHARED)
def test_they_are_not_started_with_a_database_a_queue_or_keys_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.delenv(missing, raising=False)
    given = {name: value for name, value in SHARED.items() if name != missing}
    with Program(["-m", "jobs.supervisor", "--only-workers"], tmp_path, **given) as program:
        assert program.ends() == 1
    assert f"need the {missing} of the portal" in program.output()
    assert "Traceback" not in program.output()
