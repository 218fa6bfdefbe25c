"""Check now: what is typed at a step, where the check leads, and why."""

from collections.abc import Iterator

import pytest
from flask import Flask

from jobs import mail_check
from portal.mail_settings import checks as live_check
from portal.mail_settings import service
from portal.models import AccountStatus, CheckState, MailCheck
from tests.conftest import ON_SQLITE, JobRunner
from tests.mail_settings.form import (
    account,
    checks,
    everything_saved,
    last_saved,
    password_of,
    save,
)
from tests.outbox.line import Line
from tests.people import ADMIN, Page, Visitor
from tests.scripted_smtp import ScriptedServer
from tests.troubleshooting.wizard import WIZARD, at, place_of, press, walk_of

pytestmark = ON_SQLITE

REFUSED = "535 5.7.8 Username and Password not accepted"
BLOCKED = "534 5.7.14 Please log in via your web browser and then try again"
PASTE = "gmail-two-step/paste"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """Gmail's, as the tests have it. It takes no password yet."""
    with ScriptedServer({"auth": REFUSED}, tls="tls") as server:
        yield server


@pytest.fixture
def refused(app: Flask, admin: Visitor, server: ScriptedServer, run_jobs: JobRunner) -> None:
    here = {"smtp_server": "127.0.0.1", "smtp_port": str(server.port), "security": "tls"}
    save(admin, host="gmail", password="theusualone", **here)
    run_jobs()


@pytest.fixture
def check(admin: Visitor, run_jobs: JobRunner) -> "Check":
    return Check(admin, run_jobs)


class Check:
    def __init__(self, admin: Visitor, run_jobs: JobRunner) -> None:
        self._admin, self._run_jobs = admin, run_jobs

    def __call__(self, place: str, **fields: str) -> str:
        """Press "Check now" at the step; where the check leads when it has ended."""
        pressed = self._admin.send(at(f"{place}/check"), fields, form_at=at(place))
        assert place_of(pressed) == f"{place}/check"
        self._run_jobs()
        return place_of(self._admin.get(at(f"{place}/check")))


def found_at(visitor: Visitor, place: str) -> Page:
    page = visitor.get(at(place))
    assert page.has(".found-here"), page.text
    return page


def test_a_password_typed_in_place_is_kept_and_the_mailbox_configured(
    app: Flask, admin: Visitor, viewer: Visitor, server: ScriptedServer, refused: None, check: Check
) -> None:
    assert viewer.get("/").has("#mail-warning")
    server.plays["auth"] = "235 2.7.0 Accepted"
    assert check(PASTE, password="abcd efgh ijkl mnop") == "done/configured"
    assert password_of(app, last_saved(app)) == "abcdefghijklmnop"
    assert account(app).status is AccountStatus.WORKING
    page = admin.get(at("done/configured"))
    assert page.one("h1").text == "Your mailbox is configured"
    assert "spaces in the app password" in page.text
    assert not page.has("#mail-warning")
    assert not viewer.get("/").has("#mail-warning")


def test_the_rest_of_the_settings_stays(
    app: Flask, admin: Visitor, refused: None, check: Check
) -> None:
    check(PASTE, password="abcdefghijklmnop")
    before, after = everything_saved(app)
    for name in ("email", "sender_name", "provider", "smtp_server", "smtp_port", "security"):
        assert getattr(after, name) == getattr(before, name)
    assert after.username == before.username
    assert admin.get("/settings/email").one("#legal_notice").text.strip() == "Aviso legal."


def test_a_password_refused_again_leads_to_the_step_for_that(
    admin: Visitor, refused: None, check: Check
) -> None:
    assert check(PASTE, password="abcdefghijklmnop") == "gmail-two-step/refused"
    found = found_at(admin, "gmail-two-step/refused").one(".found-here")
    assert found["data-why"] == "onward"
    assert REFUSED in found.text
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


def test_nothing_typed_checks_what_is_stored(
    app: Flask, server: ScriptedServer, refused: None, check: Check
) -> None:
    server.plays["auth"] = "235 2.7.0 Accepted"
    assert check(PASTE) == "done/configured"
    assert password_of(app, last_saved(app)) == "theusualone"


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


def test_the_port_that_was_found_to_answer_stands_in_its_field(app: Flask, admin: Visitor) -> None:
    save(admin, smtp_server="127.0.0.1", smtp_port="2525", security="tls")
    found = {"host": "127.0.0.1", "port": 587, "security": "ssl"}
    failed = {"state": CheckState.FAILED, "cause": "connection_refused"}
    Line(app).change(MailCheck, **failed, alternative=found)
    page = admin.get(at("own-domain/ionos"))
    assert page.one("#smtp_server")["value"] == "127.0.0.1"
    assert page.one("#smtp_port")["value"] == "587"
    assert page.one("#security option[selected]")["value"] == "ssl"


def test_another_server_asks_for_the_password_and_keeps_what_was_typed(
    app: Flask, admin: Visitor, refused: None
) -> None:
    typed = {"smtp_server": "localhost", "smtp_port": "2525", "security": "ssl"}
    page = admin.send(at("own-domain/ionos/check"), typed, form_at=at("own-domain/ionos"))
    assert page.status == 422
    assert "Enter the password" in page.error("password")
    assert page.one("#smtp_server")["value"] == "localhost"
    assert page.one("#smtp_port")["value"] == "2525"
    assert len(everything_saved(app)) == 1


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("smtp_port", "70000", "number from 1 to 65535"),
        ("smtp_server", "not a name", "No server can be called this"),
        ("security", "rot13", "Choose a protocol"),
    ],
)
def test_what_can_not_be_is_said_on_its_field(
    admin: Visitor, refused: None, server: ScriptedServer, field: str, typed: str, told: str
) -> None:
    right = {"smtp_server": "127.0.0.1", "smtp_port": str(server.port), "security": "tls"}
    place = at("own-domain/ionos")
    page = admin.send(f"{place}/check", {**right, field: typed}, form_at=place)
    assert page.status == 422
    assert told in page.error(field)


def test_another_protocol_on_the_same_server_needs_no_password(
    app: Flask, server: ScriptedServer, refused: None, check: Check
) -> None:
    server.plays["auth"] = "235 2.7.0 Accepted"
    here = {"smtp_server": "127.0.0.1", "smtp_port": str(server.port), "security": "tls"}
    assert check("own-domain/ionos", **here) == "done/configured"
    assert last_saved(app).provider == "gmail"


def test_a_different_user_name_is_kept_as_one(
    app: Flask, server: ScriptedServer, refused: None, check: Check
) -> None:
    server.plays["auth"] = "235 2.7.0 Accepted"
    assert check("own-domain/username", username="clinica01", password="x") == "done/configured"
    saved = last_saved(app)
    assert (saved.different_user, saved.username) == (True, "clinica01")


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
        assert admin.get(at(place)).location == at("paths")


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
