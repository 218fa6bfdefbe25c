"""Asking the administrators to mend the mailbox."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from portal.extensions import db
from portal.mail_settings import accounts
from portal.models import HelpRequest
from tests.conftest import ON_SQLITE
from tests.outbox.line import Line
from tests.people import ADMIN, STAFF, VIEWER, Page, Visitor

ASK = "/ask-administrator"
WORDS = "535 5.7.8 Username and Password <not> accepted"
REFUSED = accounts.Trouble("password_refused", "password", WORDS)
MORNING = datetime(2026, 11, 22, 9, 40, tzinfo=UTC)  # 10:40 in Madrid


@pytest.fixture
def broken(app: Flask) -> Line:
    """A mailbox that worked until its password was refused."""
    line = Line(app)
    line.configure(port=465)
    with app.app_context():
        accounts.fails(1, REFUSED)
        db.session.commit()
    return line


def press(visitor: Visitor, page: str = "/") -> Page:
    """Press the warning's button on a page."""
    shown = visitor.get(page)
    button = shown.one("#mail-warning button")
    form = shown.one(f"form#{button['form']}")
    token = form.select("input[name=csrf_token]")[0]["value"]
    return visitor.post(str(form["action"]), {"csrf_token": token})


def requests(app: Flask) -> list[HelpRequest]:
    with app.app_context():
        return list(db.session.scalars(select(HelpRequest).order_by(HelpRequest.id)))


@pytest.mark.parametrize("email", [STAFF, VIEWER])
def test_whoever_cannot_mend_it_can_ask_and_administrators_read_why(
    broken: Line, email: str
) -> None:
    with time_machine.travel(MORNING, tick=True):
        visitor = Visitor(broken.app).sign_in(email)
        assert press(visitor, "/sent").location == "/sent"
        page = visitor.get("/sent")
        assert "have been told" in page.one("#mail-warning").text
        assert "10:40" in page.one("#mail-warning").text
        assert not page.has("#mail-warning button")
        home = Visitor(broken.app).sign_in(ADMIN).get("/")
    assert email in home.text
    assert "10:40" in home.text
    assert "refused user name or password" in home.text
    assert WORDS in home.text
    assert "secret words" not in home.response.text


@ON_SQLITE
def test_only_administrators_read_who_asked_and_what_the_server_said(broken: Line) -> None:
    staff, viewer = Visitor(broken.app).sign_in(STAFF), Visitor(broken.app).sign_in(VIEWER)
    press(staff)
    for visitor in (staff, viewer):
        assert WORDS not in visitor.get("/").text
        assert "asked on" not in visitor.get("/").text
    assert viewer.get("/").has("#mail-warning button"), "each person asks for themselves"


@ON_SQLITE
def test_an_administrator_has_the_link_instead(broken: Line) -> None:
    warning = Visitor(broken.app).sign_in(ADMIN).get("/").one("#mail-warning")
    assert warning.select("a")[0]["href"] == "/settings/email"
    assert not warning.select("button")


def test_to_ask_twice_changes_nothing(broken: Line) -> None:
    staff = Visitor(broken.app).sign_in(STAFF)
    press(staff)
    [first] = requests(broken.app)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1)):
        assert staff.send(ASK, form_at="/").status == 302
    [still] = requests(broken.app)
    assert (still.id, still.asked_at) == (first.id, first.asked_at)


def test_two_requests_at_once_are_one(broken: Line) -> None:
    visitors = [Visitor(broken.app).sign_in(STAFF) for _ in range(6)]
    tokens = [visitor.token() for visitor in visitors]
    gate = threading.Barrier(len(visitors))
    statuses: list[int] = []

    def ask(visitor: Visitor, token: str) -> None:
        gate.wait(20)
        statuses.append(visitor.post(ASK, {"csrf_token": token}).status)

    threads = [
        threading.Thread(target=ask, args=each) for each in zip(visitors, tokens, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert statuses == [302] * 6
    assert len(requests(broken.app)) == 1


def test_it_is_closed_by_itself_when_the_mailbox_works_again(broken: Line) -> None:
    staff = Visitor(broken.app).sign_in(STAFF)
    press(staff)
    broken.pass_check_of_active()
    assert requests(broken.app)[0].closed_at
    assert "asked on" not in Visitor(broken.app).sign_in(ADMIN).get("/").text
    with broken.app.app_context():
        accounts.fails(1, REFUSED)
        db.session.commit()
    press(staff)
    assert [bool(request.closed_at) for request in requests(broken.app)] == [True, False]


@ON_SQLITE
def test_when_nothing_is_wrong_any_more_it_says_so_and_tells_nobody(broken: Line) -> None:
    staff = Visitor(broken.app).sign_in(STAFF)
    token = staff.token()
    broken.pass_check_of_active()
    assert staff.post(ASK, {"csrf_token": token}).location == "/"
    assert "Nothing is wrong with the mailbox any more" in staff.get("/").text
    assert requests(broken.app) == []


@ON_SQLITE
def test_before_the_mailbox_was_set_up_that_is_the_reason(app: Flask, viewer: Visitor) -> None:
    press(viewer)
    assert "The mailbox is not set up yet" in Visitor(app).sign_in(ADMIN).get("/").text


@ON_SQLITE
@pytest.mark.parametrize(
    ("target", "back"),
    [
        ("/sent", "/sent"),
        ("/contacts/import", "/contacts/import"),
        ("/sent/4711", "/sent/4711"),
        ("https://evil.example/sent", "/"),
        ("//evil.example/sent", "/"),
        ("//sent", "/sent"),
        ("/\\evil.example", "/"),
        ("/%09/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/logout", "/"),
        ("/campaigns/1/launch", "/"),
        ("", "/"),
    ],
)
def test_it_leads_back_only_to_a_page_of_this_portal(broken: Line, target: str, back: str) -> None:
    staff = Visitor(broken.app).sign_in(STAFF)
    answer = staff.client.post(
        ASK, query_string={"next": target}, data={"csrf_token": staff.token()}
    )
    assert answer.status_code == 302
    assert answer.headers["Location"] == back


@ON_SQLITE
def test_a_stranger_is_sent_to_sign_in(broken: Line, stranger: Visitor) -> None:
    page = stranger.send(ASK, form_at="/login")
    assert page.location.startswith("/login")
    assert requests(broken.app) == []
