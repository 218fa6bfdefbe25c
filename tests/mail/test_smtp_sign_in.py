"""A session is signed in, and its password told to nobody else."""

import base64

import pytest

from portal.mail.diagnosis import Finding, diagnose
from portal.mail.smtp import Cause, Network, Result, Session
from tests.mail.smtp_sessions import MAIL, RECIPIENT, SENDER, account, fault_of, scripted
from tests.scripted_smtp import Fault, Play, ScriptedServer
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
    with ScriptedServer({"ehlo": "250-mail\r\n250 AUTH CRAM-MD5"}) as peer:
        fault = fault_of(peer, network)
    assert (fault.phase, fault.cause) == ("auth", Cause.auth_missing)


@pytest.mark.parametrize("offered", ["XOAUTH2", "XOAUTH2 OAUTHBEARER"])
def test_a_server_that_takes_tokens_only_gets_no_password(network: Network, offered: str) -> None:
    with ScriptedServer({"ehlo": f"250-mail\r\n250 AUTH {offered}"}, "ssl") as peer:
        fault = fault_of(peer, network)
        found = diagnose(fault, account(peer.port), "other")
    assert (fault.phase, fault.cause) == ("auth", Cause.password_not_offered)
    assert (found.cause, found.field) == (Finding.password_sign_in_gone, "password")
    assert [command.split()[0] for command in peer.commands] == ["EHLO"]


def test_a_server_that_takes_no_initial_response_asks_for_it(network: Network) -> None:
    with ScriptedServer({"auth": ("334 ", "235 2.7.0 Accepted")}) as peer:
        with scripted(peer, network):
            pass
        first, again = peer.commands[1:3]
    assert first == f"AUTH PLAIN {again}"
    assert base64.b64decode(again) == f"\0{USER}\0{PASSWORD}".encode()


@pytest.mark.parametrize(
    ("mechanism", "plays", "words"),
    [
        ("PLAIN", ("334 e30=", "334 eyJzdGF0dXMiOiI0MDAifQ=="), "eyJzdGF0dXMiOiI0MDAifQ=="),
        ("PLAIN", ("334 ", "535 5.7.8 Wrong"), "5.7.8 Wrong"),
        ("LOGIN", ("235 2.7.0 Already",), "2.7.0 Already"),
        ("LOGIN", ("334 VXNlcm5hbWU6", "535 5.7.8 Unknown user"), "5.7.8 Unknown user"),
        ("LOGIN", ("334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "334 TW9yZQ=="), "TW9yZQ=="),
    ],
)
def test_a_sign_in_that_goes_another_way_is_refused_in_the_servers_words(
    network: Network, mechanism: str, plays: tuple[str, ...], words: str
) -> None:
    with ScriptedServer(
        {"ehlo": f"250-mail\r\n250 AUTH {mechanism}", "auth": plays}, "ssl"
    ) as peer:
        fault = fault_of(peer, network)
    assert (fault.phase, fault.step, fault.cause) == ("auth", "auth", Cause.rejected)
    assert fault.reply
    assert fault.reply.text == words


def test_a_refused_password_is_not_tried_again_by_another_mechanism(network: Network) -> None:
    with ScriptedServer({"auth": "535 5.7.8 Wrong"}, "ssl") as peer:
        fault_of(peer, network)
    assert [command.split()[0] for command in peer.commands] == ["EHLO", "AUTH"]


@pytest.mark.parametrize("plays", [(Fault.DROP,), ("334 ", Fault.DROP)])
def test_a_server_that_hangs_up_at_the_sign_in(network: Network, plays: tuple[Play, ...]) -> None:
    with ScriptedServer({"auth": plays}, "ssl") as peer:
        fault = fault_of(peer, network)
    assert (fault.phase, fault.cause) == ("auth", Cause.dropped)


def test_a_wrong_password(network: Network) -> None:
    with MailServer() as peer:
        fault = fault_of(peer, network, password="wrong")
    assert (fault.phase, fault.cause) == ("auth", Cause.rejected)
    assert fault.reply
    assert fault.reply.code == 535


def test_a_fault_never_carries_the_password(network: Network) -> None:
    password = "contraseña-7"
    blob = base64.b64encode(f"\0{USER}\0{password}".encode()).decode()
    echo = f"500 What is AUTH PLAIN {blob} or {password}?"
    with ScriptedServer({"auth": echo}, "ssl") as peer:
        fault = fault_of(peer, network, password=password)
    assert fault.reply
    assert fault.reply.text == "What is AUTH PLAIN *** or ***?"
    assert password not in repr(account(1, password=password))


def test_replies_are_shown_printable_short_and_on_one_line(network: Network) -> None:
    auth = "535-5.7.8 Wrong\x1b[31m\u202e\r\n535 5.7.8 See \tñandú " + "x" * 600
    with ScriptedServer({"auth": auth}, "ssl") as peer:
        reply = fault_of(peer, network).reply
    assert reply
    assert reply.text.startswith("5.7.8 Wrong [31m 5.7.8 See ñandú xxx")
    assert (len(reply.text), reply.enhanced) == (500, "5.7.8")


def test_words_in_an_older_encoding_stay_readable(network: Network) -> None:
    auth = "535 Contraseña no válida\r\n".encode("cp1252")
    with ScriptedServer({"auth": auth}, "ssl") as peer:
        reply = fault_of(peer, network).reply
    assert reply
    assert reply.text == "Contraseña no válida"
