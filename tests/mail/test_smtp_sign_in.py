"""A session is signed in, and its password told to nobody else."""

import base64

import pytest

from portal.mail.smtp import Cause, Network, Result, Session
from tests.mail.smtp_sessions import MAIL, RECIPIENT, SENDER, account, fault_of
from tests.scripted_smtp import ScriptedServer
from tests.smtp_server import PASSWORD, USER, MailServer


@pytest.mark.parametrize("without", ["PLAIN", "LOGIN"])
def test_a_non_ascii_password_signs_in_by_either_mechanism(network: Network, without: str) -> None:
    with MailServer(without_mechanism=without, password="contraseña €") as peer:  # noqa: SIM117
        with Session.open(account(peer.port, password="contraseña €"), network) as session:
            assert session.send(SENDER, RECIPIENT, MAIL).result is Result.accepted


def test_a_password_is_not_sent_unencrypted_unasked(network: Network) -> None:
    with ScriptedServer() as peer:
        fault = fault_of(peer, network)
    assert (fault.phase, fault.cause) == ("auth", Cause.unencrypted)
    assert not [command for command in peer.commands if command.startswith("AUTH")]


def test_a_server_without_passwords(network: Network) -> None:
    with ScriptedServer({"ehlo": "250-mail\r\n250 AUTH XOAUTH2"}) as peer:
        fault = fault_of(peer, network)
    assert (fault.phase, fault.cause) == ("auth", Cause.auth_missing)


def test_a_wrong_password(network: Network) -> None:
    with MailServer() as peer:
        fault = fault_of(peer, network, password="wrong")
    assert (fault.phase, fault.cause) == ("auth", Cause.rejected)
    assert fault.reply
    assert fault.reply.code == 535


def test_a_fault_never_carries_the_password(network: Network) -> None:
    blob = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
    echo = f"500 What is AUTH PLAIN {blob} or {PASSWORD}?"
    with ScriptedServer({"auth": echo}, "ssl") as peer:
        fault = fault_of(peer, network)
    assert fault.reply
    assert fault.reply.text == "What is AUTH PLAIN *** or ***?"
    assert PASSWORD not in repr(account(1))


def test_replies_are_shown_printable_short_and_on_one_line(network: Network) -> None:
    auth = "535-5.7.8 Wrong\x1b[31m\u202e\r\n535 5.7.8 See \tñandú " + "x" * 600
    with ScriptedServer({"auth": auth}, "ssl") as peer:
        reply = fault_of(peer, network).reply
    assert reply
    assert reply.text.startswith("5.7.8 Wrong [31m 5.7.8 See ñandú xxx")
    assert (len(reply.text), reply.enhanced) == (500, "5.7.8")
