"""What the link of a sign-in carries along of the form, to save the mailbox by."""

import pytest
from flask import Flask

from tests.conftest import ON_SQLITE
from tests.mail_settings.form import PAGE, save
from tests.oauth.provider import (
    MAILBOX,
    SIGN_IN,
    all_settings,
    come_back,
    query_of,
    sign_in,
    start_url,
)
from tests.oauth_server import OAuthServer, allow
from tests.people import Visitor

pytestmark = ON_SQLITE


def test_what_the_link_does_not_carry_stays_as_it_was_saved(
    app: Flask, admin: Visitor, provider: OAuthServer
) -> None:
    save(admin, email=MAILBOX, sender_name="Consulta Ñandú", legal_notice="Confidencial.")
    sign_in(admin, "google")
    saved = all_settings(app)[-1]
    assert saved.sender_name == "Consulta Ñandú"
    assert admin.get(PAGE).one("#legal_notice").text.strip() == "Confidencial."


@pytest.mark.parametrize("typed", ["Consulta Ñandú", ""])
def test_the_senders_name_comes_along_as_it_was_typed(
    app: Flask, admin: Visitor, provider: OAuthServer, typed: str
) -> None:
    save(admin, email=MAILBOX, sender_name="As it was saved")
    sign_in(admin, "google", sender_name=typed)
    assert all_settings(app)[-1].sender_name == typed


def test_a_senders_name_of_two_lines_is_said_on_its_field(
    admin: Visitor, provider: OAuthServer
) -> None:
    page = admin.get(start_url("google", sender_name="Consulta\nBcc: all@example.com"))
    assert page.status == 422
    assert "one line" in page.error("sender_name")


def test_a_bare_link_signs_in_to_what_was_saved(
    app: Flask, admin: Visitor, provider: OAuthServer
) -> None:
    user = {"different_user": "y", "username": MAILBOX, "email": "info@clinica.example.com"}
    sign_in(admin, "google", smtp_server="127.0.0.1", smtp_port="2525", **user)
    there = admin.get(f"{SIGN_IN}/google").location
    assert query_of(there)["login_hint"] == MAILBOX
    come_back(admin, allow(there))
    first, second = all_settings(app)
    assert (second.smtp_server, second.smtp_port) == (first.smtp_server, first.smtp_port)


def test_a_link_with_a_mistake_leads_to_the_form_with_what_was_typed(
    app: Flask, admin: Visitor, provider: OAuthServer
) -> None:
    page = admin.get(start_url("google", email="no address", smtp_port="99999"))
    assert page.status == 422
    assert "complete e-mail address" in page.error("email")
    assert "1 to 65535" in page.error("smtp_port")
    assert page.one("#email")["value"] == "no address"
    assert page.has("input[name=csrf_token]")
    assert provider.requests == []
