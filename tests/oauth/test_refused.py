"""Sign-ins that come to nothing: each is a sentence on a page of its own, and nothing is stored."""

import logging
from typing import Any

import pytest
from flask import Flask

from portal.mail import oauth_http
from tests.conftest import ON_SQLITE
from tests.mail_settings.form import PAGE, save
from tests.oauth.provider import (
    MAILBOX,
    SIGN_IN,
    Issuer,
    all_grants,
    all_settings,
    begin,
    come_back,
    is_nothing_stored,
    query_of,
    register,
    secrets_of,
    sign_in,
)
from tests.oauth_server import OAuthServer, allow, deny
from tests.people import Page, Visitor

ISSUERS = pytest.mark.parametrize("issuer", ["google", "microsoft"])

NO_SCOPE = "openid email"
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "html": ({"answers": "html"}, "makes no sense"),
    "error": ({"answers": "error500"}, "can't be reached"),
    "clock ahead": ({"clock_off": 600}, "minutes apart"),
    "clock behind": ({"clock_off": -1020}, "minutes apart"),
    "no scope": ({"scope_granted": NO_SCOPE}, "tick every box"),
    "no refresh token": ({"without_refresh_token": True}, "for an hour only"),
    "no address": (
        {"claims": {"email": None, "preferred_username": None}},
        "did not say which mailbox",
    ),
}


def assert_refused(page: Page, told: str, issuer: str = "google") -> None:
    """A page that says what happened and leads back to the start and to the form."""
    assert page.status == 422
    assert page.one("h1").text == f"Sign-in with {issuer.capitalize()} did not work"
    assert told in page.text
    assert "Nothing was changed." in page.text
    links = {link.text: str(link["href"]) for link in page.html.select("main a.btn")}
    assert links["Try again"].startswith(f"{SIGN_IN}/{issuer}")
    assert links["Back to the email settings"] == PAGE


@ON_SQLITE
@ISSUERS
@pytest.mark.parametrize("what", WRONG)
def test_an_answer_that_is_not_right_is_said_and_stores_nothing(
    app: Flask,
    admin: Visitor,
    provider: OAuthServer,
    caplog: pytest.LogCaptureFixture,
    issuer: Issuer,
    what: str,
) -> None:
    changed, told = WRONG[what]
    vars(provider).update(changed)
    caplog.set_level(logging.DEBUG)
    page = sign_in(admin, issuer)
    assert_refused(page, told, issuer)
    assert is_nothing_stored(app)
    assert not [text for text in secrets_of(provider) if text in page.response.text + caplog.text]


@ON_SQLITE
def test_a_silent_provider_is_not_waited_for_long(
    app: Flask, admin: Visitor, provider: OAuthServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oauth_http, "TIMEOUTS", (1.0, 0.2))
    provider.answers = "silence"
    assert_refused(sign_in(admin, "google"), "can't be reached")
    assert is_nothing_stored(app)


@ON_SQLITE
def test_a_provider_that_is_not_there_is_said(app: Flask, admin: Visitor) -> None:
    with OAuthServer() as server:
        register(app, server.base)
        back = allow(begin(admin, "google"))
    assert_refused(come_back(admin, back), "can't be reached")
    assert is_nothing_stored(app)


@ON_SQLITE
@ISSUERS
def test_somebody_who_does_not_agree_is_told_what_follows(
    app: Flask, admin: Visitor, provider: OAuthServer, issuer: Issuer
) -> None:
    page = come_back(admin, deny(begin(admin, issuer)))
    assert_refused(page, "agree to what the page asks", issuer)
    assert page.texts("blockquote") == ["access_denied"]
    assert is_nothing_stored(app)


@ON_SQLITE
def test_a_code_that_was_used_already_is_refused(
    app: Flask, admin: Visitor, provider: OAuthServer
) -> None:
    used = query_of(allow(begin(admin, "google")))
    come_back(admin, f"{SIGN_IN}/google/return?state={used['state']}&code={used['code']}")
    state = query_of(begin(admin, "google"))["state"]
    again = admin.get(f"{SIGN_IN}/google/return?state={state}&code={used['code']}")
    assert_refused(again, "had been used already")
    assert "invalid_grant" in again.one("blockquote").text
    assert used["code"] not in again.one("main").text
    assert len(all_grants(app)) == 1


@ON_SQLITE
def test_trying_again_carries_the_form_along(admin: Visitor, provider: OAuthServer) -> None:
    page = come_back(admin, deny(begin(admin, "microsoft", tenant="consumers", smtp_port="25")))
    again = str(page.one("main a.btn-primary")["href"])
    assert {"email": MAILBOX, "smtp_port": "25", "tenant": "consumers"}.items() <= query_of(
        again
    ).items()
    assert come_back(admin, allow(admin.get(again).location)).status == 302


@ON_SQLITE
def test_a_secret_that_no_longer_fits_leads_to_how_it_is_registered(
    app: Flask, admin: Visitor, provider: OAuthServer
) -> None:
    back = allow(begin(admin, "google"))
    register(app, provider.base, client_secret="outdated")
    page = come_back(admin, back)
    assert_refused(page, "does not accept this portal")
    assert page.has(f'main a[href="{SIGN_IN}#google"]')
    assert "outdated" not in page.response.text


@ON_SQLITE
def test_what_worked_before_goes_on_when_a_sign_in_fails(
    app: Flask, admin: Visitor, provider: OAuthServer
) -> None:
    save(admin)
    come_back(admin, deny(begin(admin, "google")))
    assert len(all_settings(app)) == 1
    assert all_settings(app)[0].grant_id is None
