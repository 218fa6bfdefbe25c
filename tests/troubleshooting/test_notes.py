"""What somebody writes down on the way: for themselves and their colleagues."""

import pytest
from flask import Flask

from portal.admin import service as practice
from tests.conftest import ON_SQLITE
from tests.people import ADMIN, PASSWORD, Page, Visitor
from tests.troubleshooting.wizard import at

pytestmark = ON_SQLITE

STEP = at("blocked/wait")


def write(visitor: Visitor, note: str) -> Page:
    return visitor.send(f"{STEP}/notes", {"note": note}, form_at=STEP)


def notes(visitor: Visitor, step: str = STEP) -> list[str]:
    return visitor.get(step).texts(".note-text")


def test_a_note_stands_at_every_step_newest_first_with_its_author(
    app: Flask, admin: Visitor
) -> None:
    assert write(admin, "Called the provider: ticket 4711").location == f"{STEP}#notes"
    write(admin, "They call back on Monday")
    with app.app_context():
        practice.add_user("nuria@clinica.example.com", PASSWORD, "admin", "es")
    colleague = Visitor(app).sign_in("nuria@clinica.example.com")
    seen = notes(colleague, at("gmail/two-step"))
    assert seen == ["They call back on Monday", "Called the provider: ticket 4711"]
    assert ADMIN in colleague.get(STEP).one("#notes").text


def test_a_note_is_text_and_nothing_else(admin: Visitor) -> None:
    write(admin, "<script>alert(1)</script>\nsecond line ${address}")
    assert notes(admin) == ["<script>alert(1)</script> second line ${address}"]


def test_a_note_can_be_deleted(admin: Visitor) -> None:
    write(admin, "Wrong")
    page = admin.get(STEP)
    admin.send(str(page.one(".notes form")["action"]), form_at=STEP)
    assert notes(admin) == []


@pytest.mark.parametrize(
    ("note", "told"), [("  ", "Write something down"), ("x" * 2001, "at most 2000 characters")]
)
def test_what_is_no_note_is_said_on_its_field(admin: Visitor, note: str, told: str) -> None:
    page = write(admin, note)
    assert page.status == 422
    assert told in page.error("note")
    assert page.one("#note").text.strip() == note.strip()
    assert page.one("#notes").has_attr("open")
    assert admin.get(f"{STEP}/notes").location == STEP


@pytest.mark.parametrize("role", ["staff", "viewer"])
def test_nobody_else_reads_or_writes_them(
    app: Flask, admin: Visitor, request: pytest.FixtureRequest, role: str
) -> None:
    write(admin, "Ticket 4711")
    visitor: Visitor = request.getfixturevalue(role)
    token = {"csrf_token": visitor.token("/")}
    assert visitor.post(f"{STEP}/notes", {**token, "note": "x"}).status == 403
    assert visitor.post(f"{STEP}/notes/1/delete", token).status == 403
    assert notes(admin) == ["Ticket 4711"]
