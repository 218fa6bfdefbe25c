"""The first start: one link, once, makes the practice and its administrator."""

import pytest
from flask import Flask

from portal.admin.service import base_url, practice
from portal.auth.service import setup_link
from portal.extensions import settings
from tests.conftest import ON_SQLITE
from tests.people import PASSWORD, Visitor

FIELDS = {
    "email": "Ana@Clinica.example.com",
    "password": PASSWORD,
    "practice_name": "Clínica Ñandú",
    "language": "es",
    "time_zone": "Europe/Madrid",
}


def link(app: Flask) -> str | None:
    with app.app_context():
        return setup_link(settings(), "")


def test_the_link_makes_the_administrator_signs_in_and_is_used_up(bare_app: Flask) -> None:
    address = link(bare_app)
    assert address
    visitor = Visitor(bare_app)
    page = visitor.send("/setup", {**FIELDS, "token": address.split("=")[1]}, form_at=address)
    assert (page.status, page.location) == (302, "/")
    home = visitor.get("/")
    assert home.status == 200
    assert "Clínica Ñandú" in home.text
    assert visitor.get(address).status == 404
    assert link(bare_app) is None


@ON_SQLITE
def test_without_the_right_token_there_is_no_set_up(bare_app: Flask) -> None:
    assert Visitor(bare_app).get("/setup").status == 404
    assert Visitor(bare_app).get("/setup?token=0000").status == 404


@ON_SQLITE
def test_a_short_password_and_an_unknown_zone_are_said_on_their_fields(bare_app: Flask) -> None:
    address = link(bare_app)
    assert address
    wrong = {**FIELDS, "token": address.split("=")[1], "password": "short", "time_zone": "Madrid"}
    page = Visitor(bare_app).send("/setup", wrong, form_at=address)
    assert page.status == 422
    assert "12 characters" in page.error("password")
    assert "Europe/Madrid" in page.error("time_zone")
    assert page.one("#practice_name")["value"] == "Clínica Ñandú"


def set_up_at(app: Flask, host: str) -> str:
    """Set up under a host name; the address that mails then name."""
    address = link(app)
    assert address
    visitor = Visitor(app)
    token = visitor.get(address, Host=host).one("input[name=csrf_token]")["value"]
    fields = {**FIELDS, "token": address.split("=")[1], "csrf_token": token}
    answer = visitor.client.post("/setup", data=fields, headers={"Host": host})
    assert answer.status_code == 302
    with app.app_context():
        return base_url()


@ON_SQLITE
@pytest.mark.parametrize(
    ("host", "kept"),
    [
        ("mail.example.com", "http://mail.example.com"),
        ("mail.example.com:8443", "http://mail.example.com:8443"),
        ("xn--clnica-4va.example.com", "http://xn--clnica-4va.example.com"),
        ("[::1]:8000", "http://[::1]:8000"),
        ("no_host&at%all", "http://127.0.0.1:8000"),
    ],
)
def test_links_begin_with_the_address_of_the_set_up_in_ascii(
    bare_app: Flask, host: str, kept: str
) -> None:
    assert set_up_at(bare_app, host) == kept


@ON_SQLITE
@pytest.mark.parametrize(("language", "zone"), [("es", "Europe/Madrid"), ("it", "Europe/Rome")])
def test_the_time_zone_follows_the_language_that_was_chosen(
    bare_app: Flask, language: str, zone: str
) -> None:
    address = link(bare_app)
    assert address
    fields = {**FIELDS, "token": address.split("=")[1], "language": language}
    del fields["time_zone"]
    assert Visitor(bare_app).send("/setup", fields, form_at=address).status == 302
    with bare_app.app_context():
        here = practice()
        assert here
        assert here.time_zone == zone
