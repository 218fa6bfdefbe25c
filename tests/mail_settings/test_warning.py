"""The warning that every signed-in person sees while no mail can be sent."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from portal.extensions import db
from portal.mail_settings import accounts
from portal.mail_settings.accounts import Trouble
from tests.conftest import ON_SQLITE
from tests.mail_settings.form import save
from tests.outbox.line import Line
from tests.people import ADMIN, STAFF, VIEWER, Page, Visitor

pytestmark = ON_SQLITE

PAGES = {
    ADMIN: ("/", "/sent", "/contacts", "/campaigns", "/settings/email", "/settings/users"),
    STAFF: ("/", "/sent", "/contacts", "/contacts/import", "/campaigns", "/campaigns/new"),
    VIEWER: ("/", "/sent"),
}
PLACES_OF_A_LIMIT = {
    "/": "#mail-warning",
    "/settings/email": "#check",
    "/campaigns/1": "#progress",
}
WORDS = "535 5.7.8 no"
REFUSED = Trouble("password_refused", "password", WORDS)
MORNING = datetime(2026, 11, 22, 9, 40, tzinfo=UTC)  # 10:40 in Madrid
BRIEF = timedelta(minutes=59, seconds=30)


def stop(app: Flask, trouble: Trouble = REFUSED) -> None:
    """Sending by the settings at work meets this."""
    with app.app_context():
        used = accounts.active_settings(1)
        assert used
        accounts.stopped_working(used, trouble)


def look(page: Page) -> tuple[str, list[str]]:
    """The one warning's heading, and its colour."""
    [warning] = page.html.select("#mail-warning")
    classes = warning["class"]
    return warning.select("strong")[0].text, [c for c in classes if c.startswith("alert-")]


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


def test_it_is_amber_before_the_mailbox_was_set_up_and_red_when_it_broke(
    app: Flask, viewer: Visitor
) -> None:
    assert look(viewer.get("/")) == ("Email is not configured", ["alert-warning"])
    Line(app).configure(port=465)
    stop(app)
    assert look(viewer.get("/")) == ("Email is not configured", ["alert-danger"])


@pytest.mark.parametrize("email", PAGES)
def test_a_mailbox_that_stopped_working_warns_again_and_says_why(app: Flask, email: str) -> None:
    Line(app).configure(port=465)
    stop(app)
    warning = Visitor(app).sign_in(email).get("/").one("#mail-warning")
    assert "has stopped working" in warning.text
    assert "refused user name or password" in warning.text
    assert WORDS not in warning.text, "the server's words are for the settings page"


def test_while_it_is_checked_anew_nothing_is_said_of_why(app: Flask, admin: Visitor) -> None:
    Line(app).configure(port=465)
    stop(app)
    save(admin)
    warning = admin.get("/").one("#mail-warning").text
    assert "has stopped working" in warning
    assert "refused user name or password" not in warning


def test_what_sending_met_stands_on_its_field(app: Flask, admin: Visitor) -> None:
    Line(app).configure(port=465)
    stop(app)
    page = admin.get("/settings/email")
    assert page.one("main")["data-account-status"] == "failing"
    assert WORDS in page.error("password")
    assert "Your mailbox is configured" not in page.text


@pytest.mark.parametrize(
    ("wait", "heading"),
    [
        (BRIEF, "Sending pauses until 11:40\N{NARROW NO-BREAK SPACE}AM"),
        (timedelta(hours=20), "Sending pauses until Monday 6:41\N{NARROW NO-BREAK SPACE}AM"),
    ],
)
@pytest.mark.parametrize("email", PAGES)
def test_at_a_limit_everybody_reads_until_when_sending_pauses(
    app: Flask, email: str, wait: timedelta, heading: str
) -> None:
    with time_machine.travel(MORNING, tick=True):
        Line(app).configure(port=465)
        stop(app, Trouble("try_later", None, "550 5.4.5 Limit", permanent=False, wait=wait))
        page = Visitor(app).sign_in(email).get("/")
    assert look(page) == (heading, ["alert-warning"])
    assert "Mails that wait go by themselves then" in page.one("#mail-warning").text


def test_the_banner_the_settings_and_a_campaign_tell_the_same_end_of_a_limit(app: Flask) -> None:
    with time_machine.travel(MORNING, tick=True):
        line = Line(app)
        line.configure(port=465)
        line.add_contacts("ana")
        line.launch()
        stop(app, Trouble("sending_limit", None, "550 5.4.5 Limit", permanent=False, wait=BRIEF))
        admin = Visitor(app).sign_in(ADMIN)
        for path, part in PLACES_OF_A_LIMIT.items():
            assert "11:40\N{NARROW NO-BREAK SPACE}AM" in admin.get(path).one(part).text, path


def test_new_settings_that_fail_beside_those_at_work_warn_nobody(
    app: Flask, admin: Visitor
) -> None:
    Line(app).configure(port=465)
    with app.app_context():
        used = accounts.active_settings(1)
        assert used
    Line(app).configure(port=587)
    with app.app_context():
        accounts.stopped_working(used, REFUSED)
        db.session.commit()
    assert not admin.get("/").has("#mail-warning")


def test_nothing_is_launched_while_it_stands(app: Flask, staff: Visitor) -> None:
    Line(app).add_contacts("ana")
    draft = {"name": "Otoño", "subject": "Novedades", "body": "Hola", "audience": "all"}
    campaign = staff.send("/campaigns/new", draft).location
    page = staff.send(f"{campaign}/launch", {"confirm": "1"}, form_at=campaign)
    assert page.status == 422
    assert "Email is not configured, so nothing can be sent yet" in page.text
    assert staff.get(campaign).one("[data-campaign-status]")["data-campaign-status"] == "draft"
