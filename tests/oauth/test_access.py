"""Who may sign the mailbox in at its provider."""

import pytest
from flask import Flask

from portal.admin.service import add_user
from tests.conftest import ON_SQLITE
from tests.mail_settings.form import PAGE
from tests.oauth.provider import (
    MAILBOX,
    SIGN_IN,
    all_grants,
    begin,
    come_back,
    is_nothing_stored,
    start_url,
)
from tests.oauth.test_refused import assert_refused
from tests.oauth_server import OAuthServer, allow
from tests.people import PASSWORD, Visitor

ANOTHER_ADMIN = "pilar@clinica.example.com"


@ON_SQLITE
@pytest.mark.parametrize("role", ["staff", "viewer"])
@pytest.mark.parametrize("path", ["", "/google", "/microsoft", "/google/return?code=a&state=b"])
def test_only_administrators_sign_the_mailbox_in(
    request: pytest.FixtureRequest, provider: OAuthServer, role: str, path: str
) -> None:
    visitor: Visitor = request.getfixturevalue(role)
    assert visitor.get(f"{SIGN_IN}{path}").status == 403
    disconnect = {"csrf_token": visitor.token()}
    assert visitor.post(f"{SIGN_IN}/disconnect", disconnect).status == 403


@ON_SQLITE
def test_who_is_not_signed_in_to_the_portal_brings_no_answer_back(
    app: Flask, admin: Visitor, stranger: Visitor, provider: OAuthServer
) -> None:
    back = allow(begin(admin, "google"))
    assert come_back(stranger, back).location.startswith("/login")
    assert all_grants(app) == []


@ON_SQLITE
def test_who_signs_in_to_the_portal_next_does_not_end_what_somebody_else_began(
    app: Flask, admin: Visitor, provider: OAuthServer
) -> None:
    with app.app_context():
        add_user(ANOTHER_ADMIN, PASSWORD, "admin", "en")
    back = allow(begin(admin, "google"))
    admin.send("/logout", form_at="/")
    admin.sign_in(ANOTHER_ADMIN)
    page = come_back(admin, back)
    assert_refused(page, "does not belong to a sign-in")
    assert MAILBOX not in page.response.text
    assert is_nothing_stored(app)


@ON_SQLITE
@pytest.mark.parametrize(
    ("site", "leads_to"),
    [
        ("cross-site", PAGE),
        ("same-origin", "http://127.0.0.1:"),
        ("none", "http://127.0.0.1:"),
    ],
)
def test_a_link_on_another_site_begins_no_sign_in(
    admin: Visitor, provider: OAuthServer, site: str, leads_to: str
) -> None:
    answer = admin.get(start_url("google"), Sec_Fetch_Site=site)
    assert answer.status == 302
    assert answer.location.startswith(leads_to)
    with admin.client.session_transaction() as session:
        assert ("oauth" in session) is (leads_to != PAGE)
