"""The provider behind an address, found with a real name server on loopback."""

import pytest

from portal.mail.detection import Found, How, detect
from portal.mail.providers import Endpoint, load
from tests.dns_server import DnsServer, Records

GOOGLE = ("clinica.example", "MX", "10 aspmx.l.google.com.")
FILTER = ("clinica.example", "MX", "10 mx1.filter.example.")
WEB = ("smtp.clinica.example", "A", "192.0.2.1")


def find(address: str, *records: Records) -> Found:
    with DnsServer(*records) as server:
        return detect(address, server.address)


def servers(found: Found) -> list[str]:
    return [f"{endpoint.host} {endpoint.port} {endpoint.security}" for endpoint in found.endpoints]


def test_every_domain_of_the_catalogue_is_known_without_the_dns() -> None:
    domains = [(domain, key) for key, found in load().items() for domain in found.domains]
    assert len(domains) > 100
    with DnsServer() as server:
        for domain, key in domains:
            found = detect(f"ana@{domain}", server.address)
            assert (found.how, found.provider.key) == (How.domain, key), domain
            assert found.endpoints == found.provider.endpoints_for(domain) != ()
        assert server.questions == []


def test_every_mx_suffix_of_the_catalogue_is_known() -> None:
    suffixes = [(suffix, key) for key, found in load().items() for suffix in found.mx_suffixes]
    assert len(suffixes) > 25
    exchangers = [
        (f"clinica{number}.example", "MX", f"10 mx01.{suffix}.")
        for number, (suffix, _) in enumerate(suffixes)
    ]
    with DnsServer(*exchangers) as server:
        for number, (suffix, key) in enumerate(suffixes):
            domain = f"clinica{number}.example"
            found = detect(f"ana@{domain}", server.address)
            assert (found.how, found.provider.key) == (How.mx, key), suffix
            assert found.endpoints == found.provider.endpoints_for(domain) != ()


@pytest.mark.parametrize("address", ["Ana@GMail.COM", " ana@gmail.com ", "josé@gmail.com"])
def test_case_spaces_and_the_part_before_the_at_sign_do_not_matter(address: str) -> None:
    assert find(address).provider.key == "gmail"


def test_an_exchanger_in_capitals_is_known() -> None:
    found = find("ana@CLINICA.example", ("clinica.example", "MX", "10 ASPMX.L.GOOGLE.COM."))
    assert found.provider.key == "google_workspace"


def test_a_domain_of_non_ascii_letters_is_looked_up_as_idna() -> None:
    found = find("ana@Clínica.example", ("xn--clnica-4va.example", "MX", GOOGLE[2]))
    assert found.provider.key == "google_workspace"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ana@",
        "gmail.com",
        "ana@clinica",
        "ana@clinica..es",
        "ana@-clinica.es",
        "ana@cli nica.es",
        "ana@.es",
        "ana@192.168.1.1",
        "ana@[192.0.2.1]",
        f"ana@{'b.' * 130}es",
    ],
)
def test_an_address_without_a_usable_domain_is_not_looked_up(address: str) -> None:
    with DnsServer() as server:
        assert detect(address, server.address) == Found(How.nothing, load()["other"], ())
        assert server.questions == []


def test_the_endpoints_are_those_for_the_addresss_own_domain() -> None:
    found = find("ana@clinica.example", ("clinica.example", "MX", "10 mx.dinaserver.com."))
    assert found.provider.key == "dinahosting"
    assert found.endpoints == found.provider.endpoints_for("clinica.example")
    assert "clinica-example" in found.endpoints[0].host


def test_the_exchanger_with_the_lowest_preference_decides() -> None:
    mx = ("clinica.example", "MX", "20 mx00.ionos.es.", "5 aspmx.l.google.com.", "30 mx.zoho.eu.")
    assert find("ana@clinica.example", mx).provider.key == "google_workspace"


def test_a_known_exchanger_behind_an_unknown_one_is_found() -> None:
    mx = ("clinica.example", "MX", "5 mx.filter.example.", "10 mx00.ionos.es.")
    found = find("ana@clinica.example", mx, WEB)
    assert (found.how, found.provider.key) == (How.mx, "ionos_es")


def test_a_name_that_only_ends_in_the_same_letters_is_another_provider() -> None:
    found = find("ana@clinica.example", ("clinica.example", "MX", "10 mx.notgoogle.com."))
    assert found.how == How.nothing


def test_aruba_is_known_by_the_network_of_an_exchanger_in_the_own_domain() -> None:
    mx = ("clinica.example", "MX", "10 mx.clinica.example.")
    found = find("ana@clinica.example", mx, ("mx.clinica.example", "A", "62.149.128.74"), WEB)
    assert (found.how, found.provider.key) == (How.mx, "aruba")
    assert found.endpoints == load()["aruba"].endpoints_for("clinica.example")


@pytest.mark.parametrize(
    ("exchanger", "address"),
    [
        ("mx.filter.example", "62.149.128.74"),
        ("mx.otraclinica.example", "62.149.128.74"),
        ("mx.clinica.example", "62.149.129.74"),
    ],
)
def test_another_domains_exchanger_or_another_network_is_not_arubas(
    exchanger: str, address: str
) -> None:
    mx = ("clinica.example", "MX", f"10 {exchanger}.")
    found = find("ana@clinica.example", mx, (exchanger, "A", address))
    assert found.provider.key == "other"


