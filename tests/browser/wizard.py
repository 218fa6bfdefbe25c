"""A person who walks the troubleshooting: from the failed check on the settings page through its
questions, while a provider's mail server answers as scripted."""

import base64
import re
from dataclasses import replace

from flask import Flask
from playwright.sync_api import Page, expect

from portal.mail_settings import service as mail_settings
from tests.browser import practices
from tests.browser.screen import Screen
from tests.browser.test_line import SOON
from tests.browser.test_without import FOCUS_IS_VISIBLE
from tests.conftest import JobRunner
from tests.scripted_smtp import ScriptedServer

SETTINGS = "/settings/email"
WIZARD = f"{SETTINGS}/troubleshoot"
GMAIL = ("gmail", "clinica.nandu@gmail.com")
HOTMAIL = ("hotmail", "clinica.nandu@hotmail.es")
IONOS = ("ionos_es", "consulta@clinica.example.com")

ACCEPTED = "235 2.7.0 Accepted"
APP_PASSWORD_NEEDED = (
    "534-5.7.9 Application-specific password required. For more information, go to\r\n"
    "534 5.7.9  https://support.google.com/mail/?p=InvalidSecondFactor 4fb4 - gsmtp"
)
REFUSED = (
    "535-5.7.8 Username and Password not accepted. For more information, go to\r\n"
    "535 5.7.8  https://support.google.com/mail/?p=BadCredentials 4fb4 - gsmtp"
)
HELD_BACK = (
    "534-5.7.14 <https://accounts.google.com/signin/continue?sarp=1&scc=1> Please\r\n"
    "534-5.7.14 log in via your web browser and then try again.\r\n"
    "534 5.7.14  https://support.google.com/mail/answer/78754 4fb4 - gsmtp"
)
PASSWORDS_GONE = (
    "535 5.7.139 Authentication unsuccessful, basic authentication is disabled. "
    "[PR1P264CA0042.FRAP264.PROD.OUTLOOK.COM]"
)
OUTLOOK_OFFERS = "250-PR1P264CA0042.outlook.office365.com Hello\r\n250 AUTH LOGIN XOAUTH2"


