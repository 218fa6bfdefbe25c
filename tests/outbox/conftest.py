import pytest
from flask import Flask

from tests.outbox.doubtful import three_in_doubt, two_campaigns_in_doubt
from tests.outbox.line import Line
from tests.scripted_smtp import ScriptedServer


@pytest.fixture
def line(app: Flask, server: ScriptedServer) -> Line:
    """A mailbox that works and three people who may be written to: ana, bea and cleo."""
    line = Line(app)
    line.configure(server.port)
    line.add_contacts("ana", "bea", "cleo")
    return line


@pytest.fixture
def three(line: Line) -> Line:
    """Three mails of a campaign in doubt."""
    return three_in_doubt(line)


@pytest.fixture
def two_campaigns(line: Line) -> Line:
    """Mails of two campaigns in doubt."""
    return two_campaigns_in_doubt(line)
