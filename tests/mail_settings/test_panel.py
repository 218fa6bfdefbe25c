"""The check's panel: what is the matter in words, the field to correct, and what to press next."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from portal.mail_settings.texts import SENTENCES
from portal.models import AccountStatus, CheckState, MailAccount, MailCheck
from portal.models.base import now
from tests.conftest import ON_SQLITE, JobRunner
from tests.mail_settings.form import FIELDS, PAGE, checks, last_saved, save, save_for
from tests.outbox.line import Line
from tests.people import ADMIN, Page, Visitor
from tests.smtp_server import USER, MailServer

pytestmark = ON_SQLITE

FIELDS_OF_THE_SERVER = ("smtp_server", "smtp_port", "security", "allow_unencrypted")


def fail(app: Flask, visitor: Visitor, **values: Any) -> Page:
    """Save, and see the page when the check has failed so."""
    save(visitor)
    found = {"cause": "server_refused", "permanent": True, "scope": "account", **values}
    Line(app).change(MailCheck, **{"state": CheckState.FAILED, "finished_at": now(), **found})
    return visitor.get(PAGE)


def test_a_failed_check_says_what_it_found_to_machines_and_people(
    app: Flask, admin: Visitor
) -> None:
    words = "550 5.7.1 <b>Not</b> from here & now"
    page = fail(app, admin, cause="sender_refused", field="email", reply=words)
    panel = page.one("#check")
    assert panel["data-check-status"] == "failed"
    assert panel["data-cause"] == "sender_refused"
    assert (panel["data-permanent"], panel["data-scope"]) == ("true", "account")
    assert str(SENTENCES["sender_refused"]) in panel.text
    assert page.one("#check blockquote").text == words
    assert not page.has("#check blockquote b")
    assert page.one('#check a[href="#email"]')
    assert words in page.error("email")


def test_what_passes_by_itself_marks_no_field_and_says_so(app: Flask, admin: Visitor) -> None:
    page = fail(app, admin, cause="try_later", permanent=False, reply="421 4.3.2 Busy")
    assert page.one("#check")["data-permanent"] == "false"
    assert "No field is wrong." in page.one("#check").text
    assert not page.has("[aria-invalid]")


@pytest.mark.parametrize("field", ["email", "password", "host", *FIELDS_OF_THE_SERVER])
def test_the_field_to_correct_is_marked_and_in_sight(
    app: Flask, admin: Visitor, field: str
) -> None:
    save(admin, host="gmail", smtp_server="")
    page = fail(app, admin, field=field, reply="550 No")
    assert "550 No" in page.error(field)
    if field in FIELDS_OF_THE_SERVER:
        assert page.one("#smtp-fields").has_attr("open")
    for name in ("email", "smtp_server", "smtp_port"):
        assert page.one(f"#{name}")["value"] == FIELDS[name]


def test_a_wrong_user_name_that_is_the_address_is_shown_to_be_corrected(
    app: Flask, admin: Visitor
) -> None:
    page = fail(app, admin, cause="username_unknown", field="username", reply="535 No such user")
    assert page.error("username")
    assert page.one("#username")["value"] == USER
    assert page.one("#different_user").has_attr("checked")


def test_the_panel_leads_to_the_way_out_of_this_trouble(app: Flask, admin: Visitor) -> None:
    page = fail(app, admin, cause="app_password_needed", field="password")
    assert page.one('#check a[href="/settings/email/troubleshoot/other-mailbox/app-password"]')


def test_a_sign_in_that_is_held_back_is_told_where_it_comes_from(
    app: Flask, admin: Visitor
) -> None:
    page = fail(app, admin, cause="sign_in_blocked")
    assert "sign in from here" not in page.text
    location = "Frankfurt, Germany, 203.0.113.7"
    app.config["PORTAL"] = replace(app.config["PORTAL"], sending_location=location)
    assert location in admin.get(PAGE).one("#check").text


def test_a_new_save_clears_the_verdict(app: Flask, admin: Visitor) -> None:
    fail(app, admin, field="email", reply="550 No")
    save(admin)
    page = admin.get(PAGE)
    assert page.one("#check")["data-check-status"] == "running"
    assert not page.has("[aria-invalid], blockquote, [data-cause]")


def test_where_it_answers_instead_is_one_click_away(
    app: Flask, admin: Visitor, run_jobs: JobRunner
) -> None:
    with MailServer(tls="tls") as server:
        save_for(admin, server, security="ssl")
        run_jobs()
        page = admin.get(PAGE)
        assert f"It answers on port {server.port} with STARTTLS." in page.one("#check").text
        assert f"Use {server.port} with STARTTLS instead" in page.texts("#check button")
        assert admin.send(f"{PAGE}/alternative", form_at=PAGE).location == PAGE
        assert admin.get(PAGE).one("#check")["data-check-status"] == "running"
        run_jobs()
        page = admin.get(PAGE)
        assert page.one("main")["data-account-status"] == "working"
        assert last_saved(app).security == "tls"
        gone = admin.send(f"{PAGE}/alternative", form_at=PAGE)
        assert "nothing to take over" in admin.get(gone.location).text


def test_the_field_says_exactly_what_to_change_to(app: Flask, admin: Visitor) -> None:
    saved = {"host": FIELDS["smtp_server"], "port": 465, "security": "ssl"}
    cases = (
        ("smtp_port", "connection_timeout", {"port": 587, "security": "tls"}),
        ("security", "wrong_security", {"security": "tls"}),
        ("smtp_server", "unknown_host", {"host": "smtp.example.net"}),
    )
    told = {
        field: fail(app, admin, field=field, cause=cause, alternative={**saved, **changed}).error(
            field
        )
        for field, cause, changed in cases
    }
    assert told == {
        "smtp_port": (
            "Enter 587 here, and choose STARTTLS as the protocol. "
            "The server does not answer on port 465."
        ),
        "security": "Choose STARTTLS here. The server expects another protocol on port 465.",
        "smtp_server": (
            "Enter smtp.example.net here, port 465 with SSL/TLS. "
            "There is no server called smtp.example.com."
        ),
    }


def test_what_was_found_stands_in_for_advice_that_fits_every_server(
    app: Flask, admin: Visitor
) -> None:
    place = {"host": FIELDS["smtp_server"], "port": 587, "security": "tls"}
    page = fail(app, admin, cause="connection_refused", field="smtp_port", alternative=place)
    panel = page.one("#check").text
    assert str(SENTENCES["connection_refused"]) not in panel
    assert page.one("#check .verdict-bad").text == "The server does not answer on port 465."
    assert "It answers on port 587 with STARTTLS." in panel


def test_the_servers_words_follow_what_to_change_to(app: Flask, admin: Visitor) -> None:
    place = {"host": FIELDS["smtp_server"], "port": 587, "security": "tls"}
    reply = "554 5.7.1 No customers here"
    found = {"cause": "not_submission", "field": "smtp_port", "reply": reply}
    error = fail(app, admin, **found, alternative=place).error("smtp_port")
    assert error.startswith("Enter 587 here, and choose STARTTLS as the protocol. ")
    assert error.endswith(f"The server says: {reply}")
    assert str(SENTENCES["not_submission"]) not in error


def test_no_place_to_send_unencrypted_is_offered_beside_one_that_is_encrypted(
    app: Flask, admin: Visitor
) -> None:
    place = {"host": FIELDS["smtp_server"], "port": 465, "security": "ssl"}
    save(admin, smtp_port="587", security="none")
    found = {"cause": "unencrypted", "field": "smtp_port", "alternative": place}
    Line(app).change(MailCheck, state=CheckState.FAILED, finished_at=now(), **found)
    page = admin.get(PAGE)
    assert page.error("smtp_port") == (
        "Enter 465 here, and choose SSL/TLS as the protocol. "
        "The server offers no encryption on port 587."
    )
    assert "tick" not in page.one("#check").text


def test_a_check_whose_place_is_being_taken_still_runs(app: Flask, admin: Visitor) -> None:
    page = fail(app, admin, state=CheckState.REPLACED)
    panel = page.one("#check")
    assert panel["data-check-status"] == "running"
    assert "Checking." in panel.text
    assert "configured" not in panel.text
    assert not page.has("[aria-invalid], blockquote, [data-cause]")
    polled = admin.get(f"{PAGE}/check", HX_Request="true")
    assert "every 1s" in str(polled.one("#check > a[hx-trigger]")["hx-trigger"])


def test_another_server_is_filled_in_and_asks_for_the_password(app: Flask, admin: Visitor) -> None:
    place = {"host": "smtp.example.net", "port": 587, "security": "tls"}
    page = fail(app, admin, field="smtp_server", alternative=place)
    assert "smtp.example.net answers on port 587 with STARTTLS." in page.one("#check").text
    assert "Use smtp.example.net instead" in page.texts("#check button")
    asked = admin.send(f"{PAGE}/alternative", form_at=PAGE)
    assert asked.status == 422
    assert "Enter the password" in asked.error("password")
    assert asked.one("#smtp_server")["value"] == "smtp.example.net"
    assert asked.one("#smtp_port")["value"] == "587"
    assert asked.one("#security option[selected]")["value"] == "tls"
    assert asked.one("#sender_name")["value"] == FIELDS["sender_name"]
    assert len(checks(app)) == 1


def test_a_test_mail_goes_to_whoever_asks_for_it(
    app: Flask, admin: Visitor, run_jobs: JobRunner
) -> None:
    with MailServer() as server:
        save_for(admin, server)
        run_jobs()
        assert not admin.get(PAGE).has("[data-phase=test]")
        assert "Send me a test mail" in admin.get(PAGE).texts("#check button")
        assert admin.send(f"{PAGE}/test", form_at=PAGE).location == PAGE
        run_jobs()
    page = admin.get(PAGE)
    assert server.count(ADMIN) == 1
    assert page.one("[data-phase=test]")["data-state"] == "passed"
    said = f"The server accepted the test mail to {ADMIN}: look into that inbox."
    assert said in page.one("#check").text


def test_a_test_mail_of_nothing_says_what_comes_first(app: Flask, admin: Visitor) -> None:
    page = admin.send(f"{PAGE}/test", form_at=PAGE)
    assert "Save the settings first" in admin.get(page.location).text
    assert checks(app) == []


def test_a_limit_says_until_when_in_the_practices_zone(app: Flask) -> None:
    line = Line(app)
    line.configure(port=465)
    until = datetime(2031, 5, 6, 8, 40, tzinfo=UTC)
    line.change(
        MailAccount,
        status=AccountStatus.LIMITED,
        cause="sending_limit",
        reply="550 5.4.5 Daily limit",
        limited_until=until,
    )
    with time_machine.travel(until - timedelta(hours=1)):
        page = Visitor(app).sign_in(ADMIN).get(PAGE)
    assert page.one("main")["data-account-status"] == "limited"
    panel = " ".join(page.one("#check").text.split())
    assert "Sending pauses until 10:40" in panel
    assert "550 5.4.5 Daily limit" in panel
    assert "No field is wrong." in panel


@pytest.mark.parametrize("path", ["/check", "/test", "/alternative"])
@pytest.mark.parametrize("who", ["staff", "viewer"])
def test_only_administrators_may_press(
    app: Flask, request: pytest.FixtureRequest, path: str, who: str
) -> None:
    visitor: Visitor = request.getfixturevalue(who)
    assert visitor.send(f"{PAGE}{path}", form_at="/").status == 403
    assert checks(app) == []
