"""The way out: the permission is forgotten here, and taken back at the provider."""

import logging

import pytest
from flask import Flask

from portal.models import AccountStatus, SettingsState
from tests.conftest import ON_SQLITE
from tests.mail_settings.form import FIELDS, PAGE, account, save
from tests.oauth.provider import (
    MAILBOX,
    SIGN_IN,
    Issuer,
    all_grants,
    all_settings,
    register,
    sign_in,
    tokens,
)
from tests.oauth_server import OAuthServer
from tests.outbox.line import Line
from tests.people import Page, Visitor

PERSONAL = "https://account.live.com/consent/Manage"
OF_ORGANISATIONS = "https://myapps.microsoft.com"
ISSUERS = pytest.mark.parametrize("issuer", ["google", "microsoft"])


def disconnect(visitor: Visitor) -> Page:
    answer = visitor.send(f"{SIGN_IN}/disconnect", form_at=PAGE)
    assert answer.status == 302
    return visitor.get(answer.location)


@ISSUERS
def test_nothing_of_the_permission_is_kept(
    app: Flask, admin: Visitor, provider: OAuthServer, issuer: Issuer
) -> None:
    sign_in(admin, issuer)
    Line(app).pass_check()
    assert account(app).status is AccountStatus.WORKING
    page = disconnect(admin)
    told = "withdrawn and forgotten here" if issuer == "google" else "was forgotten here"
    assert told in page.text
    assert [(grant.tokens, grant.tokens_key_id) for grant in all_grants(app)] == [("", "")]
    assert [saved.state for saved in all_settings(app)] == [SettingsState.RETIRED]
    assert account(app).status is AccountStatus.UNCONFIGURED
    assert page.has("#mail-warning")
    assert "Signed in with" not in page.one("#sign-in").text


@ON_SQLITE
def test_google_is_told(
    app: Flask, admin: Visitor, provider: OAuthServer, caplog: pytest.LogCaptureFixture
) -> None:
    sign_in(admin, "google")
    refresh_token = tokens(app, all_grants(app)[0])["refresh"]
    caplog.set_level(logging.DEBUG)
    page = disconnect(admin)
    assert not provider.is_live(MAILBOX, provider.issued[0])
    assert "still lists this portal" not in page.text
    assert refresh_token not in page.response.text + caplog.text


@ON_SQLITE
@pytest.mark.parametrize("how", ["fails", "is not registered any more"])
def test_what_google_could_not_be_told_is_done_by_hand(
    app: Flask, admin: Visitor, provider: OAuthServer, how: str
) -> None:
    sign_in(admin, "google")
    if how == "fails":
        provider.answers = "error500"
    else:
        register(app, client_id="")
    page = disconnect(admin)
    assert "Google still lists this portal" in page.text
    assert page.has('main .alert a[href^="https://myaccount.google.com/"][target=_blank]')
    assert all_grants(app)[0].tokens == ""


@ON_SQLITE
@pytest.mark.parametrize(
    ("tenant", "pages"),
    [
        ("common", [PERSONAL, OF_ORGANISATIONS]),
        ("consumers", [PERSONAL]),
        ("organizations", [OF_ORGANISATIONS]),
        ("clinica.es", [OF_ORGANISATIONS]),
    ],
)
def test_at_microsoft_it_is_done_by_hand_where_the_account_is(
    admin: Visitor, provider: OAuthServer, tenant: str, pages: list[str]
) -> None:
    sign_in(admin, "microsoft", tenant=tenant)
    before = admin.get(PAGE).html.select("#sign-in .confirm a[target=_blank]")
    assert [str(link["href"]) for link in before] == pages
    page = disconnect(admin)
    links = [str(link["href"]) for link in page.html.select("main .alert-info a[target=_blank]")]
    assert links == pages
    assert not [one for one in provider.requests if one.path == "/revoke"]


@ON_SQLITE
@pytest.mark.parametrize("host", ["google_workspace", "other"])
def test_while_a_password_is_tried_the_permission_at_work_can_still_be_ended(
    app: Flask, admin: Visitor, provider: OAuthServer, host: str
) -> None:
    sign_in(admin, "google")
    line = Line(app)
    line.pass_check()
    save(admin, email=MAILBOX, host=host)
    box = admin.get(PAGE).one("#sign-in").text
    assert f"Signed in with Google as {MAILBOX} since" in box
    assert "Mails go on by the settings that worked before." in box
    assert "Forget the permission" in box
    assert "keep the stored one" in admin.get(PAGE).one("#password-hint").text
    page = disconnect(admin)
    assert "Signed in with" not in page.one("#sign-in").text
    assert [grant.tokens for grant in all_grants(app)] == [""]
    line.pass_check()
    assert "Signed in with" not in admin.get(PAGE).one("#sign-in").text


@ON_SQLITE
def test_a_mailbox_with_a_password_is_left_alone(
    app: Flask, admin: Visitor, provider: OAuthServer
) -> None:
    Line(app).configure(port=2525)
    disconnect(admin)
    assert [saved.state for saved in all_settings(app)] == [SettingsState.ACTIVE]
    assert account(app).status is AccountStatus.WORKING


@ON_SQLITE
def test_afterwards_a_password_is_asked_for(
    app: Flask, admin: Visitor, provider: OAuthServer
) -> None:
    sign_in(admin, "google")
    disconnect(admin)
    host = {"host": "google_workspace", "smtp_server": "", "smtp_port": "", "security": ""}
    page = admin.send(PAGE, {**FIELDS, **host, "email": MAILBOX, "password": ""})
    assert page.status == 422
    assert "Enter the password, or use “Sign in with Google”." in page.error("password")


@ON_SQLITE
def test_without_its_token_a_post_disconnects_nothing(
    app: Flask, admin: Visitor, provider: OAuthServer
) -> None:
    sign_in(admin, "google")
    assert admin.post(f"{SIGN_IN}/disconnect").status == 400
    assert admin.get(f"{SIGN_IN}/disconnect").status == 404
    assert all_grants(app)[0].tokens != ""
