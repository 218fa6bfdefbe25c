"""What a claim leaves behind, by whatever it ends: a death, a power loss, a clock that is set."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import event, select

from portal.extensions import db
from portal.mail.smtp import Session
from portal.models import Doubt, Message, Outcome, SessionSlot
from portal.models import MessageStatus as Status
from portal.models.base import now
from portal.outbox import claims, clock, leases, waiting
from portal.outbox.journal import Journal, Verdict
from portal.outbox.leases import Claim
from portal.outbox.transitions import STEPS, IllegalStep, move
from portal.outbox.waiting import Lanes
from tests.outbox.line import Line
from tests.outbox.test_refused_again import explain
from tests.scripted_smtp import ScriptedServer

OTHER_BOOT = "00000000-0000-0000-0000-000000000000"
FOUR_SESSIONS = 4


def send_and_write_down(line: Line, number: int) -> Claim:
    """A sender claims three mails and writes down what became of so many."""
    with line.app.app_context():
        claim = leases.take(1, sessions=1)
        assert claim
        claimed = claims.claim_messages(claim, Lanes(), 3)
        with Journal(claim, settings_id=1) as journal:
            for message in claimed[:number]:
                verdict = Verdict(Status.SENT, now(), attempted_at=now(), settings_id=1)
                journal.write(message, verdict)
    return claim


def recover(line: Line) -> int:
    with line.app.app_context():
        return claims.recover()


def test_what_a_dead_sender_wrote_down_stands_and_the_next_mail_is_in_doubt(line: Line) -> None:
    line.launch()
    send_and_write_down(line, 1)
    line.lease_runs_out()
    assert recover(line) == 1
    assert line.statuses() == {"ana": "sent", "bea": "unconfirmed", "cleo": "queued"}
    assert line.messages()["ana"].attempts == 1
    line.assert_counters_agree()


def test_nothing_is_in_doubt_once_all_of_a_claim_is_written_down(line: Line) -> None:
    line.launch()
    send_and_write_down(line, 3)
    line.lease_runs_out()
    recover(line)
    assert set(line.statuses().values()) == {"sent"}
    assert line.is_finished()
    line.assert_counters_agree()


def test_what_was_written_down_is_kept_once_and_cleared(line: Line) -> None:
    line.launch()
    claim = send_and_write_down(line, 2)
    with line.app.app_context():
        claims.settle(claim)
        claims.settle(claim)
        with db.engine.connect() as connection:
            assert connection.execute(select(Outcome)).all() == []
        claims.release(claim)
    assert line.statuses() == {"ana": "sent", "bea": "sent", "cleo": "queued"}
    assert [line.messages()[name].attempts for name in ("ana", "bea", "cleo")] == [1, 1, 0]
    line.assert_counters_agree()


def test_after_a_power_loss_a_whole_claim_is_in_doubt_where_commits_did_not_wait_for_the_disk(
    line: Line,
) -> None:
    line.launch()
    send_and_write_down(line, 1)
    line.change(SessionSlot, boot_id=OTHER_BOOT)
    recover(line)
    if line.is_sqlite:
        assert line.statuses() == {"ana": "sent", "bea": "unconfirmed", "cleo": "unconfirmed"}
    else:
        assert line.statuses() == {"ana": "sending", "bea": "sending", "cleo": "sending"}, (
            "another machine's lease is good for as long as the database's clock says"
        )
        line.lease_runs_out()
        recover(line)
        assert line.statuses() == {"ana": "sent", "bea": "unconfirmed", "cleo": "queued"}
    line.assert_counters_agree()


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_set_ends_no_lease_and_keeps_none(line: Line, hours: int) -> None:
    line.launch()
    claim = line.take(messages=3)
    with time_machine.travel(now() + timedelta(hours=hours)):
        assert recover(line) == 0
        with line.app.app_context():
            assert leases.renew(claim)
        line.lease_runs_out()
        assert recover(line) == 1
    assert line.statuses() == {"ana": "unconfirmed", "bea": "queued", "cleo": "queued"}


def test_the_clock_of_leases_counts_the_time_asleep() -> None:
    assert clock.boottime() > 0
    assert clock.boot_id(), "and this machine tells its starts apart"


def test_a_lease_of_which_no_machine_is_known_is_over(line: Line) -> None:
    """As of one that was held when leases had no machine yet."""
    line.launch()
    line.take(messages=1)
    line.change(SessionSlot, boot_id=None, lease_until=now() - timedelta(seconds=1))
    assert recover(line) == 1
    assert line.statuses() == {"ana": "unconfirmed", "bea": "queued", "cleo": "queued"}


def test_a_sender_that_was_overtaken_and_knows_better_settles_the_doubt(
    line: Line, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = Session.send

    def send_and_be_overtaken(session: Session, *mail: Any, **options: Any) -> Any:
        outcome = send(session, *mail, **options)
        line.lease_runs_out()
        recover(line)
        assert line.statuses()["ana"] == "unconfirmed"
        return outcome

    with monkeypatch.context() as slow:
        slow.setattr(Session, "send", send_and_be_overtaken)
        line.launch()
        line.deliver()
    assert line.statuses() == {"ana": "sent", "bea": "queued", "cleo": "queued"}
    assert line.messages()["ana"].reply == "250 2.0.0 Ok: queued"
    with line.app.app_context():
        assert [doubt.settled_as for doubt in db.session.scalars(select(Doubt))] == [Status.SENT]
    line.assert_counters_agree()
    line.deliver()
    assert server.count("ana@example.com") == 1


def test_a_message_is_found_by_its_id_and_not_among_all_of_its_status(line: Line) -> None:
    """So a claim takes as long among a million messages as among ten."""
    line.launch()
    told: list[tuple[str, Any]] = []
    with line.app.app_context(), db.engine.begin() as connection:
        event.listen(connection, "before_cursor_execute", lambda *said: told.append(said[2:4]))
        move(connection, Status.QUEUED, Status.CANCELLED, Message.id.in_(range(1, 7)))
    with line.app.app_context():
        assert "ix_messages_status" not in explain(*told[0])


def test_no_more_sessions_are_leased_than_the_provider_takes(line: Line) -> None:
    with line.app.app_context():
        taken = [leases.take(1, sessions=FOUR_SESSIONS) for _ in range(6)]
        slots = {claim.slot_id for claim in taken if claim}
    assert len(slots) == FOUR_SESSIONS
    assert taken[FOUR_SESSIONS:] == [None, None]


def test_several_sessions_share_what_waits_and_hold_no_mail_twice(line: Line) -> None:
    line.add_contacts(*(f"p{number}" for number in range(40)))
    line.launch()
    held: list[int] = []
    with line.app.app_context():
        for _ in range(FOUR_SESSIONS):
            claim = leases.take(1, sessions=FOUR_SESSIONS)
            assert claim
            held += [row.id for row in claims.claim_messages(claim, Lanes(), 10)]
    assert len(held) == len(set(held)) == 40


def test_another_session_is_rung_for_only_where_enough_waits_for_it(line: Line) -> None:
    line.add_contacts(*(f"p{number}" for number in range(47)))
    line.launch()
    with line.app.app_context():
        assert waiting.useful_sessions(1, Lanes(), FOUR_SESSIONS) == 3, "fifty mails wait"
        leases.take(1, FOUR_SESSIONS)
        assert waiting.useful_sessions(1, Lanes(), FOUR_SESSIONS) == 2
        assert waiting.useful_sessions(1, Lanes(), 1) == 0, "and none where no slot is free"


STATUSES = list(Status)


@pytest.mark.parametrize("origin", STATUSES)
def test_a_message_goes_from_a_state_only_where_the_table_says(line: Line, origin: Status) -> None:
    line.launch()
    legal = STEPS.get(origin, frozenset())
    with line.app.app_context(), db.engine.begin() as connection:
        for target in STATUSES:
            if target not in legal:
                with pytest.raises(IllegalStep):
                    move(connection, origin, target, Message.id == 1)


@pytest.mark.parametrize(
    ("origin", "target"), [(origin, target) for origin in STEPS for target in sorted(STEPS[origin])]
)
def test_every_step_is_counted(
    line: Line, server: ScriptedServer, origin: Status, target: Status
) -> None:
    line.launch()
    line.bring_to(origin)
    with line.app.app_context(), db.engine.begin() as connection:
        moved: Any = move(connection, origin, target, Message.id == 1, returning=[Message.id])
    assert [row.id for row in moved] == [1]
    assert line.messages()["ana"].status is target
    line.assert_counters_agree()


def test_a_sender_that_was_overtaken_between_two_mails_begins_no_other(
    line: Line, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its own clock says of the lease."""
    write = Journal.write

    def write_and_be_overtaken(journal: Journal, *what: Any) -> None:
        write(journal, *what)
        line.lease_runs_out()
        recover(line)

    with monkeypatch.context() as slow:
        slow.setattr(Journal, "write", write_and_be_overtaken)
        line.launch()
        line.deliver()
    assert line.statuses() == {"ana": "sent", "bea": "unconfirmed", "cleo": "queued"}
    assert [mail.recipients for mail in server.mails] == [("ana@example.com",)]
    line.assert_counters_agree()
