"""The catalogue of hosts."""

from typing import get_args
from urllib.parse import urlsplit

import pytest

from portal.mail import providers
from portal.mail.smtp import Security


def test_hosts_come_in_the_order_of_the_page() -> None:
    assert list(providers.load()) == ["gmail", "hotmail", "yahoo", "other"]


@pytest.mark.parametrize(
    ("key", "host", "port", "security"),
    [
        ("gmail", "smtp.gmail.com", 465, "ssl"),
        ("hotmail", "smtp-mail.outlook.com", 587, "tls"),
        ("yahoo", "smtp.mail.yahoo.com", 465, "ssl"),
        ("other", None, 587, "tls"),
    ],
)
def test_a_host_fills_the_server_fields(
    key: str, host: str | None, port: int, security: str
) -> None:
    provider = providers.load()[key]
    assert (provider.key, provider.host, provider.port, provider.security) == (
        key,
        host,
        port,
        security,
    )


def test_spaces_mean_nothing_in_the_passwords_of_google_and_yahoo_only() -> None:
    assert [p.key for p in providers.load().values() if p.app_password] == ["gmail", "yahoo"]


@pytest.mark.parametrize("key", list(providers.load()))
def test_every_entry_is_well_formed_and_says_where_it_was_read(key: str) -> None:
    provider = providers.load()[key]
    assert provider.label
    assert provider.source
    assert provider.date.year >= 2026
    assert 0 < provider.port < 65_536
    assert provider.security in get_args(Security)
    assert isinstance(provider.app_password, bool)


def test_every_named_provider_links_to_its_own_help() -> None:
    links = [p.help_url for p in providers.load().values() if p.host]
    assert all(link and urlsplit(link).scheme == "https" for link in links)
