"""The catalogue of providers: the whole file, and finding a provider in it."""

import datetime
import ipaddress
import re
from collections import Counter
from dataclasses import astuple
from itertools import chain
from typing import get_args
from urllib.parse import urlsplit

import pytest

from portal.mail import oauth, providers
from portal.mail.providers import Endpoint, Provider
from portal.mail.smtp import Security


def keys(text: str) -> list[str]:
    return text.split()


FIRST = keys("gmail google_workspace hotmail microsoft365 yahoo icloud")
SPAIN_AND_ITALY = keys(
    "alice arsys aruba aruba_pec cdmon dinahosting dondominio email_it fastweb ionos_es ionos_it "
    "libero movistar postecert register_it strato tim tiscali_it virgilio"
)
ELSEWHERE = keys(
    "aol fastmail gmx_com gmx_net godaddy hostinger infomaniak ionos_com ionos_de mailbox_org ovh "
    "proton zoho_com zoho_eu"
)
RELAYS = keys("brevo mailgun mailjet postmark sendgrid ses")
KEYS = [*FIRST, *SPAIN_AND_ITALY, *ELSEWHERE, *RELAYS, "other"]
HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
DEFAULT_PORTS = {25, 465, 587, 2465, 2525, 2587}

every_provider = pytest.mark.parametrize("key", KEYS)


def provider(key: str) -> Provider:
    return providers.load()[key]


def key_of(found: Provider | None) -> str | None:
    return found.key if found else None


def test_every_known_provider_stands_in_its_group_in_the_order_of_the_labels() -> None:
    labels = {key: found.label.casefold() for key, found in providers.load().items()}
    groups = (sorted(g, key=labels.__getitem__) for g in (SPAIN_AND_ITALY, ELSEWHERE, RELAYS))
    assert list(providers.load()) == [*FIRST, *chain(*groups), "other"]


@every_provider
def test_an_entry_has_a_label_and_known_words_only(key: str) -> None:
    found = provider(key)
    assert found.key == key
    assert found.label == found.label.strip() != ""
    assert found.kind in get_args(providers.Kind)
    assert found.username in get_args(providers.Username)
    assert found.sender_rule in {None, *get_args(providers.SenderRule)}
    assert found.sign_in
    assert set(found.sign_in) <= set(get_args(providers.SignIn))
    assert found.country is None or re.fullmatch("[A-Z]{2}", found.country)


@every_provider
def test_an_entry_says_where_and_when_it_was_read_and_how_sure_it_is(key: str) -> None:
    found = provider(key)
    assert found.source
    assert all(isinstance(text, str) and text.strip() for text in found.source)
    assert found.date == datetime.date(2026, 11, 21)
    assert found.confidence in get_args(providers.Confidence)


@every_provider
def test_a_server_has_a_host_name_a_usual_port_and_a_known_security(key: str) -> None:
    found = provider(key)
    assert found.port in DEFAULT_PORTS
    assert found.security in get_args(Security)
    endpoints = found.endpoints_for("clinica.es")
    assert len(endpoints) == (0 if key == "other" else 1 + len(found.alternatives))
    for endpoint in endpoints:
        assert HOST.fullmatch(endpoint.host)
        assert endpoint.port in DEFAULT_PORTS
        assert endpoint.security == ("ssl" if endpoint.port == 465 else "tls")


def test_a_limit_is_a_number_above_zero_or_unknown() -> None:
    limits = [limit for found in providers.load().values() for limit in astuple(found.limits)]
    assert all(limit is None or (type(limit) is int and limit > 0) for limit in limits)


@every_provider
def test_domains_suffixes_and_networks_are_well_formed(key: str) -> None:
    found = provider(key)
    assert all(HOST.fullmatch(name) for name in (*found.domains, *found.mx_suffixes))
    assert all(ipaddress.ip_network(network).is_global for network in found.mx_networks)


def test_help_links_are_https_and_missing_only_where_none_was_found() -> None:
    links = {key: urlsplit(p.help_url) for key, p in providers.load().items() if p.help_url}
    assert all(link.scheme == "https" and HOST.fullmatch(link.netloc) for link in links.values())
    without = keys("cdmon dondominio ionos_com ionos_de mailjet movistar other")
    assert sorted(set(KEYS) - set(links)) == without


@pytest.mark.parametrize("name", ["domains", "mx_suffixes", "mx_networks"])
def test_what_tells_a_provider_belongs_to_one_only(name: str) -> None:
    times = Counter(value for found in providers.load().values() for value in getattr(found, name))
    assert set(times.values()) == {1}


@every_provider
def test_texts_for_people_are_complete_in_the_three_languages(key: str) -> None:
    found = provider(key)
    texts = [text for c in found.changes for text in (c.before, c.after)]
    for text in [found.notes, *texts] if found.notes else texts:
        assert set(text) == {"en", "es", "it"}
        assert len(set(text.values())) == 3
        for words in text.values():
            assert re.fullmatch(r"[A-ZÈ“«].*[.]", words)
            assert not re.search(r"!|¡|  |please|por favor|per favore", words)


@every_provider
def test_whoever_needs_more_than_address_and_password_is_told_so(key: str) -> None:
    found = provider(key)
    usual = (("password",), None, "full_email")
    assert found.notes or (found.sign_in, found.sender_rule, found.username) == usual


def test_cut_off_dates_stand_with_those_whom_they_touch_and_in_their_texts() -> None:
    changes = {p.key: p.changes for p in providers.load().values() if p.changes}
    dates = {key: [str(change.date) for change in found] for key, found in changes.items()}
    assert dates == {
        "gmail": ["2022-05-30"],
        "google_workspace": ["2025-05-01"],
        "hotmail": ["2024-09-16"],
        "microsoft365": ["2026-12-31"],
    }
    for change in chain(*changes.values()):
        texts = [*change.before.values(), *change.after.values()]
        assert change.source
        assert all(str(change.date.year) in text for text in texts)


