from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from flask import Flask

from tests.mail_settings.health import Clock
from tests.outbox.line import Line
from tests.scripted_smtp import ScriptedServer


@pytest.fixture
def line(app: Flask, server: ScriptedServer) -> Line:
    """A mailbox that works, and a campaign for three that was launched."""
    line = Line(app)
    line.configure(server.port)
    line.add_contacts("ana", "bea", "cleo")
    line.launch()
    return line


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Puts the clock forward; it goes on from there."""
    with time_machine.travel(datetime.now(UTC), tick=True) as traveller:
        yield traveller.shift
