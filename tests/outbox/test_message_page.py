"""One message's page: what became of it, and the mail as it went."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from portal.extensions import db
from portal.models import (
    AccountStatus,
    Campaign,
    CampaignStatus,
    MailAccount,
    Message,
    MessageReply,
    MessageStatus,
)
from portal.models.base import now
from tests.conftest import ON_SQLITE
from tests.outbox.line import Line
from tests.people import Visitor

pytestmark = ON_SQLITE


@pytest.fixture
def line(app: Flask) -> Line:
    """A campaign to ana, and to somebody who has no address."""
    line = Line(app)
    line.configure(port=465)
    line.add_contacts("ana")
    line.launch("Hola ${nombre}, <b>1 < 2</b>")
    return line


def test_a_viewer_reads_the_mail_as_it_will_go(line: Line, viewer: Visitor) -> None:
    page = viewer.get("/sent/1")
    assert "Novedades" in page.one("h1").text
    assert "ana@example.com" in page.text
    assert page.one(".chip")["data-status"] == "queued"
    assert not page.html.select("main a[href^='/campaigns']")
    frame = viewer.get(str(page.one("iframe")["src"]))
    assert "Hola ana, <b>1 < 2</b>" in frame.text
    assert not frame.has("b")
    assert "Aviso legal" in frame.text
    assert "Hola ana, <b>1 < 2</b>" in page.one("pre").text


def test_nobody_can_unsubscribe_a_recipient_from_the_mail_as_shown(
    line: Line, viewer: Visitor
) -> None:
    token = line.messages()["ana"].unsubscribe_token
    assert token
    frame = viewer.get("/sent/1/mail")
    for shown in (frame, viewer.get("/sent/1")):
        assert token not in shown.response.text
    shown_link = urlsplit(str(frame.one("a[href*='/unsubscribe/']")["href"])).path
    assert viewer.post(shown_link).status == 404
    assert viewer.post(f"/unsubscribe/{token}").status == 200


def test_the_frame_runs_nothing_and_reaches_for_nothing(line: Line, viewer: Visitor) -> None:
    headers = viewer.get("/sent/1/mail").response.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert viewer.get("/sent/1/mail").response.headers["Content-Type"].startswith("text/html")


def test_every_answer_of_the_server_is_shown_in_its_own_words(line: Line, staff: Visitor) -> None:
    with line.app.app_context():
        for attempt, reply in enumerate(("451 4.7.1 <Greylisted>", "452 4.2.2 Mailbox full")):
            answer = MessageReply(message_id=1, at=now(), attempt=attempt, reply=reply)
            db.session.add(answer)
        values = {"status": MessageStatus.FAILED, "reply": "550 5.1.1 No such user & co"}
        db.session.execute(update(Message).values(**values, reason="recipient_refused"))
        db.session.commit()
    page = staff.get("/sent/1")
    assert page.texts(".timeline blockquote") == [
        "451 4.7.1 <Greylisted>",
        "452 4.2.2 Mailbox full",
        "550 5.1.1 No such user & co",
    ]
    assert [chip["data-status"] for chip in page.html.select(".timeline .chip")] == [
        "deferred",
        "deferred",
        "failed",
    ]


def test_a_person_without_an_address_has_no_mail_to_show(line: Line, viewer: Visitor) -> None:
    line.change(Message, recipient="", status=MessageStatus.SKIPPED, reason="no_valid_address")
    page = viewer.get("/sent/1")
    assert page.status == 200
    assert "There is no address on file" in page.text
    assert not page.has("iframe")
    assert viewer.get("/sent/1/mail").status == 404


def test_a_mail_is_shown_with_the_notice_and_text_that_it_went_with(
    line: Line, viewer: Visitor
) -> None:
    admin = Visitor(line.app).sign_in("marta@clinica.example.com")
    form = admin.get("/settings/email")
    names = ("email", "smtp_server", "smtp_port", "sender_name")
    fields = {name: str(form.one(f"#{name}").get("value", "")) for name in names}
    fields |= {"host": "other", "security": "none", "allow_unencrypted": "y"}
    assert admin.send("/settings/email", {**fields, "legal_notice": "Otro"}).status == 302
    assert "Aviso legal" in viewer.get("/sent/1/mail").text
    with line.app.app_context():
        assert db.session.scalars(select(Message)).one().legal_notice_id == 1


# A Tuesday, 10:00 in Madrid.
START = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


def next_attempt(line: Line, **account: object) -> str | None:
    """What the page says of a mail that was refused at 10:00 and is tried again at 10:20."""
    retry = {"status": MessageStatus.DEFERRED, "next_attempt_at": START + timedelta(minutes=20)}
    line.change(Message, status_at=START, **retry)
    if account:
        line.change(MailAccount, **account)
    with time_machine.travel(START, tick=False):
        visitor = Visitor(line.app).sign_in("lucia@clinica.example.com")
        told = visitor.get("/sent/1").texts("#next-attempt")
    return told[0].replace("\u202f", " ") if told else None


def test_a_deferred_mail_tells_when_it_is_tried_again(line: Line) -> None:
    assert next_attempt(line) == "Next attempt: 10:20 AM"


@pytest.mark.parametrize("column", ["limited_until", "waits_until", "campaigns_wait_until"])
def test_a_limit_that_ends_later_holds_the_next_attempt(line: Line, column: str) -> None:
    status = AccountStatus.LIMITED if column == "limited_until" else AccountStatus.WORKING
    later = START + timedelta(days=1)
    told = next_attempt(line, status=status, **{column: later})
    assert told == "Next attempt: Wednesday 10:00 AM"


def test_a_limit_that_ends_sooner_changes_nothing(line: Line) -> None:
    assert next_attempt(line, waits_until=START + timedelta(minutes=5)) == "Next attempt: 10:20 AM"


def test_the_campaigns_part_holds_no_mail_without_a_campaign(line: Line) -> None:
    line.change(Message, campaign_id=None)
    later = START + timedelta(days=1)
    assert next_attempt(line, campaigns_wait_until=later) == "Next attempt: 10:20 AM"


def test_no_time_is_promised_while_the_mailbox_does_not_work(line: Line) -> None:
    assert next_attempt(line, status=AccountStatus.FAILING) is None


def test_no_time_is_promised_while_the_campaign_is_paused(line: Line) -> None:
    line.change(Campaign, status=CampaignStatus.PAUSED)
    assert next_attempt(line) is None


@pytest.mark.parametrize(
    ("status", "attempted", "heading"),
    [
        ("queued", False, "The mail as it would go"),
        ("queued", True, "The mail as it was last tried"),
        ("deferred", True, "The mail as it was last tried"),
        ("failed", True, "The mail as it was last tried"),
        ("cancelled", False, "The mail as it would have gone"),
        ("skipped", False, "The mail as it would have gone"),
        ("unconfirmed", False, "The mail as it may have gone out"),
        ("unconfirmed", True, "The mail as it may have gone out"),
        ("sent", True, "The mail as it went"),
        ("bounced", True, "The mail as it went"),
    ],
)
def test_only_a_mail_that_went_out_is_said_to_have_gone(
    line: Line, viewer: Visitor, status: str, attempted: bool, heading: str
) -> None:
    line.change(Message, status=status, attempted_at=now() if attempted else None)
    assert viewer.get("/sent/1").texts("h2")[-1] == heading
