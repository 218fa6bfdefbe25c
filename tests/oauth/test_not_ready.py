"""What stands in the way of signing in at a provider, in the place of the button."""

import pytest
from flask import Flask

from tests.conftest import ON_SQLITE
from tests.mail_settings.form import PAGE
from tests.oauth.provider import SIGN_IN, register
from tests.oauth.test_settings_page import primary_of, shown
from tests.oauth_server import OAuthServer
from tests.people import Visitor

pytestmark = ON_SQLITE


@pytest.mark.parametrize(
    ("given", "lacking"),
    [
        ({"client_id": ""}, ["GOOGLE_CLIENT_ID"]),
        ({"client_secret": ""}, ["GOOGLE_CLIENT_SECRET"]),
        ({"client_id": "", "client_secret": ""}, ["GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"]),
    ],
)
def test_while_it_is_not_set_up_it_says_what_is_missing_and_who_can_set_it(
    app: Flask, admin: Visitor, given: dict[str, str], lacking: list[str]
) -> None:
    register(app, **given)
    page = shown(admin, "gmail")
    assert page.texts("#sign-in code") == lacking
    assert "Whoever runs this portal" in page.one("#sign-in").text
    assert page.one("#sign-in span.btn")["aria-disabled"] == "true"
    assert [a["href"] for a in page.html.select("#sign-in a")] == [f"{SIGN_IN}#google"]
    assert admin.get(f"{SIGN_IN}/google?host=gmail").location == f"{SIGN_IN}#google"
    assert primary_of(page) == ["Save and check"]


@pytest.mark.parametrize(
    ("address", "host", "told"),
    [
        ("http://mail.clinica.es", "gmail", "begins with https"),
        ("http://127.0.0.1:8000", "hotmail", "Open the portal at http://localhost:8000"),
        ("http://127.0.0.1:8000", "gmail", ""),
        ("http://localhost:8000", "hotmail", ""),
    ],
)
def test_an_address_that_the_provider_sends_nobody_back_to_is_said(
    app: Flask, admin: Visitor, address: str, host: str, told: str
) -> None:
    register(app)
    object.__setattr__(app.config["PORTAL"], "base_url", address)
    box = shown(admin, host).one("#sign-in")
    assert bool(box.select("a.btn")) == (told == "")
    assert told in " ".join(box.text.split())
    if told:
        issuer = "google" if host == "gmail" else "microsoft"
        assert admin.get(f"{SIGN_IN}/{issuer}?host={host}").location == f"{SIGN_IN}#{issuer}"


def test_a_browser_that_has_the_portal_open_elsewhere_is_led_to_its_own_address(
    app: Flask, admin: Visitor, provider: OAuthServer
) -> None:
    link = shown(admin, "gmail").one("#sign-in .form-text a")
    assert link["href"] == f"https://mail.example.com{PAGE}"
    object.__setattr__(app.config["PORTAL"], "base_url", "http://localhost")
    assert "open it there first" not in shown(admin, "gmail").text
