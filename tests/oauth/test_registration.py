"""Where providers send people back to: what each takes of this portal's address."""

import pytest

from portal.oauth.registration import at_localhost, is_opened_elsewhere, refusal

ADDRESSES = [
    # the portal's address, what Google says, what Microsoft says
    ("https://mail.clinica.es", None, None),
    ("https://mail.clinica.es:8443/portal", None, None),
    ("https://clinica.local", "not_public", None),
    ("https://reception", "not_public", None),
    ("https://192.0.2.7", "not_a_name", None),
    ("https://[2001:db8::7]", "not_a_name", None),
    ("http://mail.clinica.es", "not_https", "not_https"),
    ("http://192.168.1.20:8000", "not_https", "not_https"),
    ("http://[2001:db8::7]:8000", "not_https", "not_https"),
    ("http://localhost:8000", None, None),
    ("http://LOCALHOST:8000", None, None),
    ("http://127.0.0.1:8000", None, "not_localhost"),
    ("http://127.0.0.2:8000", None, "not_localhost"),
    ("http://[::1]:8000", None, "not_localhost"),
    ("http://localhost.clinica.es", "not_https", "not_https"),
    ("http://app.localhost:8000", "not_https", "not_https"),
]


@pytest.mark.parametrize(("address", "google", "microsoft"), ADDRESSES)
def test_each_provider_has_its_own_rules(
    address: str, google: str | None, microsoft: str | None
) -> None:
    assert refusal("google", address) == google
    assert refusal("microsoft", address) == microsoft


@pytest.mark.parametrize("number", ["127.0.0.1", "[::1]"])
def test_a_portal_on_this_computer_has_a_name_that_microsoft_takes(number: str) -> None:
    named = at_localhost(f"http://{number}:8000/portal")
    assert named == "http://localhost:8000/portal"
    assert refusal("microsoft", named) is None


@pytest.mark.parametrize(
    ("address", "opened_at", "elsewhere"),
    [
        ("https://mail.clinica.es", "https://mail.clinica.es/", False),
        ("https://mail.clinica.es", "https://mail.clinica.es:443/", False),
        ("https://mail.clinica.es", "http://mail.clinica.es/", False),
        ("https://mail.clinica.es", "https://MAIL.clinica.es/", False),
        ("https://mail.clinica.es", "https://portal.clinica.es/", True),
        ("https://mail.clinica.es", "http://127.0.0.1:8000/", True),
        ("http://localhost:8000", "http://127.0.0.1:8000/", True),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8001/", True),
    ],
)
def test_a_browser_that_would_come_back_to_where_nobody_is_signed_in_is_known(
    address: str, opened_at: str, elsewhere: bool
) -> None:
    assert is_opened_elsewhere(address, opened_at) is elsewhere
