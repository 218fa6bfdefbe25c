"""The people of the practice: added, disabled and enabled by administrators."""

import pytest
from flask import Flask

from tests.conftest import ON_SQLITE
from tests.people import ADMIN, PASSWORD, STAFF, Page, Visitor

NEW = {"email": "Nuria@Clinica.example.com", "role": "staff", "password": "another three words"}


def people(admin: Visitor) -> dict[str, list[str]]:
    """What the page says of each person: role, and whether they may sign in."""
    page = admin.get("/settings/users")
    rows = [row.select("td") for row in page.html.select("tbody tr")]
    return {row[0].text: [row[1].text.split(":")[0], row[2].text] for row in rows}


def test_an_added_person_can_sign_in_with_the_role(app: Flask, admin: Visitor) -> None:
    assert admin.send("/settings/users", NEW).location == "/settings/users"
    assert people(admin)["nuria@clinica.example.com"] == ["Staff", "Yes"]
    added = Visitor(app).sign_in("nuria@clinica.example.com", NEW["password"])
    assert added.get("/contacts").status == 200
    assert added.get("/settings/users").status == 403


@ON_SQLITE
@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("email", "", "Enter the person's address"),
        ("email", "nuria", "complete e-mail address"),
        ("email", "nuria@example.com\nBcc: x@example.com", "complete e-mail address"),
        ("email", STAFF.upper(), "has an account already"),
        ("password", "eleven char", "12 characters"),
        ("password", "", "Choose a password"),
        ("role", "owner", "valid choice"),
    ],
)
def test_what_is_wrong_is_said_on_its_field(
    admin: Visitor, field: str, value: str, words: str
) -> None:
    before = people(admin)
    page = admin.send("/settings/users", {**NEW, field: value})
    assert page.status == 422
    assert words.lower() in page.error(field).lower()
    assert NEW["password"] not in page.response.text
    assert people(admin) == before


@ON_SQLITE
def test_a_person_is_disabled_and_enabled(admin: Visitor) -> None:
    admin.send("/settings/users/2/disable", form_at="/settings/users")
    assert people(admin)[STAFF] == ["Staff", "No"]
    admin.send("/settings/users/2/enable", form_at="/settings/users")
    assert people(admin)[STAFF] == ["Staff", "Yes"]


def test_the_last_administrator_stays(admin: Visitor) -> None:
    def disable(number: int) -> Page:
        admin.send(f"/settings/users/{number}/disable", form_at="/settings/users")
        return admin.get("/settings/users")

    assert "There must be one administrator" in disable(1).text
    assert people(admin)[ADMIN] == ["Administrator", "Yes"]
    admin.send("/settings/users", {**NEW, "role": "admin"})
    disable(4)
    assert "There must be one administrator" in disable(1).text
    admin.send("/settings/users/4/enable", form_at="/settings/users")
    assert disable(1).status == 302  # the one who did it is out


@ON_SQLITE
def test_no_password_is_longer_than_a_form_takes(admin: Visitor) -> None:
    page = admin.send("/settings/users", {**NEW, "password": "x" * 201})
    assert page.status == 422
    assert "200" in page.error("password")


@ON_SQLITE
def test_a_name_in_the_page_is_text_not_html(admin: Visitor) -> None:
    page = admin.send("/settings/users", {**NEW, "email": '"><script>@example.com'})
    assert page.status == 422
    assert not page.has("main script")
    assert PASSWORD not in page.response.text
