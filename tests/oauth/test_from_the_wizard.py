"""A sign-in that begins at a step of the troubleshooting ends there."""

import pytest
from flask import Flask

from portal.models import CheckState, MailCheck
from portal.models.base import now
from tests.conftest import ON_SQLITE
from tests.mail_settings.form import save
from tests.oauth.provider import all_grants, come_back, path_of, sign_in
from tests.oauth_server import OAuthServer, allow, deny
from tests.outbox.line import Line
from tests.people import Page, Visitor
from tests.troubleshooting.wizard import WIZARD, at

pytestmark = ON_SQLITE

STEP = at("outlook/sign-in")


@pytest.fixture
def refused(admin: Visitor, provider: OAuthServer) -> None:
    """A mailbox at Hotmail was saved with a password, which opens nothing there any more."""
    nothing = dict.fromkeys(("smtp_server", "smtp_port", "security"), "")
    save(admin, email="ana@hotmail.com", host="hotmail", **nothing)


def link(page: Page) -> str:
    return str(page.one(".wizard .sign-in a.btn")["href"])


def begin(admin: Visitor) -> str:
    started = admin.get(link(admin.get(STEP)))
    assert started.status == 302, started.text
    return started.location


def test_the_step_has_the_same_link_as_the_settings_page(admin: Visitor, refused: None) -> None:
    page = admin.get(STEP)
    assert page.one(".wizard .sign-in a.btn").text == "Sign in with Microsoft"
    assert "email=ana@hotmail.com" in link(page)


def test_one_comes_back_to_the_step_which_shows_the_check(
    app: Flask, admin: Visitor, provider: OAuthServer, refused: None
) -> None:
    provider.signs_in_as = "ana@hotmail.com"
    page = come_back(admin, allow(begin(admin)))
    assert page.location == f"{STEP}/check"
    assert len(all_grants(app)) == 1
    assert admin.get(f"{STEP}/check").one("#check")["data-check-status"] == "running"


def test_who_does_not_agree_can_try_again_or_go_back_to_the_step(
    admin: Visitor, refused: None
) -> None:
    page = come_back(admin, deny(begin(admin)))
    assert page.status == 422
    assert page.one(f'main a[href="{STEP}"]').text == "Back to the step"
    again = admin.get(path_of(str(page.one("main a.btn-primary")["href"])))
    assert again.status == 302
    assert "step=outlook" in str(page.one("main a.btn-primary")["href"])


@pytest.mark.parametrize("step", ["nothing", "outlook/kind", "https://example.com/x", "../x/y"])
def test_no_link_leads_anywhere_else(admin: Visitor, provider: OAuthServer, step: str) -> None:
    page = sign_in(admin, "microsoft", step=step)
    assert page.location == "/settings/email"


@pytest.mark.parametrize("saved_at", ["", "gmail"])
def test_for_another_mailbox_its_address_comes_first(
    admin: Visitor, provider: OAuthServer, saved_at: str
) -> None:
    if saved_at:
        save(admin, host=saved_at, smtp_server="")
    page = admin.get(STEP)
    assert not page.has(".sign-in")
    assert page.one(".wizard a.btn-primary")["href"] == "/settings/email?host=hotmail"


def test_a_permission_that_is_refused_is_told_on_the_step(
    app: Flask, admin: Visitor, provider: OAuthServer, refused: None
) -> None:
    provider.signs_in_as = "ana@hotmail.com"
    come_back(admin, allow(begin(admin)))
    told = {"state": CheckState.FAILED, "cause": "oauth_refused", "reply": "535 5.7.3 No"}
    Line(app).change(MailCheck, **told, finished_at=now())
    assert admin.get(f"{STEP}/check").location == STEP
    assert "535 5.7.3 No" in admin.get(STEP).one(".found-here").text
    assert admin.get(STEP).one(".found-here")["data-why"] == "moved"
    assert admin.get(WIZARD).location == STEP
