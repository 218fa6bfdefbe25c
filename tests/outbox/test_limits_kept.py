"""Limits in delivery: who still goes out when there is room for few."""

from datetime import timedelta

from portal.models import MailAccount, Message
from portal.models.base import now
from portal.outbox.windows import DAY
from tests.outbox.line import Line
from tests.people import Visitor
from tests.scripted_smtp import ScriptedServer

SENDING = "/settings/email/sending"


def sign_ins(server: ScriptedServer) -> int:
    return sum(command.startswith("AUTH") for command in server.commands)


def test_at_the_limit_a_campaign_waits_where_it_is(line: Line, server: ScriptedServer) -> None:
    line.change(MailAccount, limits={"messages_per_day": 2}, reserved_percent=0)
    line.launch()
    line.deliver()
    assert line.statuses() == {"ana": "sent", "bea": "sent", "cleo": "queued"}
    waits = line.account().campaigns_wait_until
    assert waits
    assert abs(waits - now() - timedelta(days=1)) <= timedelta(seconds=DAY.bucket_seconds)
    line.assert_counters_agree()


def test_a_sender_that_is_rung_for_while_mails_wait_does_not_sign_in(
    line: Line, server: ScriptedServer
) -> None:
    line.change(MailAccount, limits={"messages_per_day": 2}, reserved_percent=0)
    line.launch()
    line.deliver()
    line.deliver()
    assert sign_ins(server) == 1


def test_what_is_reserved_goes_to_a_reminder(line: Line, server: ScriptedServer) -> None:
    line.change(MailAccount, limits={"messages_per_hour": 2}, reserved_percent=50)
    line.launch()
    line.deliver()
    assert len(server.mails) == 1
    line.remind("cleo")
    line.deliver()
    assert line.reminders() == ["sent"]
    assert len(server.mails) == 2


def test_with_more_room_the_campaign_goes_on(line: Line, server: ScriptedServer) -> None:
    line.change(MailAccount, limits={"messages_per_day": 2}, reserved_percent=0)
    line.launch()
    line.deliver()
    line.change(MailAccount, limits=None, campaigns_wait_until=None, waits_until=None)
    line.deliver()
    assert line.is_finished()
    assert len(server.mails) == 3


def test_what_went_out_before_there_was_a_limit_counts_for_it(
    line: Line, server: ScriptedServer, admin: Visitor
) -> None:
    line.launch()
    line.remind("ana")
    line.deliver()
    admin.send(SENDING, {"messages_per_day": "5", "reserved_percent": "20"})
    assert admin.get(SENDING).texts("#use-1") == [
        "4 of 5 mails in the last 24 hours. Campaigns may use 4 of them."
    ]
    line.launch()
    line.deliver()
    assert len(server.mails) == 5
    admin.send(SENDING, {"messages_per_day": "6", "reserved_percent": "20"})
    assert "5 of 6 mails" in admin.get(SENDING).text, "what is counted is not counted anew"


def test_what_went_out_longer_ago_does_not(
    line: Line, server: ScriptedServer, admin: Visitor
) -> None:
    line.launch()
    line.deliver()
    earlier = now() - timedelta(hours=2)
    line.change(Message, attempted_at=earlier, status_at=earlier)
    admin.send(SENDING, {"messages_per_hour": "3", "reserved_percent": "0"})
    assert "0 of 3 mails in the last hour" in admin.get(SENDING).text


def test_a_session_takes_as_many_mails_as_the_provider_wants(
    line: Line, server: ScriptedServer
) -> None:
    line.change(MailAccount, limits={"messages_per_connection": 2})
    line.launch()
    line.deliver()
    assert line.is_finished()
    assert sign_ins(server) == 2
