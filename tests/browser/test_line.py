"""The main job as a person does it in a browser: the mailbox, the contacts, a campaign, and what
became of it. What moves does so by itself."""

import re
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser import practices
from tests.browser.conftest import Screens, StartWorker
from tests.browser.screen import Screen
from tests.people import STAFF
from tests.smtp_server import MailServer

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-line")]

PHASES = ["dns", "connect", "tls", "greeting", "auth", "sender"]
CONTACTS = (
    "Nombre;Apellidos;Correo electrónico;RGPD;Publicidad\n"
    "María;Muñoz;maria@example.com;sí;sí\n"
    "Íñigo;Ibáñez;inigo@example.com;sí;sí\n"
    "Núria;Domènech;nuria@example.com;sí;no\n"
    "Óscar;Güell;oscar@@example.com;sí;sí\n"
).encode("cp1252")
SOON = 20_000  # milliseconds, for what a worker does


def fill_in_mailbox(page: Page, server: MailServer, password: str = "") -> None:
    """For another host than the known ones, which is how the page is found at first."""
    page.get_by_label("Email address").fill(server.user)
    page.get_by_label("Password", exact=True).fill(password or server.password)
    page.get_by_label("Server (SMTP)").fill("127.0.0.1")
    page.get_by_label("Port").fill(str(server.port))
    page.get_by_label("Protocol").select_option("ssl")


def mark(page: Page) -> None:
    """Leave a trace that a reload would wipe out."""
    page.evaluate("window.stayed = true")


def stayed(page: Page) -> bool:
    return bool(page.evaluate("window.stayed === true"))


def upload(screen: Screen, folder: Path) -> Page:
    """Choose the contact file; the page that asks for confirmation is open then."""
    file = folder / "pacientes.csv"
    file.write_bytes(CONTACTS)
    page = screen.open("/contacts/import")
    page.get_by_label("Contact file").set_input_files(file)
    return screen.press(page.get_by_role("button", name="Upload"))


def test_a_chosen_host_fills_in_its_server_at_once(screens: Screens) -> None:
    screen = screens()
    page = screen.open("/settings/email")
    mark(page)
    page.get_by_label("Host").select_option("gmail")
    fields = page.locator("#smtp-fields")
    expect(fields).to_contain_text("smtp.gmail.com, port 465")
    expect(fields).not_to_have_attribute("open", "")
    page.get_by_label("Host").select_option("other")
    expect(fields).to_have_attribute("open", "")
    expect(page.get_by_label("Server (SMTP)")).to_have_value("")
    assert stayed(page)
    screen.look()


def test_the_user_name_is_asked_for_a_different_user_only(screens: Screens) -> None:
    page = screens().open("/settings/email")
    expect(page.get_by_label("User name")).not_to_be_visible()
    page.get_by_label("Different user").check()
    expect(page.get_by_label("User name")).to_be_visible()


def test_the_live_check_moves_by_itself_and_ends_the_warning(
    screens: Screens, mail_server: MailServer, worker: StartWorker
) -> None:
    screen = screens()
    page = screen.open("/settings/email")
    fill_in_mailbox(page, mail_server)
    screen.press(page.get_by_role("button", name="Save and check"))
    expect(page.locator("#check")).to_have_attribute("data-check-status", "running")
    expect(page.locator("#mail-warning")).to_be_visible()
    mark(page)
    with worker():
        expect(page.locator("#check")).to_contain_text("Your mailbox is configured.", timeout=SOON)
    expect(page.locator("main")).to_have_attribute("data-account-status", "working")
    expect(page.locator("#mail-warning")).to_have_count(0)
    assert stayed(page)
    phases = page.locator("[data-phase]").all()
    assert [phase.get_attribute("data-phase") for phase in phases] == PHASES
    assert {phase.get_attribute("data-state") for phase in phases} == {"passed"}
    screen.look()


