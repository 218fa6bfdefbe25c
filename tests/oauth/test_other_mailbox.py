"""Permissions that are not for the mailbox of the form, or not for its server."""

import pytest
from flask import Flask

from tests.conftest import ON_SQLITE
from tests.mail_settings.form import PAGE
from tests.oauth.provider import (
    MAILBOX,
    SIGN_IN,
    Issuer,
    all_settings,
    begin,
    come_back,
    is_nothing_stored,
    register,
    sign_in,
    start_url,
)
from tests.oauth.test_refused import assert_refused
from tests.oauth_server import OAuthServer, allow
from tests.people import Visitor


@ON_SQLITE
def test_another_mailbox_than_the_one_in_the_form_is_said_with_both(
    app: Flask, admin: Visitor, provider: OAuthServer
) -> None:
    provider.signs_in_as = "marta.privada@gmail.com"
    page = sign_in(admin, "google")
    assert_refused(
        page,
        f"You signed in as marta.privada@gmail.com, but the mailbox to send from is {MAILBOX}.",
    )
    assert "tick “Different user” and enter marta.privada@gmail.com" in page.text
    assert is_nothing_stored(app)


@ON_SQLITE
def test_the_user_name_counts_where_it_is_another(
    app: Flask, admin: Visitor, provider: OAuthServer
) -> None:
    other = {"different_user": "y", "username": "clinica@clinica.example.com"}
    assert_refused(sign_in(admin, "google", **other), "from is clinica@clinica.example.com")
    assert is_nothing_stored(app)


@ON_SQLITE
@pytest.mark.parametrize("issuer", ["google", "microsoft"])
def test_a_token_goes_to_the_providers_own_mail_server_only(
    app: Flask, admin: Visitor, issuer: Issuer
) -> None:
    register(app)
    page = admin.get(f"{SIGN_IN}/{issuer}?email={MAILBOX}&host=other&smtp_server=smtp.evil.example")
    assert page.status == 422
    assert "own server only" in page.error("smtp_server")
    own = {"google": "SMTP.GMAIL.COM.", "microsoft": "smtp.office365.com"}[issuer]
    there = admin.get(f"{SIGN_IN}/{issuer}?email={MAILBOX}&host=other&smtp_server={own}")
    assert there.location.startswith(
        ("https://accounts.google.com/o/oauth2/", "https://login.microsoftonline.com/common/")
    )


@ON_SQLITE
def test_a_token_never_goes_out_unencrypted(app: Flask, admin: Visitor) -> None:
    register(app)
    smtp = {"smtp_server": "smtp.evil.example", "smtp_port": "25", "security": "none"}
    page = admin.get(start_url("google", **smtp))
    assert page.status == 422
    assert "choose SSL/TLS or STARTTLS" in page.error("security")
    assert "own server only" in page.error("smtp_server")


@ON_SQLITE
def test_leave_to_send_unencrypted_is_not_kept_for_a_token(
    app: Flask, admin: Visitor, provider: OAuthServer
) -> None:
    register(app)
    there = begin(admin, "google", allow_unencrypted="y")
    register(app, provider.base)
    at_the_stand_in = there.replace("https://accounts.google.com", provider.base)
    assert come_back(admin, allow(at_the_stand_in)).location == PAGE
    assert not all_settings(app)[0].allow_unencrypted
