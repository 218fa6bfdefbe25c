"""A browser, the portal served to it, and screens that watch what they show."""

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, Protocol

import pytest
from flask import Flask
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server

from tests.browser.screen import Screen
from tests.people import ADMIN, Visitor
from tests.processes import Program
from tests.smtp_server import MailServer

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    # Ends with these tests: while Playwright runs, no other test of this process can run a loop.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """What a browser sees doesn't depend on the kind of database."""
    shutil.copy(sqlite_template, tmp_path / "portal.db")
    return f"sqlite:///{tmp_path}/portal.db"


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """The portal at an address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Screens:
    """Opens screens on one portal; all must be free of problems in the end."""

    def __init__(self, chromium: Browser, app: Flask, address: str) -> None:
        self._chromium, self._app, self._address = chromium, app, address
        self._open: list[Screen] = []
        self._cookies: dict[str, str] = {}
        self._cookie_name = app.config["SESSION_COOKIE_NAME"]

    def __call__(self, as_: str | None = ADMIN, **looks: Any) -> Screen:
        """A screen of somebody signed in, or of a stranger."""
        screen = Screen(self._chromium, self._address, **looks)
        self._open.append(screen)
        if as_:
            screen.keep_session(self._cookie_name, self._cookie(as_))
        return screen

    def _cookie(self, email: str) -> str:
        if email not in self._cookies:
            client = Visitor(self._app).sign_in(email).client
            self._cookies[email] = client.get_cookie(self._cookie_name).value
        return self._cookies[email]

    def close(self) -> None:
        problems = [problem for screen in self._open for problem in screen.problems]
        for screen in self._open:
            screen.close()
        assert not problems, problems


@pytest.fixture
def screens(chromium: Browser, app: Flask) -> Iterator[Screens]:
    with serving(app) as address:
        screens = Screens(chromium, app, address)
        yield screens
        screens.close()


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """The practice's provider, with TLS and sign-in."""
    with MailServer() as server:
        yield server


class StartWorker(Protocol):
    def __call__(self) -> AbstractContextManager[object]: ...


@pytest.fixture
def worker(
    tmp_path: Path, database_url: str, queue_url: str, mail_server: MailServer
) -> StartWorker:
    """Starts a worker process on the test's portal, while the context lasts."""
    settings = {
        "DATABASE_URL": database_url,
        "REDIS_URL": queue_url,
        "MAIL_TRUSTED_CA": str(mail_server.ca_file),
    }
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    return lambda: Program(["-m", "jobs.worker"], data_dir, **settings)
