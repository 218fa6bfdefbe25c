"""The troubleshooting walked by real people's ways: from the check that failed on the settings page
to a mailbox that is configured, at a provider that answers anew as the person acts."""

import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from flask import Flask
from playwright.sync_api import expect

from portal.admin import service as practice
from tests.browser.conftest import Screens
from tests.browser.wizard import (
    ACCEPTED,
    APP_PASSWORD_NEEDED,
    GMAIL,
    HELD_BACK,
    HOTMAIL,
    IONOS,
    OUTLOOK_OFFERS,
    PASSWORDS_GONE,
    REFUSED,
    WIZARD,
    Walker,
    passwords_seen,
    save_at_gmail,
    tab_to,
)
from tests.conftest import JobRunner
from tests.dns_server import DnsServer
from tests.mail_settings.form import ask_dns
from tests.oauth_server import OAuthServer
from tests.people import ADMIN, PASSWORD, VIEWER
from tests.processes import free_port
from tests.scripted_smtp import ScriptedServer

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-wizard")]

LOCATION = "Frankfurt, Germany, 203.0.113.7"
COLLEAGUE = "ines@clinica.example.com"


@pytest.fixture(autouse=True)
def _loopback_only(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The providers' own servers have no addresses here: they are nobody's to try."""
    look_up = socket.getaddrinfo

    def answer(host: Any, *others: Any, **more: Any) -> Any:
        if host not in ("127.0.0.1", "localhost", b"127.0.0.1"):
            raise socket.gaierror(socket.EAI_NONAME, "not in this test")
        return look_up(host, *others, **more)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    with DnsServer() as server:
        ask_dns(app, server)
        yield


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """The provider's mail server."""
    with ScriptedServer({"auth": REFUSED}, tls="ssl") as server:
        yield server


@pytest.fixture
def walker(screens: Screens, run_jobs: JobRunner, server: ScriptedServer) -> Walker:
    return Walker(screens(), run_jobs, server)


@pytest.fixture
def refused(app: Flask, walker: Walker, server: ScriptedServer) -> Walker:
    """Somebody at the first step, since Google has refused the mailbox's password."""
    save_at_gmail(app, server)
    walker.run_jobs()
    walker.page.goto(WIZARD)
    walker.is_at("gmail/two-step", step=1)
    return walker


def test_gmail_from_the_refused_password_to_a_mail_that_has_arrived(
    walker: Walker, server: ScriptedServer
) -> None:
    walker.begin_at(GMAIL, APP_PASSWORD_NEEDED, "gmail/two-step")
    walker.is_at("gmail/two-step", step=1)
    walker.finds("here", "Application-specific password required")
    walker.answer("No", leads_to="gmail/turn-on", step=2)
    walker.answer("Yes", leads_to="gmail-two-step/make", step=3)
    walker.answer("Yes", leads_to="gmail-two-step/paste", step=4)
    walker.screen.look()

    server.plays["auth"] = REFUSED
    walker.check_now(leads_to="gmail-two-step/refused", password="abcd efgh ijkl mnop")
    walker.finds("moved", "Username and Password not accepted")
    server.plays["auth"] = ACCEPTED
    walker.check_now(leads_to="done/configured", password="qrst uvwx yzab cdef")
    assert passwords_seen(server) == ["LaDeSiempre", "abcdefghijklmnop", "qrstuvwxyzabcdef"]
    walker.is_configured()

    walker.sends_test_mail(leads_to="done/arrived")
    assert server.count(ADMIN) == 1
    walker.answer("In the inbox", leads_to="done/finished")
    walker.screen.press(walker.page.get_by_role("link", name="To the home page"))
    expect(walker.page.locator("#mail-warning")).to_have_count(0)


def test_gmail_by_plain_pages_in_a_narrow_window(
    screens: Screens, run_jobs: JobRunner, server: ScriptedServer
) -> None:
    walker = Walker(screens(javascript=False, width=375), run_jobs, server)
    walker.begin_at(GMAIL, APP_PASSWORD_NEEDED, "gmail/two-step")
    walker.answer("I don't know", leads_to="gmail/find-out", step=2)
    walker.answer("Turn off 2-Step Verification", leads_to="gmail-two-step/make", step=3)
    walker.answer("Yes", leads_to="gmail-two-step/paste", step=4)
    assert not walker.screen.wider_than_window()
    server.plays["auth"] = ACCEPTED
    walker.check_now(leads_to="done/configured", password="abcd efgh ijkl mnop")
    walker.is_configured()
    assert passwords_seen(server)[-1] == "abcdefghijklmnop"


def test_gmail_by_keyboard_alone(refused: Walker, server: ScriptedServer) -> None:
    walker, page = refused, refused.page
    for leads_to in ("gmail-two-step/make", "gmail-two-step/paste"):
        tab_to(page, ".question button")
        expect(page.locator(":focus")).to_have_text("Yes")
        walker.screen.press_enter()
        walker.is_at(leads_to)
    tab_to(page, "#password")
    page.keyboard.type("abcd efgh ijkl mnop")
    tab_to(page, "#check button[type=submit]")
    server.plays["auth"] = ACCEPTED
    walker.screen.press_enter()
    walker.check_goes_on("done/configured")
    walker.is_configured()


def test_outlook_from_a_password_that_is_taken_no_more_to_the_sign_in(
    app: Flask, walker: Walker, server: ScriptedServer, provider: OAuthServer
) -> None:
    screen, page = walker.screen, walker.page
    object.__setattr__(app.config["PORTAL"], "base_url", screen.address)
    page.route(f"{provider.base}/**", lambda route: route.continue_())
    provider.signs_in_as = HOTMAIL[1]
    server.plays["ehlo"] = OUTLOOK_OFFERS
    walker.begin_at(HOTMAIL, PASSWORDS_GONE, "outlook/kind")
    walker.finds("here", "basic authentication is disabled")
    walker.answer("hotmail, outlook, live or msn", leads_to="outlook/sign-in", step=2)
    screen.look()

    sign_in = page.get_by_role("link", name="Sign in with Microsoft", exact=True)
    assert parse_qs(sign_in.get_attribute("href") or "")["smtp_server"] == ["127.0.0.1"]
    sign_in.click()
    server.plays["auth"] = ACCEPTED
    page.get_by_role("button", name="Allow").click()
    walker.is_checking()
    expect(page.locator("main")).to_contain_text("Signed in with Microsoft")
    screen.look()
    walker.check_goes_on("done/configured")
    walker.is_configured()
    assert any(line.startswith("AUTH XOAUTH2 ") for line in server.commands)


def test_ionos_from_a_wrong_port_to_the_right_one(walker: Walker, server: ScriptedServer) -> None:
    server.tls, server.plays["auth"] = "tls", ACCEPTED
    walker.fill_in_settings(*IONOS)
    walker.page.get_by_label("Port").fill(str(free_port()))
    walker.fail_on_the_settings_page("la contraseña")
    walker.ask_for_help("own-domain/ionos")
    expect(walker.page.locator(".places")).to_contain_text("smtp.ionos.es")

    port = str(server.port)
    walker.check_now("own-domain/other-port", smtp_port=port, security="ssl")
    walker.finds("moved", "does not expect this protocol on this port")
    expect(walker.page.locator("#smtp_port")).to_have_value(port)
    expect(walker.page.locator("#security")).to_have_value("tls")  # as it was found to answer
    walker.check_now("done/configured")
    walker.is_configured()
    assert passwords_seen(server) == ["la contraseña"]


def test_a_blocked_sign_in_which_a_colleague_ends(
    app: Flask, screens: Screens, run_jobs: JobRunner, server: ScriptedServer
) -> None:
    object.__setattr__(app.config["PORTAL"], "sending_location", LOCATION)
    with app.app_context():
        practice.add_user(COLLEAGUE, PASSWORD, "admin", "en")
    viewer = screens(VIEWER).page
    marta = Walker(screens(), run_jobs, server)
    marta.begin_at(GMAIL, HELD_BACK, "blocked/look")
    expect(marta.page.locator(".wizard")).to_contain_text(LOCATION)
    marta.answer("Yes", leads_to="blocked/confirm", step=2)
    marta.answer("Yes", leads_to="blocked/wait", step=3)
    marta.check_now(leads_to="blocked/wait")
    marta.finds("again", "log in via your web browser")
    marta.note("Google's list has us from Frankfurt: confirmed")
    viewer.goto("/")
    expect(viewer.locator("#mail-warning")).to_be_visible()

    ines = Walker(screens(COLLEAGUE), run_jobs, server)
    ines.page.goto("/")
    ines.page.locator("#mail-warning").get_by_role("link", name="Step by step").click()
    ines.is_at("blocked/wait", step=3)
    ines.page.get_by_text("The way so far").click()
    way = ines.page.locator("details", has_text="The way so far")
    expect(way.get_by_role("listitem").nth(1)).to_have_text("Confirm that it was you: Yes")
    expect(way).to_contain_text(ADMIN)
    expect(ines.page.locator("#notes")).to_contain_text("from Frankfurt: confirmed")
    ines.screen.look()
    server.plays["auth"] = ACCEPTED
    ines.check_now(leads_to="done/configured")
    ines.is_configured()
    viewer.reload()
    expect(viewer.locator("#mail-warning")).to_have_count(0)


def test_a_check_that_finds_something_else_leads_there_and_says_so(
    refused: Walker, server: ScriptedServer
) -> None:
    walker = refused
    walker.answer("Yes", leads_to="gmail-two-step/make")
    walker.answer("Yes", leads_to="gmail-two-step/paste")
    server.plays["auth"] = HELD_BACK
    walker.check_now(leads_to="blocked/look", password="abcd efgh ijkl mnop")
    walker.finds("moved", "log in via your web browser")
    walker.page.goto(WIZARD)
    walker.is_at("blocked/look")


def test_the_letter_is_copied_and_printed_without_a_password(refused: Walker) -> None:
    screen, page = refused.screen, refused.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    screen.press(page.get_by_role("link", name="Ask somebody who can help"))
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.get_by_label("Letter").input_value()
    assert "127.0.0.1" in copied
    assert str(refused.server.port) in copied
    assert "535 5.7.8 Username and Password not accepted" in copied
    assert "LaDeSiempre" not in copied
    screen.look()

    page.emulate_media(media="print")
    assert page.locator("main").inner_text().strip() == copied.strip()
    expect(page.get_by_role("banner")).to_be_hidden()
