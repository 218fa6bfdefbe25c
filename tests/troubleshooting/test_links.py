"""Wherever a page tells of trouble, its link leads to the step for that."""

import re
from datetime import timedelta

import pytest
from flask import Flask

from portal.admin.service import LANGUAGES
from portal.models import AccountStatus, MailAccount, Message, MessageStatus
from portal.models.base import now
from tests.conftest import ON_SQLITE
from tests.outbox.line import Line
from tests.people import STAFF, Visitor
from tests.troubleshooting.wizard import WIZARD, at, fail

pytestmark = ON_SQLITE


@pytest.fixture
def blocked(app: Flask, admin: Visitor) -> None:
    fail(app, admin, "sign_in_blocked", "534 5.7.14 Log in via your web browser")


def test_the_settings_page_leads_to_the_step(admin: Visitor, blocked: None) -> None:
    assert admin.get("/settings/email").has(f'#check a[href="{at("blocked/look")}"]')


def test_the_warning_on_every_page_leads_into_the_wizard(admin: Visitor, blocked: None) -> None:
    assert admin.get("/contacts").has(f'#mail-warning a[href="{WIZARD}"]')


def test_who_can_not_open_the_wizard_has_no_link_to_it(staff: Visitor, blocked: None) -> None:
    assert not staff.get("/").has(f'a[href^="{WIZARD}"]')


def test_a_request_for_help_leads_into_it(admin: Visitor, staff: Visitor, blocked: None) -> None:
    staff.send("/ask-administrator", form_at="/")
    page = admin.get("/")
    assert STAFF in page.text
    assert page.has(f'main .panel a[href="{WIZARD}"]')


@pytest.fixture
def refused_mail(app: Flask) -> str:
    """The page of a mail that the recipient's server refused."""
    line = Line(app)
    line.configure(port=465)
    line.add_contacts("ana")
    line.launch()
    line.change(Message, status=MessageStatus.FAILED, reason="recipient_unknown", reply="550 No")
    return "/sent/1"


def test_a_refused_mail_leads_to_its_step(admin: Visitor, refused_mail: str) -> None:
    assert admin.get(refused_mail).has(f'main a[href="{at("not-arriving/refused")}"]')


def test_it_does_so_for_administrators_only(viewer: Visitor, refused_mail: str) -> None:
    assert not viewer.get(refused_mail).has(f'a[href^="{WIZARD}"]')


def test_of_an_unnamed_host_the_server_tells_whose_it_is(app: Flask, admin: Visitor) -> None:
    fail(app, admin, "password_refused", host="other", smtp_server="smtp.gmail.com")
    step = at("gmail/two-step")
    assert admin.get("/settings/email").has(f'#check a[href="{step}"]')
    assert admin.get(WIZARD).location == step


QUOTED = re.compile("[“«](.+?)(?:…)?[”»]")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_way_to_wait_quotes_what_the_settings_page_says(
    app: Flask, admin: Visitor, language: str
) -> None:
    line = Line(app)
    line.configure(port=465)
    until = now() + timedelta(hours=1)
    line.change(MailAccount, status=AccountStatus.LIMITED, limited_until=until)
    admin.send("/language", {"language": language}, form_at="/")
    quoted = QUOTED.findall(admin.get(at("waiting/limit")).one(".sees").get_text())
    assert len(quoted) == 1
    assert quoted[0].strip() in admin.get("/settings/email").one("#check").text
