import pytest
from flask import Flask

from jobs import deliver
from tests.outbox.line import Line
from tests.scripted_smtp import ScriptedServer


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that fails is tried again at once."""
    monkeypatch.setattr(deliver, "CONNECT_PAUSES", (0.0, 0.0))


@pytest.fixture
def line(app: Flask, server: ScriptedServer) -> Line:
    """A mailbox that works and three people who may be written to: ana, bea and cleo."""
    line = Line(app)
    line.configure(server.port)
    line.add_contacts("ana", "bea", "cleo")
    return line
