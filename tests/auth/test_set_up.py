"""The first start: one link, once, makes the practice and its administrator."""

from flask import Flask

from portal.auth.service import setup_link
from portal.extensions import settings
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


def test_without_the_right_token_there_is_no_set_up(bare_app: Flask) -> None:
    assert Visitor(bare_app).get("/setup").status == 404
    assert Visitor(bare_app).get("/setup?token=0000").status == 404


def test_a_short_password_and_an_unknown_zone_are_said_on_their_fields(bare_app: Flask) -> None:
    address = link(bare_app)
    assert address
    wrong = {**FIELDS, "token": address.split("=")[1], "password": "short", "time_zone": "Madrid"}
    page = Visitor(bare_app).send("/setup", wrong, form_at=address)
    assert page.status == 422
    assert "12 characters" in page.error("password")
    assert "Europe/Madrid" in page.error("time_zone")
    assert page.one("#practice_name")["value"] == "Clínica Ñandú"