def test_a_failed_check_marks_the_field_with_the_servers_words(
    screens: Screens, mail_server: MailServer, worker: StartWorker
) -> None:
    screen = screens()
    page = screen.open("/settings/email")
    fill_in_mailbox(page, mail_server, password="not this one")
    with worker():
        screen.press(page.get_by_role("button", name="Save and check"))
        expect(page.get_by_label("Password", exact=True)).to_have_attribute(
            "aria-invalid", "true", timeout=SOON
        )
    expect(page.locator("#password-error")).to_contain_text(re.compile(r"535 .*invalid", re.I))
    expect(page.locator("[data-phase=auth]")).to_have_attribute("data-state", "failed")
    screen.look()


def test_an_import_shows_its_progress_and_its_report(
    screens: Screens, worker: StartWorker, tmp_path: Path
) -> None:
    screen = screens(STAFF)
    page = upload(screen, tmp_path)
    expect(page.locator("main")).to_contain_text("The file has 4 rows.")
    screen.press(page.get_by_role("button", name="Import"))
    expect(page.locator("#import")).to_have_attribute("data-import-status", "running")
    mark(page)
    with worker():
        expect(page.locator("#import")).to_contain_text(
            "imported: 3, not imported: 1.", timeout=SOON
        )
    expect(page.locator("#import tbody tr")).to_contain_text(["oscar@@example.com"])
    assert stayed(page)
    screen.look()


def test_a_campaign_is_looked_at_launched_and_watched(
    app: Flask, screens: Screens, mail_server: MailServer, worker: StartWorker
) -> None:
    with app.app_context():
        practices.ready(mail_server)
    screen = screens(STAFF)
    page = screen.open("/campaigns/new")
    page.get_by_label("Name").fill("Autumn news")
    page.get_by_label("Subject").fill("News for ${first_name}")
    page.get_by_label("Text").fill("${greeting} ${full_name},\n\nwe **wish** you a good autumn.")
    screen.press(page.get_by_role("button", name="Save and look at it"))

    shown = page.frame_locator("#preview iframe")
    expect(shown.locator("body")).to_contain_text("Dear María Muñoz de la Peña,")
    page.get_by_role("link", name="Next person").click()
    expect(page.locator("#preview")).to_contain_text("News for Íñigo")
    expect(shown.locator("body")).to_contain_text("Dear Íñigo Ibáñez,")
    screen.look()

    expect(page.locator("#launch")).to_contain_text("4 people will get this mail.")
    screen.press(page.get_by_role("button", name="Launch now"))
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "0")
    mark(page)
    with worker():
        progress = page.locator("#progress")
        expect(progress).to_have_attribute("data-campaign-status", "finished", timeout=SOON)
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "4")
    assert stayed(page)
    assert len(mail_server.mails) == 4
    screen.look()

    screen.press(page.get_by_role("link", name="accepted by the server"))
    expect(page.locator("#list tbody tr")).to_have_count(4)


def test_the_sent_list_sorts_filters_and_goes_back(app: Flask, screens: Screens) -> None:
    with app.app_context():
        practices.at_work()
    screen = screens()
    page = screen.open("/sent")
    mark(page)
    first = page.locator("#list tbody tr").first
    page.get_by_role("link", name="Recipient").click()
    expect(page).to_have_url(re.compile("sort=recipient&dir=asc"))
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Recipient")
    page.get_by_role("link", name="Recipient").click()
    expect(page).to_have_url(re.compile("sort=recipient&dir=desc"))
    expect(first).to_contain_text("tomas@example.com")
    screen.look()

    page.get_by_label("Status").select_option("failed")
    expect(page.locator("#list tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile("status=failed"))
    assert stayed(page)
    screen.look()

    page.go_back()
    expect(page.locator("th[aria-sort=descending]")).to_have_text("Recipient")
    expect(first).to_contain_text("tomas@example.com")
    page.go_back()
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Recipient")


def test_a_mails_page_tells_what_became_of_it_and_shows_it(app: Flask, screens: Screens) -> None:
    with app.app_context():
        practices.at_work()
    screen = screens()
    page = screen.open("/sent?status=failed")
    screen.press(page.get_by_role("link", name="inigo@correo.example.org"))
    expect(page.locator(".timeline")).to_contain_text("550 5.1.1 The account does not exist")
    expect(page.frame_locator("iframe").locator("body")).to_contain_text("Dear Íñigo")
