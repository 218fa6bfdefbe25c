"""A session is opened: the server found, permitted, reached and greeted."""

import socket
import threading
import time

import pytest

from portal.mail.smtp import Cause, Network, Reply, Security, Session, SmtpFault
from tests.mail.smtp_sessions import SENDER, account, fault_of, scripted
from tests.scripted_smtp import Fault, Play, ScriptedServer
from tests.smtp_server import HOST, MailServer


@pytest.mark.parametrize(
    ("security", "phases"),
    [
        ("ssl", ["dns", "connect", "tls", "greeting", "auth"]),
        ("tls", ["dns", "connect", "tls", "greeting", "auth"]),
        ("none", ["dns", "connect", "greeting", "auth"]),
    ],
)
def test_phases_are_told_in_order_as_they_end(
    network: Network, security: Security, phases: list[str]
) -> None:
    told: list[tuple[str, float]] = []
    with MailServer(security) as peer:
        server = account(peer.port, security, allow_unencrypted=True)
        with Session.open(server, network, on_phase=lambda *p: told.append(p)) as session:
            session.probe_sender(SENDER)
    assert [name for name, _ in told] == [*phases, "sender"]
    assert all(0 <= seconds < 10 for _, seconds in told)


def test_the_greeting_gives_an_address_literal(network: Network) -> None:
    with ScriptedServer() as peer, scripted(peer, network):
        assert peer.commands[0] == "EHLO [127.0.0.1]"


def test_each_address_of_a_name_is_tried(network: Network) -> None:
    with MailServer() as peer, Session.open(account(peer.port, host="localhost"), network):
        pass  # where localhost has ::1 too, nothing listens there


def test_a_private_address_is_refused() -> None:
    closed = Network((), frozenset({465}), None)
    with pytest.raises(SmtpFault) as caught:
        Session.open(account(465, host="localhost"), closed)
    assert (caught.value.phase, caught.value.cause) == ("dns", Cause.private_address)


@pytest.mark.parametrize("host", ["10.0.0.1", "169.254.1.1", "::ffff:127.0.0.1", "fe80::1"])
def test_private_addresses_come_in_many_forms(host: str) -> None:
    with pytest.raises(SmtpFault) as caught:
        Session.open(account(465, host=host), Network((), frozenset({465}), None))
    assert caught.value.cause is Cause.private_address


def test_a_public_server_has_one_of_the_mail_ports(network: Network) -> None:
    with pytest.raises(SmtpFault) as caught:
        Session.open(account(6379, host="8.8.8.8"), network)
    assert (caught.value.phase, caught.value.cause) == ("connect", Cause.port_not_allowed)


@pytest.mark.parametrize("port", [0, 70_000])
def test_a_port_that_does_not_exist_is_refused(network: Network, port: int) -> None:
    with pytest.raises(SmtpFault) as caught:
        Session.open(account(port), network)
    assert caught.value.cause is Cause.port_not_allowed


def test_a_host_can_be_exempt_by_its_name(network: Network) -> None:
    by_name = Network(("LocalHost",), frozenset(), network.trusted_ca)
    with MailServer() as peer, Session.open(account(peer.port, host="localhost"), by_name):
        pass


@pytest.mark.parametrize("host", ["smtp..example", "x" * 64 + ".example", "nul\0.example"])
def test_a_host_that_is_no_name(network: Network, host: str) -> None:
    with pytest.raises(SmtpFault) as caught:
        Session.open(account(465, host=host), network)
    assert (caught.value.phase, caught.value.cause) == ("dns", Cause.unknown_host)


def test_a_resolver_that_does_not_answer(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [answer.wait(30)][:0])
    with pytest.raises(SmtpFault) as caught:
        Session.open(account(465, host="smtp.example"), network, phase_timeout=0.1)
    answer.set()
    assert (caught.value.phase, caught.value.cause) == ("dns", Cause.timeout)


def test_nobody_listens(network: Network) -> None:
    with socket.create_server((HOST, 0)) as closed_soon:
        port = closed_soon.getsockname()[1]
    with pytest.raises(SmtpFault) as caught:
        Session.open(account(port), network)
    assert (caught.value.phase, caught.value.cause) == ("connect", Cause.refused)


def test_a_port_that_swallows_connections(network: Network) -> None:
    with socket.create_server((HOST, 0), backlog=0) as full:
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        with pytest.raises(SmtpFault) as caught:
            Session.open(account(full.getsockname()[1]), network, phase_timeout=0.3)
        for filler in fillers:
            filler.close()
    assert (caught.value.phase, caught.value.cause) == ("connect", Cause.timeout)


@pytest.mark.parametrize(
    ("banner", "cause"),
    [
        (Fault.SILENT, Cause.timeout),
        (Fault.DRIP, Cause.timeout),
        (Fault.DROP, Cause.dropped),
        (b"\x16\x03\x01\x00\xff\x00garbage\r\n", Cause.not_smtp),
        ("HTTP/1.1 400 Bad Request", Cause.not_smtp),
        (b"2" * 20_000, Cause.not_smtp),
        (b"220-again\r\n" * 1_000, Cause.not_smtp),
    ],
)
@pytest.mark.parametrize("tls", ["ssl", "none"])
def test_a_server_that_does_not_greet(
    network: Network, tls: Security, banner: Play, cause: Cause
) -> None:
    start = time.monotonic()
    with ScriptedServer({"banner": banner}, tls) as peer:
        fault = fault_of(peer, network, phase_timeout=0.4)
    assert (fault.phase, fault.cause) == ("greeting", cause)
    assert time.monotonic() - start < 3


def test_the_deadline_ends_a_phase_before_its_own_time(network: Network) -> None:
    start = time.monotonic()
    with ScriptedServer({"banner": Fault.DRIP}) as peer:
        fault = fault_of(peer, network, deadline=start + 0.3)
    assert (fault.phase, fault.cause) == ("greeting", Cause.timeout)
    assert time.monotonic() - start < 3


def test_a_refusing_banner_belongs_to_the_greeting_also_before_starttls(network: Network) -> None:
    with ScriptedServer({"banner": "554 5.7.1 No service for you"}, "tls") as peer:
        fault = fault_of(peer, network)
    assert (fault.phase, fault.cause) == ("greeting", Cause.rejected)
    assert fault.reply == Reply(554, "5.7.1 No service for you", "5.7.1")