@pytest.mark.parametrize(
    ("key", "host", "port", "security"),
    [
        ("gmail", "smtp.gmail.com", 465, "ssl"),
        ("hotmail", "smtp-mail.outlook.com", 587, "tls"),
        ("yahoo", "smtp.mail.yahoo.com", 465, "ssl"),
        ("yahoo", "smtp.mail.yahoo.com", 587, "tls"),
        ("arsys", "smtp.serviciodecorreo.es", 465, "ssl"),
        ("ionos_es", "smtp.1and1.es", 587, "tls"),
        ("strato", "smtp.strato.com", 25, "tls"),
        ("strato", "smtp.strato.com", 465, "ssl"),
        ("microsoft365", "smtp.office365.com", 587, "tls"),
        ("microsoft365", "smtp.office365.com", 25, "tls"),
    ],
)
def test_the_settings_that_practices_were_given_belong_to_their_provider(
    key: str, host: str, port: int, security: Security
) -> None:
    assert Endpoint(host, port, security) in provider(key).endpoints_for("clinica.es")
    assert key_of(providers.by_server(host)) == key


def test_what_changed_since_those_settings_were_given_is_known() -> None:
    assert provider("hotmail").sign_in == ("oauth2",)
    assert provider("yahoo").app_password_only
    assert provider("arsys").sender_rule == "own_address_only"
    assert (provider("ionos_es").host, provider("ionos_es").port) == ("smtp.ionos.es", 465)
    assert (provider("strato").port, provider("strato").security) == (465, "ssl")


def test_signing_in_at_the_provider_is_known_where_the_portal_can_do_it() -> None:
    issuers = {key: found.oauth for key, found in providers.load().items() if found.oauth}
    assert issuers == {
        "gmail": "google",
        "google_workspace": "google",
        "hotmail": "microsoft",
        "microsoft365": "microsoft",
    }
    for key, issuer in issuers.items():
        assert "oauth2" in provider(key).sign_in
        servers = {place.host for place in provider(key).endpoints}
        assert servers <= set(oauth.load()[issuer].smtp_servers)
    assert not provider("hotmail").takes_passwords


def test_other_leaves_the_server_to_be_typed_and_limits_nothing() -> None:
    other = provider("other")
    assert (other.host, other.port, other.security) == (None, 587, "tls")
    assert other.limits == providers.Limits()


def test_spaces_mean_nothing_where_only_app_passwords_work() -> None:
    found = [p.key for p in providers.load().values() if p.app_password_only]
    assert found == keys("gmail google_workspace yahoo icloud aol fastmail proton")


def test_a_domain_tells_its_provider_in_any_letter_case_and_only_as_a_whole() -> None:
    for key in KEYS:
        assert {key_of(providers.by_domain(d.upper())) for d in provider(key).domains} <= {key}
    others = ["mail.gmail.com", "notgmail.com", "clinica.es", "com", ""]
    assert [domain for domain in others if providers.by_domain(domain)] == []


def test_an_mx_host_tells_its_provider_by_each_suffix_of_the_catalogue() -> None:
    for key in KEYS:
        hosts = [h for s in provider(key).mx_suffixes for h in (s, f"mx1.{s}", f"A.B.{s}.".upper())]
        assert {key_of(providers.by_mx_host(host)) for host in hosts} <= {key}


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("aspmx.l.google.com", "google_workspace"),
        ("alt1.gmail-smtp-in.l.google.com", "gmail"),
        ("clinica-es.mail.protection.outlook.com", "microsoft365"),
        ("hotmail-com.olc.protection.outlook.com", "hotmail"),
        ("mta5.am0.yahoodns.net", "yahoo"),
        ("mx-aol.mail.gm0.yahoodns.net", "aol"),
        ("mx.aruba.it", "aruba"),
        ("mx.pec.aruba.it", "aruba_pec"),
        ("mx01.emig.gmx.net", "gmx_net"),
        ("notgoogle.com", None),
        ("google.com.example.org", None),
        ("", None),
    ],
)
def test_the_longest_suffix_decides_and_only_at_a_dot(host: str, key: str | None) -> None:
    assert key_of(providers.by_mx_host(host)) == key


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("SMTP.Gmail.com.", "gmail"),
        ("smtp-relay.gmail.com", "google_workspace"),
        ("smtp.telefonica.net", "movistar"),
        ("clinica-es.correoseguro.dinaserver.com", "dinahosting"),
        ("a.clinica-es.correoseguro.dinaserver.com", None),
        ("smtp.clinica.es", None),
        ("", None),
    ],
)
def test_a_server_tells_its_provider(host: str, key: str | None) -> None:
    assert key_of(providers.by_server(host)) == key


def test_a_server_named_after_the_practices_domain_is_filled_in_and_offered_once() -> None:
    dashed = "clinica-rosa-es.correoseguro.dinaserver.com"
    assert provider("dinahosting").endpoints_for("Clinica.Rosa.es") == (
        Endpoint(dashed, 465, "ssl"),
        Endpoint(dashed, 587, "tls"),
    )
    assert provider("cdmon").endpoints_for("clinica.es") == (
        Endpoint("smtp.clinica.es", 587, "tls"),
        Endpoint("smtp.cdmon.com", 587, "tls"),
    )
    assert provider("cdmon").endpoints_for("cdmon.com") == (Endpoint("smtp.cdmon.com", 587, "tls"),)
