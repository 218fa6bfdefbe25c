"""Which addresses a mail server may have."""

from contextlib import suppress
from ipaddress import ip_address

import pytest

from portal.mail.faults import SmtpFault
from portal.mail.network import Address, Network

HOST = "smtp.example.test"
CLOSED = Network((), frozenset({465}), None)


def exempting(*entries: str) -> Network:
    return Network(entries, frozenset({465}), None)


def permitted(address: str, network: Network = CLOSED) -> bool:
    found: list[Address] = [ip_address(address)]
    with suppress(SmtpFault):
        return network.permitted_addresses(HOST, found) == found
    return False


@pytest.mark.parametrize(
    ("private", "public"),
    [
        ("::ffff:127.0.0.1", "::ffff:8.8.8.8"),
        ("::127.0.0.1", "::8.8.8.8"),
        ("64:ff9b::10.0.0.1", "64:ff9b::8.8.8.8"),
        ("64:ff9b:1::169.254.1.1", "64:ff9b:1::8.8.8.8"),
        ("64:ff9b:1:7f00:0:100::", "64:ff9b:1:808:8:800::"),
        ("2002:c0a8:101::1", "2002:808:808::1"),
        ("2001:0:808:808::80ff:fffe", "2001:0:808:808::f7f7:f7f7"),  # the last 32 bits inverted
        ("2001:0:7f00:1::f7f7:f7f7", "2001:0:101:101::f7f7:f7f7"),
    ],
)
def test_an_ipv6_address_counts_as_the_ipv4_address_that_it_carries(
    private: str, public: str
) -> None:
    assert not permitted(private)
    assert permitted(public)


def test_a_carrying_address_whose_forms_contradict_is_refused() -> None:
    assert not permitted("64:ff9b:1:7f00:0:100:808:808")


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "100.64.0.1",
        "::",
        "::1",
        "fe80::1",
        "fec0::1",
        "fc00::1",
        "ff02::1",
        "ff0e::1",
        "4000::1",
        "64:ff9b::224.0.0.1",
        "2002:e000:1::1",
    ],
)
def test_an_address_that_is_no_single_public_host_is_refused(address: str) -> None:
    assert not permitted(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2a00:1450:400c::6c"])
def test_a_public_address_is_permitted(address: str) -> None:
    assert permitted(address)


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("127.0.0.0/8", "127.0.0.1"),
        ("127.0.0.0/8", "64:ff9b::127.0.0.1"),
        ("10.0.0.0/8", "2002:a00:1::1"),
        ("::1", "::1"),
        ("64:ff9b:1::/48", "64:ff9b:1::10.0.0.1"),
        ("fec0::/10", "fec0::1"),
        ("SMTP.example.test", "64:ff9b::10.0.0.1"),
    ],
)
def test_an_exempt_address_is_permitted_and_may_have_any_port(entry: str, address: str) -> None:
    network = exempting(entry)
    assert permitted(address, network)
    found: list[Address] = [ip_address(address)]
    assert network.addresses_for_port(HOST, 1025, found) == found


@pytest.mark.parametrize(
    "address", ["64:ff9b::192.168.0.1", "fec0::1", "2001:0:808:808::80ff:fffe"]
)
def test_an_exemption_of_another_network_does_not_help(address: str) -> None:
    assert not permitted(address, exempting("10.0.0.0/8", "::1", "other.example.test"))
