"""A session is encrypted as chosen, with a certificate that fits."""

import datetime

import pytest
import trustme

from portal.mail.smtp import Cause, Network, Session
from tests.mail.smtp_sessions import account, fault_of
from tests.scripted_smtp import ScriptedServer
from tests.smtp_server import HOST, MailServer, authority


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


def test_a_certificate_for_another_name(network: Network) -> None:
    certificate = authority().issue_cert("elsewhere.example")
    with ScriptedServer(None, "ssl", certificate) as peer:
        fault = fault_of(peer, network)
    assert (fault.phase, fault.cause) == ("tls", Cause.certificate_name)


def test_an_expired_certificate(network: Network) -> None:
    yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    certificate = authority().issue_cert(HOST, not_after=yesterday)
    with ScriptedServer(None, "tls", certificate) as peer:
        fault = fault_of(peer, network)
    assert (fault.phase, fault.cause) == ("tls", Cause.certificate_expired)


def test_a_certificate_of_an_unknown_authority(network: Network) -> None:
    with ScriptedServer(None, "ssl", trustme.CA().issue_cert(HOST)) as peer:
        fault = fault_of(peer, network)
    assert (fault.phase, fault.cause) == ("tls", Cause.certificate_untrusted)
