"""Steering a campaign while its numbers move."""

import pytest
from flask import Flask
from playwright.sync_api import expect

from tests.browser import practices
from tests.browser.conftest import Screens
from tests.people import STAFF

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-line")]

MARK = "document.querySelector('#progress').dataset.old = 'yes'"


@pytest.fixture
def running(app: Flask) -> str:
    with app.app_context():
        practices.at_work()
    return "/campaigns/2"


def test_asking_to_cancel_stays_open_while_the_numbers_move(screens: Screens, running: str) -> None:
    page = screens(STAFF).open(running)
    page.locator("#cancel").click()
    page.evaluate(MARK)
    expect(page.locator("#progress")).not_to_have_attribute("data-old", "yes")
    expect(page.get_by_role("button", name="Cancel for good")).to_be_visible()


def test_after_pausing_the_keyboard_is_where_resuming_is(screens: Screens, running: str) -> None:
    page = screens(STAFF).open(running)
    page.get_by_role("button", name="Pause").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-campaign-status=paused]")).to_be_visible()
    expect(page.get_by_role("button", name="Resume")).to_be_focused()
    expect(page.locator(".htmx-added, .htmx-settling")).to_have_count(
        0
    )  # its form is htmx's by now
    page.keyboard.press("Enter")
    expect(page.locator("[data-campaign-status=running]")).to_be_visible()
    expect(page.get_by_role("button", name="Pause")).to_be_focused()
