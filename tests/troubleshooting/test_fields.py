"""What is typed at a step: kept once its check has passed, and said on its field where it can't
be."""

import pytest
from flask import Flask

from portal.models import AccountStatus, CheckState, MailCheck
from tests.conftest import ON_SQLITE
from tests.mail_settings.form import account, everything_saved, last_saved, password_of, save
from tests.outbox.line import Line
from tests.people import Visitor
from tests.scripted_smtp import ScriptedServer
from tests.smtp_server import USER
from tests.troubleshooting.wizard import GMAIL_REFUSES, Check, at, trail

pytestmark = ON_SQLITE

PASTE = "gmail-two-step/paste"


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


def test_nothing_typed_checks_what_is_stored(
    app: Flask, server: ScriptedServer, refused: None, check: Check
) -> None:
    server.plays["auth"] = "235 2.7.0 Accepted"
    assert check(PASTE) == "done/configured"
    assert password_of(app, last_saved(app)) == "theusualone"


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


def test_what_works_stays_at_work_until_the_new_password_has_passed(
    app: Flask, admin: Visitor, server: ScriptedServer, refused: None, check: Check
) -> None:
    server.plays["auth"] = "235 2.7.0 Accepted"
    check(PASTE, password="abcdefghijklmnop")
    server.plays["auth"] = "535 5.7.8 Username and Password not accepted"
    assert check(PASTE, password="ponmlkjihgfedcba") == "gmail-two-step/refused"
    assert [one.state for one in everything_saved(app)][-2:] == ["active", "candidate"]
    assert account(app).status is AccountStatus.WORKING
    assert not admin.get(at(PASTE)).has("#mail-warning")


def test_a_field_that_the_check_found_wrong_is_marked(
    admin: Visitor, refused: None, check: Check
) -> None:
    assert not admin.get(at("gmail-two-step/refused")).has("[aria-invalid]")
    check(PASTE, password="abcdefghijklmnop")
    assert GMAIL_REFUSES in admin.get(at("gmail-two-step/refused")).error("password")


@pytest.mark.parametrize("place", ["own-domain/other-port", "own-domain/ionos"])
def test_less_encryption_asks_for_the_password_where_it_can_be_typed(
    app: Flask, admin: Visitor, server: ScriptedServer, refused: None, place: str
) -> None:
    typed = {"smtp_server": "127.0.0.1", "smtp_port": str(server.port), "security": "none"}
    page = admin.send(at(f"{place}/check"), typed, form_at=at(place))
    assert page.status == 422
    assert page.error("password")
    assert page.one("#security option[selected]")["value"] == "none"
    assert trail(app) == []
    assert not page.has(".way")


def test_a_port_that_was_found_at_another_server_is_not_put_beside_this_one(
    app: Flask, admin: Visitor, refused: None
) -> None:
    found = {"host": "smtp.elsewhere.example", "port": 587, "security": "ssl"}
    failed = {"state": CheckState.FAILED, "cause": "connection_refused"}
    Line(app).change(MailCheck, **failed, alternative=found)
    page = admin.get(at("own-domain/other-port"))
    assert page.one("#smtp_port")["value"] != "587"
    elsewhere = admin.get(at("own-domain/known"))
    assert elsewhere.one("#smtp_server")["value"] == "smtp.elsewhere.example"
    assert elsewhere.one("#smtp_port")["value"] == "587"


def test_leave_to_send_unencrypted_does_not_go_with_another_server(
    app: Flask, admin: Visitor
) -> None:
    save(admin, smtp_server="127.0.0.1", security="none", allow_unencrypted="y")
    typed = {"smtp_server": "localhost", "smtp_port": "2525", "security": "none", "password": "x"}
    place = at("own-domain/enter")
    admin.send(f"{place}/check", typed, form_at=place)
    assert last_saved(app).smtp_server == "localhost"
    assert not last_saved(app).allow_unencrypted


def test_what_is_refused_while_a_check_runs_stays_on_the_page(
    admin: Visitor, refused: None
) -> None:
    admin.send("/settings/email/check", form_at="/settings/email")
    place = at("own-domain/ionos")
    typed = {"smtp_server": "127.0.0.1", "smtp_port": "70000", "security": "tls"}
    page = admin.send(f"{place}/check", typed, form_at="/")
    assert page.status == 422
    assert page.error("smtp_port")
    assert not page.has("meta[http-equiv=refresh]")


def test_a_user_name_that_is_the_address_is_no_different_one(
    app: Flask, server: ScriptedServer, refused: None, check: Check
) -> None:
    server.plays["auth"] = "235 2.7.0 Accepted"
    check("own-domain/username", username=f" {USER} ", password="x")
    assert not last_saved(app).different_user
