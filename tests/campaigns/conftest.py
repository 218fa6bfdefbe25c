import pytest
from flask import Flask

from tests.campaigns.drafts import launch, write
from tests.outbox.line import Line
from tests.people import Visitor


@pytest.fixture
def line(app: Flask) -> Line:
    """A mailbox that works, and ana and bea who may be written to."""
    line = Line(app)
    line.configure(port=465)
    line.add_contacts("ana", "bea")
    return line


@pytest.fixture
def campaign(staff: Visitor, line: Line) -> str:
    """The address of a campaign that was launched; no mail of it has gone out."""
    campaign = write(staff)
    launch(staff, campaign)
    return campaign
