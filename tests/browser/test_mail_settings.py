"""The page of the mailbox in a browser: what fills by itself, what stays, what one click does."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from portal.models import CheckState, MailCheck
from portal.models.base import now
from tests.browser.conftest import Screens, StartWorker
from tests.browser.test_line import SOON, fill_in_mailbox, mark, stayed
from tests.dns_server import DnsServer, Fault
from tests.mail_settings.form import ask_dns
from tests.outbox.line import Line
from tests.smtp_server import MailServer

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-line")]

PATH = "/settings/email"
IONOS = ("ionos.example", "MX", "10 mx00.ionos.es.")
FOREIGN = ("_submissions._tcp.foreign.example", "SRV", "0 1 465 smtp.company.example.")


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """The practice's provider, which wants STARTTLS."""
    with MailServer(tls="tls") as server:
        yield server


@pytest.fixture
def dns(app: Flask) -> Iterator[DnsServer]:
    with DnsServer(IONOS, FOREIGN) as server:
        ask_dns(app, server)
        yield server


@pytest.fixture
def slow_dns(app: Flask) -> Iterator[DnsServer]:
    """A name server that takes its time."""
    with DnsServer(IONOS, fault=Fault.SLOW, slow_seconds=0.7) as server:
        ask_dns(app, server)
        yield server


def test_the_server_is_found_as_the_address_is_typed(screens: Screens, dns: DnsServer) -> None:
    screen = screens()
    page = screen.open(PATH)
    mark(page)
    page.get_by_label("Email address").fill("")
    page.get_by_label("Email address").press_sequentially("ana@ionos.example")
    expect(page.get_by_label("Host")).to_have_value("ionos_es")
    expect(page.locator("#server")).to_contain_text("Your domain's mail is at IONOS")
    expect(page.locator("#smtp-fields summary")).to_have_text("Server: smtp.ionos.es, port 465")
    expect(page.get_by_label("Server (SMTP)")).not_to_be_visible()
    screen.look()
    page.get_by_label("Email address").fill("ana@hotmail.com")
    expect(page.get_by_label("Host")).to_have_value("hotmail")
    expect(page.locator("#server .alert")).to_contain_text("16 September 2024")
    assert stayed(page)
    screen.look()


def test_what_was_typed_stays_and_the_other_is_named(screens: Screens) -> None:
    page = screens().open(PATH)
    page.get_by_label("Server (SMTP)").fill("relay.example.com")
    page.get_by_label("Email address").fill("ana@gmail.com")
    expect(page.get_by_label("Host")).to_have_value("gmail")
    expect(page.get_by_label("Server (SMTP)")).to_have_value("relay.example.com")
    expect(page.locator("#server")).to_contain_text("You typed relay.example.com, which stays")
    expect(page.locator("#server")).to_contain_text("smtp.gmail.com")
    page.get_by_label("Host").select_option("yahoo")
    expect(page.locator("#server")).to_contain_text("smtp.mail.yahoo.com")
    expect(page.get_by_label("Server (SMTP)")).to_have_value("relay.example.com")


@contextmanager
def looking_up(page: Page) -> Iterator[None]:
    """An address of IONOS was entered, and its answer comes behind what is done here."""
    with page.expect_response("**/detect?*"):
        with page.expect_request("**/detect?*"):
            page.get_by_label("Email address").fill("ana@ionos.example")
            page.get_by_label("Password", exact=True).focus()
        yield


def test_what_is_typed_while_the_answer_is_on_its_way_stays(
    screens: Screens, slow_dns: DnsServer
) -> None:
    page = screens().open(PATH)
    with looking_up(page):
        page.get_by_label("Server (SMTP)").fill("relay.example.com")
        page.get_by_label("Port").fill("2525")
    expect(page.get_by_label("Host")).to_have_value("ionos_es")
    expect(page.locator("#server")).to_contain_text("Your domain's mail is at IONOS")
    expect(page.locator("#smtp_server")).to_have_value("relay.example.com")
    expect(page.locator("#smtp_port")).to_have_value("2525")


def test_the_field_in_which_somebody_is_about_to_type_is_left_alone(
    screens: Screens, slow_dns: DnsServer
) -> None:
    page = screens().open(PATH)
    with looking_up(page):
        page.get_by_label("Port").focus()
    expect(page.get_by_label("Host")).to_have_value("ionos_es")
    page.keyboard.type("2525")
    expect(page.locator("#smtp_port")).to_have_value("2525")


def test_what_was_marked_to_be_typed_over_is_typed_over(
    screens: Screens, slow_dns: DnsServer
) -> None:
    page = screens().open(PATH)
    page.get_by_label("Host").select_option("gmail")
    expect(page.locator("#smtp-fields summary")).to_have_text("Server: smtp.gmail.com, port 465")
    page.locator("#smtp-fields summary").click()
    with looking_up(page):
        page.get_by_label("Server (SMTP)").select_text()
    expect(page.locator("#server")).to_contain_text("the address is at IONOS")
    page.keyboard.type("relay.example.com")
    expect(page.locator("#smtp_server")).to_have_value("relay.example.com")


