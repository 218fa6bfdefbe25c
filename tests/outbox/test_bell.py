"""Ringing that fails: what was done before it stays done, and nobody is shown an error."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from redis import Redis
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from portal.extensions import db
from portal.models import CampaignStatus, MessageStatus
from portal.outbox import bell
from tests.campaigns.drafts import steer, write
from tests.outbox.doubtful import LIST, put_in_doubt
from tests.outbox.line import Line
from tests.people import Visitor

CAMPAIGN = "/campaigns/1"


@contextmanager
def queue_server_away(line: Line) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(line.app.extensions, "doorbell", Redis.from_url("unix:///nowhere"))
        yield


@contextmanager
def database_away(line: Line) -> Iterator[None]:
    """From the moment when it is asked whom to ring for."""
    with line.app.app_context():
        engine = db.engine

    def fail(*_arguments: object) -> None:
        raise OperationalError("select", None, Exception("database is locked"))

    def go_away(_account_id: int) -> None:
        event.listen(engine, "before_cursor_execute", fail)
        fail()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bell, "active_settings", go_away)
        yield
    event.remove(engine, "before_cursor_execute", fail)


def written(_line: Line, staff: Visitor) -> None:
    write(staff)


def paused(line: Line, staff: Visitor) -> None:
    line.launch()
    steer(staff, CAMPAIGN, "pause")


def failed(line: Line, _staff: Visitor) -> None:
    line.launch()
    line.bring_to(MessageStatus.FAILED)


def in_doubt(line: Line, _staff: Visitor) -> None:
    line.launch()
    put_in_doubt(line, 1)


@pytest.mark.parametrize("away", [queue_server_away, database_away])
@pytest.mark.parametrize(
    ("prepare", "path", "fields"),
    [
        (written, f"{CAMPAIGN}/launch", {"confirm": "3"}),
        (paused, f"{CAMPAIGN}/resume", {}),
        (failed, f"{CAMPAIGN}/retry", {}),
        (in_doubt, f"{LIST}/1", {"settle": "queued"}),
        (in_doubt, f"{LIST}/1?message=1", {"settle": "queued"}),
    ],
)
def test_what_was_done_stays_done_and_waits_for_the_sweep(
    line: Line,
    staff: Visitor,
    caplog: pytest.LogCaptureFixture,
    away: Callable[[Line], AbstractContextManager[None]],
    prepare: Callable[[Line, Visitor], None],
    path: str,
    fields: dict[str, str],
) -> None:
    prepare(line, staff)
    token = staff.token(CAMPAIGN)
    with away(line):
        answer = staff.post(path, {"csrf_token": token, **fields})
    assert answer.status == 302
    assert line.campaign().status is CampaignStatus.RUNNING
    assert set(line.statuses().values()) == {"queued"}
    assert "waits for the sweep" in caplog.text
