"""The warning that every signed-in person sees while no mail can be sent."""

import pytest
from flask import Flask

from portal.mail_settings import accounts
from tests.conftest import ON_SQLITE
from tests.outbox.line import Line
from tests.people import ADMIN, STAFF, VIEWER, Visitor

pytestmark = ON_SQLITE

PAGES = {
    ADMIN: ("/", "/sent", "/contacts", "/campaigns", "/settings/email", "/settings/users"),
    STAFF: ("/", "/sent", "/contacts", "/contacts/import", "/campaigns", "/campaigns/new"),
    VIEWER: ("/", "/sent"),
}


@pytest.mark.parametrize("email", PAGES)
def test_every_page_warns_until_the_mailbox_works(app: Flask, email: str) -> None:
    visitor = Visitor(app).sign_in(email)
    for path in PAGES[email]:
        assert "Email is not configured" in visitor.get(path).one("#mail-warning").text, path
    Line(app).configure(port=465)
    for path in PAGES[email]:
        page = visitor.get(path)
        assert not page.has("#mail-warning"), path
        assert "Email is not configured" not in page.text


@pytest.mark.parametrize("email", [STAFF, VIEWER])
def test_others_see_who_can_mend_it(app: Flask, email: str) -> None:
    warning = Visitor(app).sign_in(email).get("/").one("#mail-warning")
    assert ADMIN in warning.text
    assert not warning.select("a")


def test_administrators_get_a_link(admin: Visitor) -> None:
    assert admin.get("/").one("#mail-warning a")["href"] == "/settings/email"


def test_strangers_see_none(stranger: Visitor) -> None:
    assert not stranger.get("/login").has("#mail-warning")


def test_a_mailbox_that_stopped_working_warns_again_and_says_so(app: Flask) -> None:
    Line(app).configure(port=465)
    with app.app_context():
        used = accounts.active_settings(1)
        assert used
        trouble = accounts.Trouble("password_refused", "password", "535 5.7.8 no")
        accounts.stopped_working(used, trouble)
    for email in PAGES:
        page = Visitor(app).sign_in(email).get("/")
        assert "has stopped working" in page.one("#mail-warning").text
    admin = Visitor(app).sign_in(ADMIN)
    page = admin.get("/settings/email")
    assert page.one("main")["data-account-status"] == "failing"
    assert "535 5.7.8 no" in page.error("password"), "what sending met stands on its field"
    assert "Your mailbox is configured" not in page.text


def test_nothing_is_launched_while_it_stands(app: Flask, staff: Visitor) -> None:
    Line(app).add_contacts("ana")
    draft = {"name": "Otoño", "subject": "Novedades", "body": "Hola", "audience": "all"}
    campaign = staff.send("/campaigns/new", draft).location
    page = staff.send(f"{campaign}/launch", {"confirm": "1"}, form_at=campaign)
    assert page.status == 422
    assert "Email is not configured, so nothing can be sent yet" in page.text
    assert staff.get(campaign).one("[data-campaign-status]")["data-campaign-status"] == "draft"
