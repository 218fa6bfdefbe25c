"""A mail that the server refuses again and again, through no fault of its recipient."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from jobs import stopping
from portal.extensions import db
from portal.models import AccountStatus, Message
from portal.models.base import now
from portal.outbox import claims, leases
from portal.outbox.waiting import Lanes
from tests.conftest import ON_SQLITE
from tests.outbox.line import Line, launched
from tests.scripted_smtp import Plays, ScriptedServer

RELAYING = "550 5.7.1 Relaying denied"
VIRUS = "554 5.7.1 Message rejected: virus found"


class PickyServer(ScriptedServer):
    """Refuses the mails to one person at one step."""

    def __init__(self, name: str, step: str, reply: str) -> None:
        super().__init__()
        self._recipient = f"<{name}@example.com>"
        self._step, self._reply = step, reply

    def _chosen(self, step: str) -> Plays:
        named = any(self._recipient in command for command in self.commands[-2:])
        return self._reply if step == self._step and named else super()._chosen(step)


def try_again(line: Line) -> None:
    line.time_passes(timedelta(hours=1))
    line.pass_check_of_active()
    line.deliver()


@pytest.mark.parametrize(
    ("step", "reply"),
    [
        ("rcpt", RELAYING),
        ("data", "554 5.7.1 This account is disabled for sending"),
        ("dot", VIRUS),
        ("dot", "552 5.3.4 Message size exceeds fixed limit"),
    ],
)
def test_refused_again_in_a_session_that_gets_others_through_it_has_failed_alone(
    app: Flask, step: str, reply: str
) -> None:
    with PickyServer("ana", step, reply) as server:
        line = launched(app, "ana", "bea", "cleo", port=server.port)
        line.deliver()
        assert line.statuses() == {"ana": "deferred", "bea": "queued", "cleo": "queued"}
        assert line.account().status is AccountStatus.FAILING
        try_again(line)
    assert line.statuses() == {"ana": "failed", "bea": "sent", "cleo": "sent"}
    assert line.messages()["ana"].reply == reply
    assert line.messages()["ana"].attempts == 2
    assert line.account().status is AccountStatus.WORKING
    assert line.is_finished()
    line.assert_counters_agree()


@ON_SQLITE
def test_refused_again_by_itself_it_waits_since_nothing_shows_that_others_get_through(
    app: Flask,
) -> None:
    with PickyServer("ana", "dot", VIRUS) as server:
        line = launched(app, "ana", port=server.port)
        line.deliver()
        try_again(line)
    assert line.statuses() == {"ana": "deferred"}
    assert line.account().status is AccountStatus.FAILING


@ON_SQLITE
def test_another_refusal_than_the_last_one_stops_the_account(app: Flask) -> None:
    with PickyServer("cleo", "dot", VIRUS) as server:
        server.plays["rcpt"] = "450 4.2.0 Greylisted, try again in 5 minutes"
        line = launched(app, "ana", "bea", "cleo", port=server.port)
        line.deliver()
        assert set(line.statuses().values()) == {"deferred"}
        server.plays["rcpt"] = "250 2.1.5 OK"
        line.change(Message, next_attempt_at=now())
        line.deliver()
    assert line.statuses() == {"ana": "sent", "bea": "sent", "cleo": "deferred"}
    assert line.account().status is AccountStatus.FAILING


@ON_SQLITE
def test_a_limit_that_is_met_again_fails_no_mail(app: Flask) -> None:
    limit = "550 5.4.5 Daily user sending limit exceeded. Try again later."
    with PickyServer("ana", "dot", limit) as server:
        line = launched(app, "ana", "bea", port=server.port)
        line.deliver()
        try_again(line)
    assert line.statuses() == {"ana": "deferred", "bea": "sent"}
    assert line.account().status is AccountStatus.LIMITED


def test_of_a_dead_sender_the_mail_whose_turn_it_was_is_in_doubt(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is the new one, though the one that was refused before has the lower number."""
    with PickyServer("ana", "rcpt", "450 4.2.1 Busy") as server:
        line = launched(app, "ana", "bea", port=server.port)
        monkeypatch.setattr(stopping, "requested", lambda: len(server.commands) > 2)
        line.deliver()
    assert line.statuses() == {"ana": "deferred", "bea": "queued"}
    line.time_passes(timedelta(hours=1))
    with app.app_context():
        claim = leases.take(1, sessions=1)
        assert claim
        assert [row.recipient[:3] for row in claims.claim_messages(claim, Lanes(), 2)] == [
            "bea",
            "ana",
        ]
    line.lease_runs_out()
    with app.app_context():
        assert claims.recover() == 1
    assert line.statuses() == {"ana": "deferred", "bea": "unconfirmed"}


def test_what_is_due_is_read_from_an_index_in_its_order(app: Flask, server: ScriptedServer) -> None:
    """So a claim takes as long among a million messages as among ten."""
    launched(app, "ana", port=server.port)
    told: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        told.append((statement, values))

    with app.app_context():
        claim = leases.take(1, sessions=1)
        assert claim
        event.listen(db.engine, "before_cursor_execute", note)
        claims.claim_messages(claim, Lanes(), 20)
        event.remove(db.engine, "before_cursor_execute", note)
        claiming = [(said, values) for said, values in told if "coalesce" in said]
        plans = [explain(*said_with) for said_with in claiming]
    assert len(plans) > 1
    for plan in plans:
        assert "ix_messages_waiting" in plan
        assert "Sort" not in plan
        assert "TEMP B-TREE" not in plan


def explain(statement: str, values: Any) -> str:
    """The database's plan; PostgreSQL is told that the table is too large to be read and sorted."""
    with db.engine.connect() as connection:
        postgresql = connection.dialect.name == "postgresql"
        if postgresql:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            connection.exec_driver_sql("SET LOCAL enable_sort = off")
        how = "EXPLAIN" if postgresql else "EXPLAIN QUERY PLAN"
        return str(connection.exec_driver_sql(f"{how} {statement}", values).all())