@pytest.mark.parametrize(
    "mx",
    [
        pytest.param(("clinica.example", "MX", "0 ."), id="null MX"),
        pytest.param(FILTER, id="filter"),
        pytest.param(("clinica.example", "TXT", '"v=spf1 -all"'), id="no MX"),
    ],
)
def test_without_a_known_exchanger_the_service_records_are_read(mx: Records) -> None:
    srv = ("_submission._tcp.clinica.example", "SRV", "0 1 587 out.hosting.example.")
    found = find("ana@clinica.example", mx, srv, WEB)
    assert (found.how, found.provider.key) == (How.srv, "other")
    assert servers(found) == ["out.hosting.example 587 tls"]


def test_a_known_exchanger_comes_before_service_records() -> None:
    srv = ("_submissions._tcp.clinica.example", "SRV", "0 1 465 out.hosting.example.")
    assert find("ana@clinica.example", GOOGLE, srv).how == How.mx


def test_services_go_by_encryption_then_priority_then_weight() -> None:
    starttls = ("_submission._tcp.clinica.example", "SRV", "0 9 587 first.example.")
    implicit = (
        "_submissions._tcp.clinica.example",
        "SRV",
        "20 9 465 spare.example.",
        "10 1 465 light.example.",
        "10 5 2465 heavy.example.",
    )
    assert servers(find("ana@clinica.example", starttls, implicit)) == [
        "heavy.example 2465 ssl",
        "light.example 465 ssl",
        "spare.example 465 ssl",
        "first.example 587 tls",
    ]


def test_a_service_said_not_to_be_offered_is_left_out() -> None:
    implicit = ("_submissions._tcp.clinica.example", "SRV", "0 0 465 .")
    starttls = ("_submission._tcp.clinica.example", "SRV", "0 1 587 out.hosting.example.")
    assert servers(find("a@clinica.example", implicit, starttls)) == ["out.hosting.example 587 tls"]
    assert find("a@clinica.example", implicit).how == How.nothing


def test_a_service_on_a_catalogued_server_is_that_provider() -> None:
    srv = ("_submissions._tcp.clinica.example", "SRV", "0 1 465 smtp.strato.de.")
    found = find("ana@clinica.example", FILTER, srv)
    assert (found.how, found.provider.key) == (How.srv, "strato")
    assert found.endpoints == (Endpoint("smtp.strato.de", 465, "ssl"),)


def test_a_guess_names_the_hosts_that_have_an_address() -> None:
    mx = ("clinica.example", "MX", "10 mx.clinica.example.", "20 mx2.clinica.example.")
    mail = ("mail.clinica.example", "AAAA", "2001:db8::1")
    found = find("ana@clinica.example", mx, mail, ("mx.clinica.example", "A", "192.0.2.3"), WEB)
    assert (found.how, found.provider.key) == (How.guess, "other")
    assert servers(found) == [
        "smtp.clinica.example 465 ssl",
        "smtp.clinica.example 587 tls",
        "mail.clinica.example 465 ssl",
        "mail.clinica.example 587 tls",
        "mx.clinica.example 465 ssl",
        "mx.clinica.example 587 tls",
    ]


def test_a_host_that_is_guessed_twice_is_named_once() -> None:
    mx = ("clinica.example", "MX", "10 mail.clinica.example.")
    found = find("ana@clinica.example", mx, ("mail.clinica.example", "A", "192.0.2.3"))
    assert servers(found) == ["mail.clinica.example 465 ssl", "mail.clinica.example 587 tls"]


def test_the_own_domain_as_its_exchanger_is_guessed() -> None:
    mx = ("clinica.example", "MX", "0 clinica.example.")
    found = find("ana@clinica.example", mx, ("clinica.example", "A", "192.0.2.3"))
    assert servers(found) == ["clinica.example 465 ssl", "clinica.example 587 tls"]


def test_a_strangers_exchanger_is_not_guessed() -> None:
    address = ("mx1.filter.example", "A", "192.0.2.3")
    assert find("ana@clinica.example", FILTER, address).how == How.nothing


def test_aliases_are_followed() -> None:
    records = (
        ("smtp.clinica.example", "CNAME", "web.clinica.example."),
        ("web.clinica.example", "CNAME", "host7.hosting.example."),
        ("host7.hosting.example", "A", "192.0.2.3"),
    )
    assert servers(find("ana@clinica.example", *records))[0] == "smtp.clinica.example 465 ssl"


def test_aliases_in_a_circle_are_nothing() -> None:
    one = ("clinica.example", "CNAME", "clinica2.example.")
    two = ("clinica2.example", "CNAME", "clinica.example.")
    assert find("ana@clinica.example", one, two).how == How.nothing


def test_an_alias_chain_without_end_is_nothing() -> None:
    chain = [
        (f"smtp{number or ''}.clinica.example", "CNAME", f"smtp{number + 1}.clinica.example.")
        for number in range(40)
    ]
    end = ("smtp40.clinica.example", "A", "192.0.2.3")
    assert find("ana@clinica.example", *chain, end).how == How.nothing


def test_a_domain_too_long_for_the_names_beneath_it_is_nothing() -> None:
    domain = ".".join(["b" * 60] * 4 + ["example"])
    assert find(f"ana@{domain}").how == How.nothing


def test_the_search_domains_of_the_machine_are_not_appended() -> None:
    with DnsServer() as server:
        detect("ana@clinica.example", server.address)
        asked = {name for name, _ in server.questions}
    assert "clinica.example" in asked
    assert all(name.endswith("clinica.example") for name in asked)
