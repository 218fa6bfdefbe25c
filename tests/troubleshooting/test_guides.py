"""The ways out of a mailbox's trouble."""

import pytest
from flask import Flask

from portal.models import CheckState, MailCheck
from portal.models.base import now
from portal.troubleshooting.steps import GUIDES
from tests.conftest import ON_SQLITE
from tests.mail_settings.form import save
from tests.outbox.line import Line
from tests.people import Visitor

pytestmark = ON_SQLITE

PAGE = "/settings/email/troubleshoot"


@pytest.mark.parametrize("name", GUIDES)
def test_a_way_is_one_page_of_numbered_steps(admin: Visitor, name: str) -> None:
    page = admin.get(f"{PAGE}/{name}")
    assert page.one("h1").text == str(GUIDES[name].title)
    assert page.texts("ol.guide li") == [str(step) for step in GUIDES[name].steps]
    assert page.one('main a[href="/settings/email"]')


def test_it_has_what_there_is_to_know_of_the_provider(admin: Visitor) -> None:
    save(admin, host="gmail", smtp_server="")
    page = admin.get(f"{PAGE}/app-password")
    assert "myaccount.google.com/apppasswords" in page.text
    assert page.has("main a[target=_blank]")


def test_the_way_in_leads_to_what_is_the_matter(app: Flask, admin: Visitor) -> None:
    assert "knows of no trouble" in admin.get(PAGE).text
    save(admin)
    failed = {"state": CheckState.FAILED, "finished_at": now(), "cause": "smtp_disabled"}
    Line(app).change(MailCheck, **failed)
    assert admin.get(PAGE).location == f"{PAGE}/smtp-disabled"


@pytest.mark.parametrize("name", ["nothing", "1", "app-password/2"])
def test_an_unknown_way_is_no_page(admin: Visitor, name: str) -> None:
    assert admin.get(f"{PAGE}/{name}").status == 404


@pytest.mark.parametrize("who", ["staff", "viewer"])
def test_only_administrators_see_them(app: Flask, request: pytest.FixtureRequest, who: str) -> None:
    visitor: Visitor = request.getfixturevalue(who)
    assert visitor.get(PAGE).status == 403
    assert visitor.get(f"{PAGE}/password").status == 403
