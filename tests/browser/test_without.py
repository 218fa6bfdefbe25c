"""The portal with less: without JavaScript, without the network behind htmx, without a mouse."""

from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser import practices
from tests.browser.conftest import Screens, StartWorker
from tests.browser.test_line import SOON, fill_in_mailbox, upload
from tests.people import STAFF
from tests.smtp_server import MailServer

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-line")]

FOCUS_IS_VISIBLE = """() => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
}"""


def tab_to(page: Page, name: str, limit: int = 40) -> None:
    """Tab until the control has the focus; on each way station the focus must be seen."""
    for _ in range(limit):
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUS_IS_VISIBLE), page.evaluate("document.activeElement.outerHTML")
        if page.evaluate("document.activeElement.textContent.trim()") == name:
            return
    raise AssertionError(f"{name} is not reached")


def test_settings_are_saved_and_checked_by_plain_pages(
    screens: Screens, mail_server: MailServer, worker: StartWorker
) -> None:
    screen = screens(javascript=False)
    page = screen.open("/settings/email")
    page.locator("noscript summary").click()
    screen.press(page.get_by_role("link", name="Gmail", exact=True))
    expect(page.get_by_label("Server (SMTP)")).to_have_value("smtp.gmail.com")
    page.locator("noscript summary").click()
    screen.press(page.get_by_role("link", name="Other", exact=True))
    fill_in_mailbox(page, mail_server)
    with worker():
        screen.press(page.get_by_role("button", name="Save and check"))
        expect(page.locator("main")).to_have_attribute(
            "data-account-status", "working", timeout=SOON
        )


def test_contacts_are_imported_by_plain_pages(
    screens: Screens, worker: StartWorker, tmp_path: Path
) -> None:
    screen = screens(STAFF, javascript=False)
    page = upload(screen, tmp_path)
    with worker():
        screen.press(page.get_by_role("button", name="Import"))
        expect(page.locator("#import")).to_contain_text(
            "imported: 3, not imported: 1.", timeout=SOON
        )


def test_a_campaign_is_launched_and_watched_by_plain_pages(
    app: Flask, screens: Screens, mail_server: MailServer, worker: StartWorker
) -> None:
    with app.app_context():
        practices.ready(mail_server)
        campaign = practices.draft("Autumn news")
    screen = screens(STAFF, javascript=False)
    page = screen.open(f"/campaigns/{campaign}")
    with worker():
        screen.press(page.get_by_role("button", name="Launch now"))
        expect(page.locator("#progress")).to_have_attribute(
            "data-campaign-status", "finished", timeout=SOON
        )
    assert len(mail_server.mails) == 4


def test_pages_work_while_the_cdn_is_blocked(app: Flask, screens: Screens) -> None:
    with app.app_context():
        practices.at_work()
    screen = screens(cdn=False)
    page = screen.open("/sent")
    page.get_by_label("Status").select_option("failed")
    screen.press(page.get_by_role("button", name="Filter"))
    expect(page.locator("#list tbody tr")).to_have_count(1)
    screen.press(page.get_by_role("link", name="Recipient"))
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Recipient")


def test_the_first_tab_leads_past_the_navigation(screens: Screens) -> None:
    page = screens(STAFF).open("/contacts")
    tab_to(page, "Skip to content", limit=1)
    page.keyboard.press("Enter")
    tab_to(page, "Ask the administrator", limit=1)  # in the warning, where the content begins
    tab_to(page, "Add a contact", limit=1)


def test_a_campaign_is_begun_by_keyboard(screens: Screens) -> None:
    screen = screens(STAFF)
    page = screen.open("/campaigns")
    tab_to(page, "New campaign")
    screen.press_enter()
    expect(page.get_by_role("heading", level=1)).to_have_text("New campaign")
    tab_to(page, "Save and look at it")
    screen.press_enter(422)
    expect(page.get_by_role("alert")).to_contain_text("There are mistakes in 3 fields")


def test_the_drawer_opens_by_keyboard_on_a_phone(screens: Screens) -> None:
    screen = screens(STAFF, width=375)
    page = screen.open("/")
    menu = page.get_by_role("navigation", name="Main menu")
    expect(menu).not_to_be_visible()
    tab_to(page, "Menu")
    page.keyboard.press("Enter")
    expect(menu).to_be_visible()
    screen.look()
    tab_to(page, "Contacts")
    screen.press_enter()
    expect(page.get_by_role("heading", level=1)).to_have_text("Contacts")
