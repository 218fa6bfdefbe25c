"""The letter to somebody who can help: what they need to know, and no secret."""

from dataclasses import replace

import pytest
from flask import Flask

from tests.conftest import ON_SQLITE
from tests.people import Visitor
from tests.troubleshooting.wizard import at, fail

pytestmark = ON_SQLITE

PASSWORD = "a password that nobody reads"
REPLY = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled"


def letter(visitor: Visitor, place: str) -> str:
    page = visitor.get(at(f"{place}/letter"))
    assert page.status == 200
    return str(page.one("#letter").text)


@pytest.fixture
def disabled(app: Flask, admin: Visitor) -> None:
    known = {"host": "microsoft365", "smtp_server": "", "smtp_port": "", "security": ""}
    fail(app, admin, "smtp_disabled", REPLY, password=PASSWORD, **known)


def test_it_has_the_settings_the_diagnosis_and_what_is_asked(
    admin: Visitor, disabled: None
) -> None:
    told = letter(admin, "microsoft-365/authenticated-smtp")
    for part in (
        "smtp.office365.com",
        "- Port: 587",
        "- Protocol: STARTTLS",
        "- Provider: Microsoft 365",
        REPLY,
        "What we ask of you:",
        "Clínica Ñandú",
    ):
        assert part in told


def test_it_holds_no_secret(admin: Visitor, disabled: None) -> None:
    page = admin.get(at("microsoft-365/authenticated-smtp/letter"))
    assert PASSWORD not in page.response.text


def test_the_step_says_what_is_asked(admin: Visitor, disabled: None) -> None:
    assert "Authenticated SMTP" in letter(admin, "microsoft-365/ask")
    assert "SPF, DKIM and DMARC" in letter(admin, "sender/domain")


def test_where_the_step_says_nothing_the_trouble_does(admin: Visitor, disabled: None) -> None:
    assert "Allow other programs to send" in letter(admin, "blocked/look")


def test_it_says_where_the_portal_connects_from(app: Flask, admin: Visitor, disabled: None) -> None:
    assert "Connects from" not in letter(admin, "blocked/look")
    location = "Frankfurt, Germany, 203.0.113.7"
    app.config["PORTAL"] = replace(app.config["PORTAL"], sending_location=location)
    assert f"- Connects from: {location}" in letter(admin, "blocked/look")
    assert location in admin.get(at("blocked/look")).text


def test_before_anything_is_saved_it_asks_for_the_server(admin: Visitor) -> None:
    told = letter(admin, "own-domain/another")
    assert "the server's name (SMTP), the port" in told
    assert "The settings:" not in told


def test_every_step_leads_to_it(admin: Visitor, disabled: None) -> None:
    page = admin.get(at("gmail/two-step"))
    assert page.has(f'.wizard-ways a[href="{at("gmail/two-step/letter")}"]')
    asked = admin.get(at("microsoft-365/ask"))
    assert asked.has(f'.wizard a.btn-primary[href="{at("microsoft-365/ask/letter")}"]')


def test_where_app_passwords_are_taken_only_it_asks_for_one(app: Flask, admin: Visitor) -> None:
    fail(app, admin, "password_refused", host="gmail", smtp_server="")
    assert "Make an app password" in letter(admin, "gmail/two-step")
