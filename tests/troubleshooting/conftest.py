"""A mailbox at Gmail whose password was refused, and somebody in the wizard."""

from collections.abc import Iterator

import pytest

from tests.conftest import JobRunner
from tests.mail_settings.form import save
from tests.people import Visitor
from tests.scripted_smtp import ScriptedServer
from tests.troubleshooting.wizard import GMAIL_REFUSES, Check


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """Gmail's, as the tests have it. It takes no password yet."""
    with ScriptedServer({"auth": GMAIL_REFUSES}, tls="tls") as server:
        yield server


@pytest.fixture
def refused(admin: Visitor, server: ScriptedServer, run_jobs: JobRunner) -> None:
    here = {"smtp_server": "127.0.0.1", "smtp_port": str(server.port), "security": "tls"}
    save(admin, host="gmail", password="theusualone", **here)
    run_jobs()


@pytest.fixture
def check(admin: Visitor, run_jobs: JobRunner) -> Check:
    return Check(admin, run_jobs)
