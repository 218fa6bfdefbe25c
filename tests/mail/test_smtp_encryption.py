"""A session is encrypted as chosen, with a certificate that fits."""

from pathlib import Path

import pytest

from portal.mail.diagnosis import Diagnosis, Finding, diagnose
from portal.mail.smtp import Cause, Network, Security, Session
from tests.certificates import CERTIFICATES
from tests.mail.smtp_sessions import account, fault_of, scripted
from tests.scripted_smtp import Fault, Play, ScriptedServer
from tests.smtp_server import MailServer


def test_no_encryption_chosen_still_uses_starttls_where_offered(network: Network) -> None:
    with MailServer("tls") as peer, Session.open(account(peer.port, "none"), network):
        pass


def test_ssl_chosen_for_a_plain_port(network: Network) -> None:
    with ScriptedServer() as peer:
        fault = fault_of(peer, network, security="ssl")
    assert (fault.phase, fault.cause) == ("tls", Cause.wrong_security)


@pytest.mark.parametrize("security", ["tls", "none"])
def test_no_ssl_chosen_for_an_ssl_port(network: Network, security: str) -> None:
    with MailServer("ssl") as peer:
        fault = fault_of(peer, network, security=security, phase_timeout=0.3)
    assert (fault.phase, fault.cause) == ("greeting", Cause.timeout)


def test_starttls_is_not_offered(network: Network) -> None:
    with ScriptedServer() as peer:
        fault = fault_of(peer, network, security="tls")
    assert (fault.phase, fault.cause) == ("tls", Cause.starttls_missing)


def test_text_slipped_in_behind_starttls_is_not_taken_for_encrypted(network: Network) -> None:
    with ScriptedServer({"starttls": b"220 Go\r\n250 injected\r\n"}, "tls") as peer:
        fault = fault_of(peer, network)
    assert (fault.phase, fault.cause) == ("tls", Cause.not_smtp)


@pytest.mark.parametrize("tls", ["ssl", "tls"])
@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        ("wrong_name", Cause.certificate_name),
        ("expired", Cause.certificate_expired),
        ("self_signed", Cause.certificate_self_signed),
        ("own_authority", Cause.certificate_self_signed),
        ("unknown_authority", Cause.certificate_untrusted),
    ],
)
def test_what_is_wrong_with_a_certificate_is_told_apart(
    network: Network, tls: Security, kind: str, cause: Cause
) -> None:
    with ScriptedServer(None, tls, CERTIFICATES[kind]()) as peer:
        fault = fault_of(peer, network)
    assert (fault.phase, fault.cause) == ("tls", cause)
    assert not [command for command in peer.commands if command.startswith("AUTH")]


def test_a_self_signed_certificate_that_was_trusted_by_name(tmp_path: Path) -> None:
    certificate = CERTIFICATES["self_signed"]()
    ca_file = tmp_path / "own.pem"
    certificate.cert_chain_pems[0].write_to_path(str(ca_file))
    trusting = Network(("127.0.0.0/8",), frozenset(), ca_file)
    with (
        ScriptedServer(None, "ssl", certificate) as peer,
        Session.open(account(peer.port), trusting),
    ):
        pass


@pytest.fixture(params=["gone", "no certificates"])
def broken_trust(request: pytest.FixtureRequest, tmp_path: Path) -> Network:
    """Loopback, with a file of trusted authorities that can't be read any more."""
    ca_file = tmp_path / "ca.pem"
    if request.param != "gone":
        ca_file.write_text(request.param)
    return Network(("127.0.0.0/8",), frozenset(), ca_file)


@pytest.mark.parametrize("tls", ["ssl", "tls"])
def test_an_unreadable_file_of_authorities_is_a_fault_that_blames_no_field(
    broken_trust: Network, tls: Security
) -> None:
    with ScriptedServer(None, tls) as peer:
        fault = fault_of(peer, broken_trust)
        found = diagnose(fault, account(peer.port, tls), "other")
    assert (fault.phase, fault.cause) == ("tls", Cause.authority_unreadable)
    assert found == Diagnosis(Finding.authority_unreadable, None, permanent=False)
    assert not [command for command in peer.commands if command.startswith("AUTH")]


def test_without_encryption_the_file_of_authorities_is_not_needed(broken_trust: Network) -> None:
    with ScriptedServer() as peer, scripted(peer, broken_trust):
        pass


@pytest.mark.parametrize(
    ("tls", "play", "cause"),
    [
        ("ssl", Fault.SILENT, Cause.timeout),
        ("tls", Fault.SILENT, Cause.timeout),
        ("ssl", Fault.DROP, Cause.dropped),
        ("tls", Fault.DROP, Cause.dropped),
        ("ssl", b"\0garbage" * 100, Cause.wrong_security),
    ],
)
def test_an_encryption_that_does_not_come_about(
    network: Network, tls: Security, play: Play, cause: Cause
) -> None:
    with ScriptedServer({"handshake": play}, tls) as peer:
        fault = fault_of(peer, network, phase_timeout=0.5)
    assert (fault.phase, fault.cause) == ("tls", cause)
