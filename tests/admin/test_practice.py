"""What the practice says of itself, and how its page changes it."""

import pytest
from flask import Flask

from tests.conftest import ON_SQLITE, make_app
from tests.people import ADMIN, Visitor

pytestmark = ON_SQLITE

FIELDS = {
    "practice_name": "Studio Rossi",
    "language": "it",
    "time_zone": "Europe/Rome",
    "base_url": "https://posta.studio.example.com/",
}


def test_the_page_shows_what_is_kept_and_keeps_what_is_changed(admin: Visitor) -> None:
    page = admin.get("/settings/practice")
    assert page.one("#practice_name")["value"] == "Clínica Ñandú"
    assert page.one("#time_zone")["value"] == "Europe/Madrid"
    assert page.one("#base_url")["value"] == "https://mail.example.com"
    assert admin.send("/settings/practice", FIELDS).location == "/settings/practice"
    page = admin.get("/settings/practice")
    assert page.one("#practice_name")["value"] == "Studio Rossi"
    assert page.one("#language option[selected]")["value"] == "it"
    assert page.one("#base_url")["value"] == "https://posta.studio.example.com"
    assert "Studio Rossi" in page.one("title").text


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("practice_name", "", "name that patients know"),
        ("practice_name", "Clínica\r\nBcc: x@example.com", "one line"),
        ("practice_name", "x" * 121, "120 characters"),
        ("time_zone", "Madrid", "Europe/Madrid"),
        ("time_zone", "../../etc/passwd", "Europe/Madrid"),
        ("language", "tlh", "valid choice"),
        ("base_url", "", "Fill in this field"),
        ("base_url", "mail.example.com", "https://mail.example.com"),
        ("base_url", "ftp://mail.example.com", "https://mail.example.com"),
        ("base_url", "http://[::1", "https://mail.example.com"),
        ("base_url", "https://mail.example.com/>,<mailto:x@y.example", "https://mail.example"),
        ("base_url", "https://mail.example.com/a\nb", "https://mail.example"),
    ],
)
def test_what_is_wrong_is_said_on_its_field(
    admin: Visitor, field: str, value: str, words: str
) -> None:
    page = admin.send("/settings/practice", {**FIELDS, field: value})
    assert page.status == 422
    assert words.lower() in page.error(field).lower()
    kept = admin.get("/settings/practice")
    assert kept.one("#practice_name")["value"] == "Clínica Ñandú"


@pytest.mark.parametrize("name", ["Clínica\u00a0Ñandú", "Familia 👩‍⚕️ Pérez", "D'Angelo & C."])
def test_a_name_may_hold_what_people_type(admin: Visitor, name: str) -> None:
    assert admin.send("/settings/practice", {**FIELDS, "practice_name": name}).status == 302
    assert admin.get("/settings/practice").one("#practice_name")["value"] == name


def test_an_address_that_the_operator_fixed_is_said(
    app: Flask, tmp_path: object, database_url: str, queue_url: str
) -> None:
    data_dir = app.config["PORTAL"].data_dir
    fixed = make_app(data_dir, database_url, queue_url, BASE_URL="https://fixed.example.com")
    admin = Visitor(fixed).sign_in(ADMIN)
    assert "https://fixed.example.com" in admin.get("/settings/practice").text


def test_administrators_are_told_while_the_address_is_not_public(admin: Visitor) -> None:
    told = "Recipients can't follow links"
    assert told not in admin.get("/").text
    for address in ("http://mail.example.com", "https://192.168.1.5", "https://portal.local"):
        admin.send("/settings/practice", {**FIELDS, "language": "en", "base_url": address})
        assert told in admin.get("/").text, address
