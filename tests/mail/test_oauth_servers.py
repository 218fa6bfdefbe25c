"""What is known of the authorization servers and of the addresses at their providers."""

import pytest

from portal.mail import oauth, providers

ISSUERS = ["google", "microsoft"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Ana@Clinica.es", "ana@clinica.ES", True),
        ("ana.ruiz@gmail.com", "anaruiz+web@googlemail.com", True),
        ("ana+news@outlook.es", "ana@outlook.es", True),
        ("ana.ruiz@outlook.es", "anaruiz@outlook.es", False),
        ("ana@outlook.es", "ana@outlook.com", False),
        ("ana+news@clinica.es", "ana@clinica.es", False),
        ("ana.ruiz@clinica.es", "anaruiz@clinica.es", False),
        ("ana@gmail.com", "eva@gmail.com", False),
        ("anagmail.com", "ana@gmail.com", False),
    ],
)
def test_two_addresses_of_one_mailbox(one: str, other: str, same: bool) -> None:
    assert oauth.is_same_mailbox(one, other) is same


@pytest.mark.parametrize(
    ("issuer", "keys"),
    [
        ("google", ["gmail", "google_workspace"]),
        ("microsoft", ["hotmail", "microsoft365"]),
    ],
)
def test_a_token_may_go_to_the_servers_of_its_provider(issuer: str, keys: list[str]) -> None:
    hosts = {place.host for key in keys for place in providers.load()[key].endpoints}
    assert hosts <= set(oauth.load()[issuer].smtp_servers)


@pytest.mark.parametrize("issuer", ISSUERS)
def test_the_scope_that_mail_needs_is_asked_for(issuer: str) -> None:
    server = oauth.load()[issuer]
    assert {server.mail_scope, "openid", "email"} <= set(server.scopes)
