"""Check now: where the check leads from a step, and why."""

import pytest
from flask import Flask

from jobs import mail_check
from portal.mail_settings import checks as live_check
from portal.mail_settings import service
from portal.models import CheckState
from tests.conftest import ON_SQLITE, JobRunner
from tests.mail_settings.form import checks
from tests.people import ADMIN, Page, Visitor
from tests.scripted_smtp import ScriptedServer
from tests.troubleshooting.wizard import (
    GMAIL_REFUSES,
    WIZARD,
    Check,
    at,
    place_of,
    press,
    walk_of,
)

pytestmark = ON_SQLITE

BLOCKED = "534 5.7.14 Please log in via your web browser and then try again"
PASTE = "gmail-two-step/paste"


def found_at(visitor: Visitor, place: str) -> Page:
    page = visitor.get(at(place))
    assert page.has(".found-here"), page.text
    return page


def test_a_password_refused_again_leads_to_the_step_for_that(
    admin: Visitor, refused: None, check: Check
) -> None:
    assert check(PASTE, password="abcdefghijklmnop") == "gmail-two-step/refused"
    found = found_at(admin, "gmail-two-step/refused").one(".found-here")
    assert found["data-why"] == "onward"
    assert GMAIL_REFUSES in found.text
    assert place_of(admin.get(WIZARD)) == "gmail-two-step/refused"


def test_another_trouble_leads_to_its_step_and_says_why(
    admin: Visitor, server: ScriptedServer, refused: None, check: Check
) -> None:
    server.plays["auth"] = BLOCKED
    assert check(PASTE, password="abcdefghijklmnop") == "blocked/look"
    found = found_at(admin, "blocked/look").one(".found-here")
    assert found["data-why"] == "moved"
    assert BLOCKED in found.text


def test_the_same_trouble_stays_and_says_so(
    admin: Visitor, server: ScriptedServer, refused: None, check: Check
) -> None:
    server.plays["auth"] = BLOCKED
    check(PASTE, password="abcdefghijklmnop")
    press(admin, "blocked/look", "Yes")
    assert check("blocked/wait") == "blocked/wait"
    assert found_at(admin, "blocked/wait").one(".found-here")["data-why"] == "again"


def test_while_it_runs_the_step_shows_how_far_it_is(
    admin: Visitor, refused: None, run_jobs: JobRunner
) -> None:
    admin.send(at(f"{PASTE}/check"), {"password": "abcdefghijklmnop"}, form_at=at(PASTE))
    page = admin.get(at(f"{PASTE}/check"))
    assert page.one("#check")["data-check-status"] == "running"
    assert len(page.html.select("[data-phase]")) == 6
    assert page.one("noscript meta[http-equiv=refresh]")
    assert not page.has(".found-here")
    fragment = admin.get(at(f"{PASTE}/check"), HX_Request="true")
    assert not fragment.has("main")
    assert fragment.one("#check")["data-check-status"] == "running"
    run_jobs()
    ended = admin.get(at(f"{PASTE}/check"), HX_Request="true")
    assert ended.status == 204
    assert ended.response.headers["HX-Redirect"] == at("gmail-two-step/refused")


def test_it_is_the_same_check_as_that_of_the_settings_page(
    app: Flask, admin: Visitor, refused: None
) -> None:
    admin.send(at("blocked/wait/check"), form_at=at("blocked/wait"))
    admin.send(at("blocked/wait/check"), form_at=at("blocked/wait"))
    assert [found.state for found in checks(app)] == [CheckState.FAILED, CheckState.RUNNING]
    assert admin.get("/settings/email").one("#check")["data-check-status"] == "running"


def test_before_anything_is_saved_the_settings_come_first(admin: Visitor) -> None:
    page = admin.get(at(PASTE))
    assert not page.has("#check form")
    assert page.one('#check a[href="/settings/email"]')
    sent = admin.send(at(f"{PASTE}/check"), form_at=at(PASTE))
    assert sent.location == "/settings/email"


def test_a_step_without_a_check_starts_none(admin: Visitor, refused: None) -> None:
    assert admin.get(at("gmail/two-step/check")).status == 404
    assert admin.send(at("gmail/two-step/check"), form_at=at("gmail/two-step")).status == 404


def test_configured_is_said_only_of_a_mailbox_that_works(admin: Visitor, refused: None) -> None:
    for place in ("done/configured", "done/arrived", "done/finished"):
        assert admin.get(at(place)).location == WIZARD


def test_at_the_end_a_test_mail_goes_to_who_is_signed_in(
    app: Flask, admin: Visitor, server: ScriptedServer, refused: None, check: Check
) -> None:
    server.plays["auth"] = "235 2.7.0 Accepted"
    check(PASTE, password="abcdefghijklmnop")
    assert check("done/configured") == "done/arrived"
    assert [mail.recipients for mail in server.mails] == [(ADMIN,)]
    assert place_of(press(admin, "done/arrived", "In the inbox")) == "done/finished"
    assert admin.get(at("done/finished")).has('main a.btn-primary[href="/"]')
    walk = walk_of(app)
    assert walk
    assert walk.finished_at


def test_a_test_mail_that_is_refused_leads_on(
    admin: Visitor, server: ScriptedServer, refused: None, check: Check
) -> None:
    server.plays["auth"] = "235 2.7.0 Accepted"
    check(PASTE, password="abcdefghijklmnop")
    server.plays["dot"] = "554 5.7.1 Message rejected as spam"
    assert check("done/configured") == "not-arriving/content"
    assert "rejected as spam" in found_at(admin, "not-arriving/content").text


@pytest.mark.parametrize("role", ["staff", "viewer"])
def test_nobody_else_checks(
    app: Flask, refused: None, request: pytest.FixtureRequest, role: str
) -> None:
    visitor: Visitor = request.getfixturevalue(role)
    token = visitor.token("/")
    assert visitor.post(at(f"{PASTE}/check"), {"csrf_token": token}).status == 403
    assert len(checks(app)) == 1


def test_a_check_that_ends_at_once_has_ended_the_way(
    app: Flask,
    admin: Visitor,
    server: ScriptedServer,
    refused: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A worker may be done before the page has answered."""
    press(admin, "gmail/two-step", "Yes")
    server.plays["auth"] = "235 2.7.0 Accepted"
    monkeypatch.setattr(live_check, "ring", lambda check: mail_check.run(check.id))
    monkeypatch.setattr(service, "ring", lambda check: mail_check.run(check.id))
    admin.send(at(f"{PASTE}/check"), {"password": "abcdefghijklmnop"}, form_at=at(PASTE))
    walk = walk_of(app)
    assert walk
    assert walk.finished_at
    assert place_of(admin.get(WIZARD)) == "paths"


def test_who_comes_back_to_a_step_is_there_whatever_its_check_had_found(
    admin: Visitor, refused: None, check: Check
) -> None:
    press(admin, "gmail/two-step", "Yes")
    press(admin, "gmail-two-step/make", "Yes")
    check(PASTE, password="abcdefghijklmnop")
    assert place_of(admin.get(WIZARD)) == "gmail-two-step/refused"
    press(admin, "gmail-two-step/make", "Yes")
    assert place_of(admin.get(WIZARD)) == PASTE
