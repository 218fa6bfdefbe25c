"""Settling mails in doubt by keyboard: one goes on where the next one is."""

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.conftest import Screens
from tests.outbox.doubtful import LIST, three_in_doubt
from tests.outbox.line import Line
from tests.people import STAFF

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-line")]


@pytest.fixture(autouse=True)
def _three(app: Flask) -> None:
    """The mails to cleo, bea and ana are in doubt, and listed in this order."""
    line = Line(app)
    line.configure(port=465)
    line.add_contacts("ana", "bea", "cleo")
    three_in_doubt(line)


def settle(page: Page, name: str) -> None:
    mail = page.get_by_role("region", name=name)
    mail.get_by_role("button", name="Sent after all").focus()
    page.keyboard.press("Enter")
    expect(mail).to_have_count(0)


def test_the_keyboard_is_at_the_next_mail_and_in_the_end_at_what_was_done(
    screens: Screens,
) -> None:
    screen = screens(STAFF)
    page = screen.open(LIST)
    for name, following in (("bea", "ana"), ("ana", "cleo")):
        settle(page, name)
        expect(page.get_by_role("link", name=f"{following}@example.com")).to_be_focused()
    settle(page, "cleo")
    expect(page.get_by_text("1 mail counts as sent now.")).to_be_focused()
    screen.look()


def test_when_all_are_settled_at_once_it_is_at_what_was_done(screens: Screens) -> None:
    page = screens(STAFF).open(LIST)
    page.locator("#settle-all summary").click()
    page.get_by_role("button", name="Sent after all (3)").press("Enter")
    expect(page.get_by_text("3 mails count as sent now.")).to_be_focused()


def test_on_the_page_of_one_mail_too(screens: Screens) -> None:
    page = screens(STAFF).open("/sent/1")
    page.get_by_role("button", name="Sent after all").press("Enter")
    expect(page.get_by_text("1 mail counts as sent now.")).to_be_focused()


def test_a_refusal_has_the_keyboard_as_well(screens: Screens) -> None:
    screen = screens(STAFF)
    page = screen.open(LIST)
    other = screens(STAFF).open("/sent/1")
    other.get_by_role("button", name="Sent after all").click()
    expect(other.get_by_text("1 mail counts as sent now.")).to_be_visible()
    page.locator("#settle-all summary").click()
    page.get_by_role("button", name="Sent after all (3)").press("Enter")
    expect(page.get_by_text("The list has changed in the meantime.")).to_be_focused()
    screen.look(422)


def test_on_a_narrow_screen_every_fact_has_the_whole_width(screens: Screens) -> None:
    facts = screens(STAFF, width=375).open(LIST).locator(".facts").first
    widths = [found.bounding_box() for found in (facts, *(facts.locator("dt, dd").all()))]
    assert len({(box["x"], box["width"]) for box in widths if box}) == 1