class Walker:
    """Who sits at a screen. Checks are run as soon as they are asked for; the first step is looked
    at, and each to which a check leads."""

    def __init__(self, screen: Screen, run_jobs: JobRunner, server: ScriptedServer) -> None:
        self.screen, self.page = screen, screen.page
        self.server, self.run_jobs = server, run_jobs

    def begin_at(self, mailbox: tuple[str, str], reply: str, leads_to: str) -> None:
        """The host refuses the mailbox's usual password with this reply; its link leads on."""
        self.server.plays["auth"] = reply
        self.fill_in_settings(*mailbox)
        self.fail_on_the_settings_page("LaDeSiempre")
        self.ask_for_help(leads_to)

    def fill_in_settings(self, host: str, email: str) -> None:
        """The settings page with a mailbox there, and the test's server in place of the host's."""
        page = self.page
        page.goto(f"{SETTINGS}?host={host}&email={email}")
        if not page.get_by_label("Server (SMTP)").is_visible():
            page.locator("#smtp-fields summary").click()
        page.get_by_label("Server (SMTP)").fill("127.0.0.1")
        page.get_by_label("Port").fill(str(self.server.port))
        page.get_by_label("Protocol").select_option(self.server.tls)

    def fail_on_the_settings_page(self, password: str) -> None:
        """Save what is typed there; the mailbox doesn't work, and everybody is warned."""
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.get_by_role("button", name="Save and check").click()
        self.is_checking()
        self.run_jobs()
        expect(self.page.locator("#check")).to_have_attribute(
            "data-check-status", "failed", timeout=SOON
        )
        expect(self.page.locator("#mail-warning")).to_be_visible()

    def ask_for_help(self, place: str) -> None:
        """Follow the link beside what the check found."""
        self.screen.press(self.page.locator("#check").get_by_role("link", name="Step by step"))
        self.is_at(place)

    def is_at(self, place: str, step: int | None = None) -> None:
        """At "path/step", and told so by the title where the steps are counted."""
        path, _, name = place.partition("/")
        expect(self.page).to_have_url(re.compile(f"{WIZARD}/{place}(#|$)"), timeout=SOON)
        main = self.page.locator(f'main[data-path="{path}"][data-step="{name}"]')
        expect(main).to_be_visible()
        if step:
            title = re.compile(rf"^Step {step} of \d+: ")
            expect(self.page.get_by_role("heading", level=1)).to_have_text(title)

    def answer(self, words: str, leads_to: str, step: int | None = None) -> None:
        answers = self.page.locator(".question")
        answers.get_by_role("button", name=words, exact=True).click()
        self.is_at(leads_to, step)

    def check_now(self, leads_to: str, **typed: str) -> None:
        """Fill in what the step asks for, check, and be led on."""
        assert_nothing_real_is_filled_in(self.page)
        for name, value in typed.items():
            self.fill(name, value)
        self.page.get_by_role("button", name="Check now").click()
        self.check_goes_on(leads_to)

    def fill(self, name: str, value: str) -> None:
        field = self.page.locator(f"#check #{name}")
        field.select_option(value) if name == "security" else field.fill(value)

    def check_goes_on(self, leads_to: str) -> None:
        """What the page shows of a check that is asked for, and what its end leads to."""
        self.is_checking()
        self.run_jobs()
        self.is_at(leads_to)
        self.screen.look()

    def is_checking(self) -> None:
        expect(self.page.locator("#check")).to_have_attribute("data-check-status", "running")

    def finds(self, why: str, words: str) -> None:
        """The step has what the check found, under the heading for what that has to do with it."""
        found = self.page.locator(".found-here")
        expect(found.get_by_role("heading")).to_contain_text(_HEADINGS[why])
        expect(found).to_contain_text(words)

    def is_configured(self) -> None:
        """The end, and nobody is warned any more."""
        self.is_at("done/configured")
        heading = self.page.get_by_role("heading", level=1)
        expect(heading).to_have_text("Your mailbox is configured")
        expect(self.page.locator("#mail-warning")).to_have_count(0)

    def note(self, text: str) -> None:
        """Write something down for whoever goes on."""
        self.page.locator("#notes summary").click()
        self.page.get_by_label("New note").fill(text)
        self.page.get_by_role("button", name="Keep the note").click()
        expect(self.page.locator("#notes .note-text")).to_have_text(text)

    def sends_test_mail(self, leads_to: str) -> None:
        self.page.get_by_role("button", name="Send me a test mail").click()
        self.check_goes_on(leads_to)


_HEADINGS = {
    "here": "What the check found",
    "again": "Checked again: it is the same as before",
    "onward": "Checked again: it is the same, so this is the step to go on with",
    "moved": "The check found something else, so this is the step to go on with",
}


def save_at_gmail(app: Flask, server: ScriptedServer) -> None:
    """A mailbox of Gmail's, with the test's server in place of Google's; its check is asked for."""
    host, email = GMAIL
    with app.app_context():
        chosen = replace(
            practices.mailbox(),
            email=email,
            password="LaDeSiempre",
            provider=host,
            smtp_server="127.0.0.1",
            smtp_port=server.port,
        )
        mail_settings.save(chosen, practices.marta())


def assert_nothing_real_is_filled_in(page: Page) -> None:
    """What would be checked is the test's server."""
    if page.locator("#smtp_server").count():
        expect(page.locator("#smtp_server")).to_have_value("127.0.0.1")
    else:
        expect(page.locator("#check")).to_contain_text(" at 127.0.0.1, port ")


def passwords_seen(server: ScriptedServer) -> list[str]:
    """What was given to the server by SASL PLAIN, in order."""
    given = [line.split()[2] for line in server.commands if line.startswith("AUTH PLAIN ")]
    return [base64.b64decode(one).decode().split("\0")[2] for one in given]


def tab_to(page: Page, selector: str, limit: int = 40) -> None:
    """Tab until the control has the focus, which must be seen on the way."""
    for _ in range(limit):
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUS_IS_VISIBLE), page.evaluate("document.activeElement.outerHTML")
        if page.evaluate("chosen => document.activeElement.matches(chosen)", selector):
            return
    raise AssertionError(f"{selector} is not reached")
