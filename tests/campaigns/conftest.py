import pytest
from flask import Flask

from tests.outbox.line import Line


@pytest.fixture
def line(app: Flask) -> Line:
    """A mailbox that works, and ana and bea who may be written to."""
    line = Line(app)
    line.configure(port=465)
    line.add_contacts("ana", "bea")
    return line
