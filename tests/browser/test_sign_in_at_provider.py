"""Signing in at the provider in a browser: from the button to a mailbox that works."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.conftest import Screens
from tests.browser.screen import Screen, Theme
from tests.conftest import JobRunner
from tests.oauth.provider import HOSTS, MAILBOX, Issuer
from tests.oauth_server import OAuthServer
from tests.smtp_server import MailServer

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-line")]

PATH = "/settings/email"
LOOKS: tuple[tuple[Theme, int], ...] = (("light", 360), ("dark", 1440))


@pytest.fixture
def mail_server(provider: OAuthServer) -> Iterator[MailServer]:
    """The provider's mail server, which takes its tokens and no passwords."""
    with MailServer(user=MAILBOX, tokens=provider.is_live) as server:
        yield server


@pytest.fixture
def screen(app: Flask, screens: Screens, provider: OAuthServer) -> Screen:
    """A screen that may go to the provider and back."""
    screen = screens()
    object.__setattr__(app.config["PORTAL"], "base_url", screen.address)
    screen.page.route(f"{provider.base}/**", lambda route: route.continue_())
    return screen


def fill_in(screen: Screen, issuer: Issuer, server: MailServer) -> Page:
    """The form with the mailbox, and with its mail server in place of the provider's own."""
    page = screen.open(f"{PATH}?host={HOSTS[issuer]}&email={MAILBOX}")
    page.locator("#smtp-fields summary").click()
    page.get_by_label("Server (SMTP)").fill("127.0.0.1")
    page.get_by_label("Port").fill(str(server.port))
    page.get_by_label("Protocol").select_option("ssl")
    return page


@pytest.mark.parametrize("issuer", ["google", "microsoft"])
def test_from_the_button_to_configured(
    screen: Screen, mail_server: MailServer, run_jobs: JobRunner, issuer: Issuer
) -> None:
    name = issuer.capitalize()
    page = fill_in(screen, issuer, mail_server)
    page.get_by_label("Sender name").fill("Consulta Ñandú")
    page.get_by_label("Password", exact=True).fill("not to be kept")
    screen.look()
    page.get_by_role("link", name=f"Sign in with {name}").click()
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url(f"**{PATH}")
    screen.look()
    expect(page.locator("#sign-in")).to_contain_text(f"Signed in with {name} as {MAILBOX}")
    expect(page.get_by_label("Sender name")).to_have_value("Consulta Ñandú")
    expect(page.get_by_text("It isn't saved yet.")).to_be_hidden()
    expect(page.get_by_label("Password", exact=True)).to_have_value("")
    run_jobs()
    expect(page.locator("#check")).to_contain_text("Your mailbox is configured.")
    expect(page.locator("#mail-warning")).to_have_count(0)
    screen.look()
    assert page.evaluate("sessionStorage.getItem('portal-kept')") is None


def test_what_the_link_can_not_carry_stands_there_again_and_is_told_apart_from_what_is_saved(
    screen: Screen, mail_server: MailServer, run_jobs: JobRunner
) -> None:
    page = fill_in(screen, "google", mail_server)
    notice, sentence = page.get_by_label("Legal notice"), page.get_by_text("It isn't saved yet.")
    page.get_by_label("Sender name").fill("Consulta Ñandú")
    notice.fill("Confidencial.\nSolo para usted.")
    expect(sentence).to_be_hidden()
    page.get_by_role("link", name="Sign in with Google").click()
    page.get_by_role("button", name="Allow").click()
    expect(sentence).to_be_visible()
    screen.look()
    run_jobs()
    expect(page.locator("#check")).to_contain_text("Your mailbox is configured.")
    expect(sentence).to_be_visible()  # the result has taken the place of the page
    expect(notice).to_have_value("Confidencial.\nSolo para usted.")
    page.get_by_role("button", name="Save and check").click()
    expect(page.locator("#check")).to_have_attribute("data-check-status", "running")
    page.goto(page.url)
    expect(sentence).to_be_hidden()
    expect(notice).to_have_value("Confidencial.\nSolo para usted.")
    expect(page.get_by_label("Sender name")).to_have_value("Consulta Ñandú")


def test_who_does_not_agree_tries_again_with_what_was_typed(
    screen: Screen, mail_server: MailServer
) -> None:
    page = fill_in(screen, "google", mail_server)
    page.get_by_role("link", name="Sign in with Google").click()
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("did not work")
    screen.look(422)
    page.get_by_role("link", name="Try again").click()
    page.get_by_role("button", name="Allow").click()
    expect(page.locator("#sign-in")).to_contain_text("Signed in with Google")
    expect(page.get_by_label("Server (SMTP)")).to_have_value("127.0.0.1")


def test_what_to_press_follows_the_host(screen: Screen) -> None:
    page = screen.open(PATH)
    page.get_by_label("Password", exact=True).fill("typed")
    save, host = page.locator("#save"), page.get_by_label("Host")
    host.select_option("hotmail")
    expect(page.locator("#sign-in a.btn-primary")).to_have_text("Sign in with Microsoft")
    expect(page.locator("#password-hint")).to_contain_text("takes no passwords")
    expect(save).not_to_have_class("btn btn-primary")
    screen.look()
    host.select_option("yahoo")
    expect(page.locator("#sign-in")).to_be_empty()
    expect(save).to_have_class("btn btn-primary")
    expect(page.get_by_label("Password", exact=True)).to_have_value("typed")


def test_the_operators_page_and_disconnecting_look_right(screen: Screen) -> None:
    page = screen.open(f"{PATH}/sign-in")
    for theme, width in LOOKS:
        screen.change(theme, width)
        screen.look()
        assert not screen.wider_than_window()
    page = screen.open(f"{PATH}?withdraw=microsoft:common&host=microsoft365")
    page.locator("#other-accounts summary").click()
    for theme, width in LOOKS:
        screen.change(theme, width)
        screen.look()
        assert not screen.wider_than_window()
