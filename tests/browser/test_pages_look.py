"""Every page, in light and dark, wide and narrow: what it shows can be used by everybody.

SCREENSHOTS=DIRECTORY keeps a picture of each; FULL_MATRIX=1 opens each in every language, theme
and width."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from portal.admin import service as practice
from portal.auth.service import setup_token
from portal.extensions import settings
from tests.browser import permissions, practices, steered
from tests.browser.conftest import Screens, serving
from tests.browser.screen import Screen, Theme
from tests.conftest import make_app
from tests.people import ADMIN, PASSWORD, STAFF, VIEWER

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-pages")]

FULL_MATRIX = os.environ.get("FULL_MATRIX") == "1"
# Colours don't depend on the width, so each theme and each width is seen once; or all of them.
LOOKS: tuple[tuple[Theme, int], ...] = (("light", 375), ("dark", 1440))
if FULL_MATRIX or "SCREENSHOTS" in os.environ:
    LOOKS += (("dark", 375), ("light", 1440))
LANGUAGES = tuple(practice.LANGUAGES) if FULL_MATRIX else ("en",)


@dataclass(frozen=True)
class Shown:
    """A page as one person finds it."""

    name: str
    path: str
    practice: Callable[[], None] = practices.at_work
    as_: str | None = ADMIN
    status: int = 200


WIZARD = "/settings/email/troubleshoot"
HOTMAIL = "host=hotmail&email=consulta@hotmail.com"
PAGES = (
    Shown("home-new", "/", practices.fresh),
    Shown("home-new-staff", "/", practices.fresh, STAFF),
    Shown("home", "/"),
    Shown("home-viewer", "/", as_=VIEWER),
    Shown("home-refused", "/", practices.refused),
    Shown("login", "/login", practices.fresh, None),
    Shown("settings-empty", "/settings/email", practices.fresh),
    Shown("settings-checking", "/settings/email", practices.checking),
    Shown("settings-refused", "/settings/email", practices.refused),
    Shown("settings-elsewhere", "/settings/email", practices.elsewhere),
    Shown("settings-limited", "/settings/email", practices.limited),
    Shown("settings-working", "/settings/email"),
    Shown("sending", "/settings/email/sending"),
    Shown("settings-sign-in", f"/settings/email?{HOTMAIL}", permissions.registered),
    Shown("settings-unregistered", f"/settings/email?{HOTMAIL}", practices.fresh),
    Shown("settings-signed-in", "/settings/email", permissions.signed_in),
    Shown("settings-permission-ended", "/settings/email", permissions.permission_ended),
    Shown("home-permission-ends", "/", permissions.signed_in),
    Shown("sign-in-guide", "/settings/email/sign-in"),
    Shown("sign-in-refused", "/settings/email/sign-in/google/return?code=x", status=422),
    Shown("wizard-paths", f"{WIZARD}/paths", practices.refused),
    Shown("wizard-paths-new", f"{WIZARD}/paths", practices.fresh),
    Shown("wizard-question", f"{WIZARD}/gmail/two-step", practices.refused),
    Shown("wizard-check", f"{WIZARD}/gmail-two-step/paste", practices.refused),
    Shown("wizard-checking", f"{WIZARD}/gmail-two-step/paste", practices.checking),
    Shown("wizard-going-on", f"{WIZARD}/blocked/wait", practices.troubleshooting),
    Shown("wizard-server", f"{WIZARD}/own-domain/ionos", practices.elsewhere),
    Shown("wizard-known-server", f"{WIZARD}/own-domain/known", practices.elsewhere),
    Shown("wizard-sign-in", f"{WIZARD}/outlook/sign-in", permissions.registered),
    Shown("wizard-unregistered", f"{WIZARD}/gmail/sign-in", practices.refused),
    Shown("wizard-other-provider", f"{WIZARD}/yahoo/app-password", practices.refused),
    Shown("wizard-person", f"{WIZARD}/blocked/ask", practices.refused),
    Shown("wizard-letter", f"{WIZARD}/blocked/ask/letter", practices.refused),
    Shown("wizard-configured", f"{WIZARD}/done/configured"),
    Shown("wizard-arrived", f"{WIZARD}/done/arrived"),
    Shown("wizard-finished", f"{WIZARD}/done/finished"),
    Shown("users", "/settings/users"),
    Shown("practice", "/settings/practice"),
    Shown("contacts-empty", "/contacts", practices.fresh),
    Shown("contacts", "/contacts"),
    Shown("contact-new", "/contacts/new"),
    Shown("contact", "/contacts/1"),
    Shown("upload", "/contacts/import"),
    Shown("import-report", "/contacts/import/1"),
    Shown("import-confirm", "/contacts/import/2"),
    Shown("campaigns-empty", "/campaigns", practices.fresh),
    Shown("campaigns", "/campaigns"),
    Shown("campaign-new", "/campaigns/new"),
    Shown("campaign-finished", "/campaigns/1"),
    Shown("campaign-running", "/campaigns/2"),
    Shown("campaign-draft", "/campaigns/3"),
    Shown("campaign-paused", "/campaigns/2", steered.paused),
    Shown("campaign-scheduled", "/campaigns/2", steered.scheduled),
    Shown("campaign-missed", "/campaigns/2", steered.missed),
    Shown("campaigns-missed", "/campaigns", steered.missed),
    Shown("campaigns-scheduled", "/campaigns", steered.scheduled),
    Shown("campaign-never-started", "/campaigns/3", steered.cancelled),
    Shown("home-missed", "/", steered.missed),
    Shown("home-paused", "/", steered.paused),
    Shown("home-scheduled", "/", steered.scheduled),
    Shown("campaign-waiting", "/campaigns/1", practices.refused),
    Shown("sent-empty", "/sent", practices.fresh),
    Shown("sent", "/sent"),
    Shown("message-sent", "/sent/1"),
    Shown("message-failed", "/sent/2"),
    Shown("message-in-doubt", "/sent/3", steered.in_doubt),
    Shown("unconfirmed", "/sent/unconfirmed", steered.in_doubt),
    Shown("unconfirmed-cancelled", "/sent/unconfirmed", steered.cancelled_in_doubt),
    Shown("unconfirmed-none", "/sent/unconfirmed", practices.fresh),
    Shown("message-deferred", "/sent/9"),
    Shown("message-skipped", "/sent/5", as_=VIEWER),
    Shown("unsubscribe", "/unsubscribe/token", as_=None),
    Shown("forbidden", "/contacts", as_=VIEWER, status=403),
    Shown("missing", "/nowhere", status=404),
)


# A form sent as it is found, and the button that sends it.
REFUSED = (
    (Shown("contact-refused", "/contacts/new"), "Save"),
    (Shown("upload-refused", "/contacts/import"), "Upload"),
    (Shown("settings-incomplete", "/settings/email", practices.fresh), "Save and check"),
    (Shown("user-refused", "/settings/users"), "Add"),
    (Shown("login-refused", "/login", practices.fresh, None), "Sign in"),
)


def set_up(app: Flask, language: str) -> None:
    practice.set_up(
        email=ADMIN,
        password=PASSWORD,
        name="Clínica Ñandú",
        language=language,
        time_zone="Europe/Madrid",
        address="https://mail.example.com",
    )
    practice.add_user(STAFF, PASSWORD, "staff", language)
    practice.add_user(VIEWER, PASSWORD, "viewer", language)


class Portals:
    """One portal for each kind of practice, and one screen on it for each person; made when
    first asked for, since that takes longer than to look at a page."""

    def __init__(self, stack: ExitStack, chromium: Browser, make: Callable[[str], Flask]) -> None:
        self._stack, self._chromium, self._make = stack, chromium, make
        self._portal = cache(self._new_portal)
        self._screen = cache(self._new_screen)

    def open(self, shown: Shown, language: str = "en") -> Screen:
        screen = self._screen(shown.practice, shown.as_, language)
        screen.change(*LOOKS[0])
        screen.open(shown.path, shown.status)
        return screen

    def _new_screen(self, fill: Callable[[], None], as_: str | None, language: str) -> Screen:
        return self._portal(fill, language)(as_, language=language)

    def _new_portal(self, fill: Callable[[], None], language: str) -> Screens:
        app = self._make(f"{fill.__name__}-{language}")
        with app.app_context():
            set_up(app, language)
            fill()
        screens = Screens(self._chromium, app, self._stack.enter_context(serving(app)))
        self._stack.callback(screens.close)
        return screens


@pytest.fixture(scope="module")
def portals(
    chromium: Browser,
    tmp_path_factory: pytest.TempPathFactory,
    sqlite_template: Path,
    queue_url: str,
) -> Iterator[Portals]:
    def make(name: str) -> Flask:
        directory = tmp_path_factory.mktemp(name)
        shutil.copy(sqlite_template, directory / "portal.db")
        return make_app(directory, f"sqlite:///{directory}/portal.db", queue_url)

    with ExitStack() as stack:
        yield Portals(stack, chromium, make)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("shown", PAGES, ids=lambda shown: shown.name)
def test_a_page_is_accessible_and_never_scrolls_sideways(
    portals: Portals, shown: Shown, language: str
) -> None:
    look_at(portals.open(shown, language), f"{shown.name}-{language}")


@pytest.mark.parametrize(("shown", "button"), REFUSED, ids=lambda value: getattr(value, "name", ""))
def test_a_refused_form_is_accessible_too(portals: Portals, shown: Shown, button: str) -> None:
    screen = portals.open(shown)
    if shown.name == "settings-incomplete":
        screen.page.get_by_label("Email address").fill("")
    screen.press(screen.page.get_by_role("button", name=button, exact=True), 422)
    expect(screen.page.locator("[aria-invalid=true]").first).to_be_visible()
    look_at(screen, shown.name)


def test_the_set_up_page_is_accessible_before_there_is_anybody(
    chromium: Browser, bare_app: Flask
) -> None:
    with bare_app.app_context():
        token = setup_token(settings())
    with serving(bare_app) as address:
        screens = Screens(chromium, bare_app, address)
        screen = screens(None, theme=LOOKS[0][0], width=LOOKS[0][1])
        screen.open(f"/setup?token={token}")
        look_at(screen, "setup")
        screens.close()


def look_at(screen: Screen, name: str) -> None:
    """See the page that was just opened in every look; its first look was seen as it opened."""
    for theme, width in LOOKS:
        if (theme, width) != LOOKS[0]:
            screen.change(theme, width)
            screen.look()
        assert not screen.wider_than_window(), (theme, width)
        if directory := os.environ.get("SCREENSHOTS"):
            path = Path(directory) / f"{name}-{theme}-{width}.png"
            screen.page.screenshot(path=path, full_page=True)
    screen.page.goto("about:blank")  # or it would go on asking for news