def begin_check(page: Page, server: MailServer, security: str) -> None:
    fill_in_mailbox(page, server)
    page.get_by_label("Protocol").select_option(security)


def test_the_port_that_answers_is_offered_and_taken_by_one_click(
    screens: Screens, mail_server: MailServer, worker: StartWorker
) -> None:
    screen = screens()
    page = screen.open(PATH)
    begin_check(page, mail_server, "ssl")
    with worker():
        screen.press(page.get_by_role("button", name="Save and check"))
        instead = page.get_by_role("button", name=f"Use {mail_server.port} with STARTTLS instead")
        expect(instead).to_be_visible(timeout=SOON)
        expect(page.get_by_label("Protocol")).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_label("Protocol")).to_be_visible()
        expect(page.locator("#security-error")).to_contain_text("Choose STARTTLS here.")
        screen.look()
        screen.press(instead)
        expect(page.locator("main")).to_have_attribute(
            "data-account-status", "working", timeout=SOON
        )
        screen.press(page.get_by_role("button", name="Send me a test mail"))
        expect(page.locator("#check")).to_contain_text("look into that inbox", timeout=SOON)
    screen.look()
    assert len(mail_server.mails) == 1


def test_the_same_without_javascript(
    screens: Screens, mail_server: MailServer, worker: StartWorker
) -> None:
    screen = screens(javascript=False)
    page = screen.open(PATH)
    begin_check(page, mail_server, "ssl")
    with worker():
        screen.press(page.get_by_role("button", name="Save and check"))
        instead = page.get_by_role("button", name=f"Use {mail_server.port} with STARTTLS instead")
        expect(instead).to_be_visible(timeout=SOON)
        screen.press(instead)
        expect(page.locator("main")).to_have_attribute(
            "data-account-status", "working", timeout=SOON
        )


def test_without_javascript_the_server_is_found_on_saving(screens: Screens) -> None:
    screen = screens(javascript=False)
    page = screen.open(PATH)
    page.get_by_label("Email address").fill("ana@gmail.com")
    page.get_by_label("Password", exact=True).fill("abcd efgh ijkl mnop")
    screen.press(page.get_by_role("button", name="Save and check"))
    main = page.locator("main")
    expect(main).to_contain_text("This address is at Gmail. Filled in: smtp.gmail.com, port 465")
    expect(main).to_contain_text("The spaces in the app password were left out")


def test_a_server_of_another_company_is_named_as_the_address_is_typed(
    screens: Screens, dns: DnsServer
) -> None:
    screen = screens()
    page = screen.open(PATH)
    page.get_by_label("Email address").fill("ana@foreign.example")
    expect(page.locator("#server")).to_contain_text("another company: smtp.company.example")
    expect(page.get_by_label("Server (SMTP)")).to_be_visible()
    screen.look()


def test_without_javascript_a_server_of_another_company_is_asked_back(
    screens: Screens, dns: DnsServer
) -> None:
    screen = screens(javascript=False)
    page = screen.open(PATH)
    page.get_by_label("Email address").fill("ana@foreign.example")
    page.get_by_label("Password", exact=True).fill("the right words")
    screen.press(page.get_by_role("button", name="Save and check"), 422)
    server = page.get_by_label("Server (SMTP)")
    expect(server).to_have_value("smtp.company.example")
    expect(server).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Password", exact=True).fill("the right words")
    screen.press(page.get_by_role("button", name="Save and check"))
    expect(page.locator("#check")).to_have_attribute("data-check-status", "running")


def test_what_is_typed_while_the_check_ends_stays(app: Flask, screens: Screens) -> None:
    screen = screens()
    page = screen.open(PATH)
    fill_in_mailbox(page, MailServer(port=2525))
    screen.press(page.get_by_role("button", name="Save and check"))
    page.get_by_label("Sender name").fill("Clínica Ñandú")
    page.get_by_label("Password", exact=True).press_sequentially("the right words")
    found = {"cause": "password_refused", "field": "password", "reply": "535 5.7.8 No"}
    Line(app).change(MailCheck, state=CheckState.FAILED, finished_at=now(), **found)
    password = page.get_by_label("Password", exact=True)
    expect(password).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#password-error")).to_contain_text("535 5.7.8 No")
    expect(page.locator("#check")).to_have_attribute("data-check-status", "failed")
    expect(password).to_have_value("the right words")
    expect(password).to_be_focused()
    expect(page.get_by_label("Sender name")).to_have_value("Clínica Ñandú")
    screen.look()
