"""The page for whoever runs the portal: how it is registered at Google and at Microsoft."""

import pytest
from flask import Flask

from portal.mail import oauth
from tests.conftest import ON_SQLITE
from tests.oauth.provider import SIGN_IN, register
from tests.people import Page, Visitor

pytestmark = ON_SQLITE


def guide(app: Flask, visitor: Visitor, address: str = "https://mail.example.com") -> Page:
    """The page of a portal that has this address."""
    object.__setattr__(app.config["PORTAL"], "base_url", address)
    return visitor.get(SIGN_IN)


@pytest.mark.parametrize("issuer", ["google", "microsoft"])
def test_it_has_the_exact_values_to_paste(app: Flask, admin: Visitor, issuer: str) -> None:
    page = guide(app, admin)
    pasted = [code.text for code in page.html.select(f"#{issuer} .to-paste code")]
    back = f"https://mail.example.com{SIGN_IN}/{issuer}/return"
    assert pasted == [back, *oauth.load()[issuer].scopes]


def test_it_says_what_is_missing_and_what_is_set(app: Flask, admin: Visitor) -> None:
    page = guide(app, admin)
    assert page.texts("#google p code")[:2] == ["GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"]
    assert "MICROSOFT_CLIENT_SECRET" in page.one("#microsoft").text
    register(app, client_id="an-id", client_secret="not to be shown")
    page = guide(app, admin)
    assert "The client ID and the secret are set." in page.one("#google").text
    assert "Missing" not in page.text
    assert "not to be shown" not in page.response.text


def test_it_tells_what_ends_a_permission_too_early(app: Flask, admin: Visitor) -> None:
    page = guide(app, admin)
    google, microsoft = page.one("#google").text, page.one("#microsoft").text
    assert "ends after 7 days" in " ".join(google.split())
    assert "Publish app" in google
    assert "24 months" in microsoft
    assert "SMTP.Send" in microsoft


@pytest.mark.parametrize(
    ("address", "google", "microsoft"),
    [
        ("https://mail.clinica.es", "", ""),
        ("http://localhost:8000", "", ""),
        ("http://127.0.0.1:8000", "", "Open the portal at http://localhost:8000"),
        ("http://mail.clinica.es", "begins with https", "begins with https"),
        ("https://192.0.2.7", "a name there, not a number", ""),
    ],
)
def test_it_says_what_follows_for_the_portals_own_address(
    app: Flask, admin: Visitor, address: str, google: str, microsoft: str
) -> None:
    register(app, base="http://127.0.0.1:9")
    page = guide(app, admin, address)
    for issuer, told in (("google", google), ("microsoft", microsoft)):
        warnings = " ".join(page.texts(f"#{issuer} .alert-warning"))
        assert bool(warnings) == bool(told)
        assert told in warnings


@pytest.mark.parametrize(
    ("address", "told"), [("http://localhost", False), ("http://127.0.0.1", True)]
)
def test_a_browser_that_has_it_open_elsewhere_is_told(
    app: Flask, admin: Visitor, address: str, told: bool
) -> None:
    page = guide(app, admin, address)
    assert ("open under another address than its own" in page.text) is told


def test_the_address_is_changed_with_the_practice_unless_it_is_fixed(
    app: Flask, admin: Visitor
) -> None:
    assert admin.get(SIGN_IN).has('.alert-warning a[href="/settings/practice"]')
    fixed = guide(app, admin, "http://127.0.0.1:8000")
    assert "fixed its address by BASE_URL" in fixed.text
    assert not fixed.has('.alert-warning a[href="/settings/practice"]')
