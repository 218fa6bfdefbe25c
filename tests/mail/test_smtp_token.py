"""A session is signed in with an access token, which nobody else is told."""

import base64
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.mail.diagnosis import Finding, diagnose
from portal.mail.faults import Reply, SmtpFault
from portal.mail.redaction import Secrets
from portal.mail.smtp import Cause, Network, Result, Server, Session
from tests.mail.smtp_sessions import MAIL, RECIPIENT, SENDER, account, fault_of
from tests.mail.test_smtp_secrets import pieces
from tests.scripted_smtp import Fault, Plays, ScriptedServer
from tests.smtp_server import USER

TOKEN = "ya29.a0Ae~fG-hI_jK/lM+nO.pQ9rS8tU7vW6xY5z=="
RESPONSE = base64.b64encode(f"user={USER}\1auth=Bearer {TOKEN}\1\1".encode()).decode()
TOKENS_ONLY = "250-mail.example.test\r\n250 AUTH XOAUTH2"
ERROR = base64.b64encode(json.dumps({"status": "400", "schemes": "Bearer"}).encode()).decode()


def with_token(port: int, **changes: Any) -> Server:
    return account(port, **({"password": "", "access_token": TOKEN} | changes))


def offering_tokens(**plays: Plays) -> ScriptedServer:
    return ScriptedServer({"ehlo": TOKENS_ONLY, **plays}, "ssl")


def refused_with(network: Network, *plays: str) -> tuple[SmtpFault, list[str]]:
    with offering_tokens(auth=plays) as peer:
        fault = fault_of(peer, network, password="", access_token=TOKEN)
    return fault, peer.commands


def test_a_token_signs_in_and_sends(network: Network) -> None:
    with offering_tokens() as peer, Session.open(with_token(peer.port), network) as session:
        assert session.send(SENDER, RECIPIENT, MAIL).result is Result.accepted
    assert peer.commands[1] == f"AUTH XOAUTH2 {RESPONSE}"


def test_a_server_that_takes_no_initial_response_asks_for_the_token(network: Network) -> None:
    with offering_tokens(auth=("334 ", "235 2.7.0 Accepted")) as peer:
        with Session.open(with_token(peer.port), network):
            pass
        assert peer.commands[1:3] == [f"AUTH XOAUTH2 {RESPONSE}", RESPONSE]


def test_the_error_is_acknowledged_by_an_empty_line_and_the_reply_proper_tells(
    network: Network,
) -> None:
    fault, commands = refused_with(network, f"334 {ERROR}", "535 5.7.8 Not accepted")
    assert (fault.step, fault.cause, fault.said) == (
        "auth",
        Cause.rejected,
        "535 5.7.8 Not accepted",
    )
    assert commands[1:3] == [f"AUTH XOAUTH2 {RESPONSE}", ""]


def test_the_error_may_come_after_the_token_was_asked_for(network: Network) -> None:
    fault, commands = refused_with(network, "334 ", f"334 {ERROR}", "535 5.7.8 Not accepted")
    assert fault.said == "535 5.7.8 Not accepted"
    assert commands[2:4] == [RESPONSE, ""]


def test_a_refusal_at_once_is_the_whole_of_it(network: Network) -> None:
    fault, commands = refused_with(network, "535 5.7.3 Authentication unsuccessful")
    assert fault.said == "535 5.7.3 Authentication unsuccessful"
    assert [command.split()[0] for command in commands] == ["EHLO", "AUTH"]


def test_a_server_that_hangs_up_at_the_error(network: Network) -> None:
    with offering_tokens(auth=(f"334 {ERROR}", Fault.DROP)) as peer:
        fault = fault_of(peer, network, access_token=TOKEN)
    assert (fault.phase, fault.cause) == ("auth", Cause.dropped)


def test_a_server_that_takes_no_token_gets_none(network: Network) -> None:
    with ScriptedServer(tls="ssl") as peer:
        fault = fault_of(peer, network, access_token=TOKEN)
        found = diagnose(fault, with_token(peer.port), "other")
    assert (fault.phase, fault.cause) == ("auth", Cause.token_not_offered)
    assert (found.cause, found.field) == (Finding.oauth_not_offered, "smtp_server")
    assert [command.split()[0] for command in peer.commands] == ["EHLO"]


def test_a_token_is_not_sent_unencrypted_unasked(network: Network) -> None:
    with ScriptedServer({"ehlo": TOKENS_ONLY}) as peer:
        fault = fault_of(peer, network, access_token=TOKEN)
    assert (fault.phase, fault.cause) == ("auth", Cause.unencrypted)
    assert not [command for command in peer.commands if command.startswith("AUTH")]


def test_what_offers_tokens_only_once_encrypted_has_to_be_encrypted() -> None:
    fault = SmtpFault("auth", Cause.token_not_offered)
    found = diagnose(fault, with_token(587, security="none"), "other")
    assert found.cause is Finding.encryption_required


@pytest.mark.parametrize(("offered", "by_token"), [("XOAUTH2", True), ("PLAIN", False)])
def test_a_place_is_looked_for_by_what_would_be_sent_there(
    network: Network, offered: str, by_token: bool
) -> None:
    with ScriptedServer({"ehlo": f"250-mail\r\n250 AUTH {offered}"}, "ssl") as peer:
        place = with_token(peer.port)
        reached = [
            Session.reach(place, network, deadline=time.monotonic() + 10, by_token=wanted)
            for wanted in (by_token, not by_token)
        ]
    assert reached == [True, False]


@pytest.mark.parametrize(
    ("reply", "provider", "finding"),
    [
        ("535 5.7.8 Username and Password not accepted", "gmail", Finding.oauth_refused),
        ("534 5.7.9 Application-specific password required", "gmail", Finding.oauth_refused),
        ("535 5.7.3 Authentication unsuccessful", "hotmail", Finding.oauth_refused),
        ("535 5.7.0 Your password is too simple", "other", Finding.oauth_refused),
        ("535 5.7.139 basic authentication is disabled", "microsoft365", Finding.oauth_refused),
        ("504 5.7.4 Unrecognized authentication type", "other", Finding.oauth_not_offered),
        (
            "535 5.7.139 SmtpClientAuthentication is disabled for the Tenant",
            "microsoft365",
            Finding.smtp_disabled,
        ),
        ("535 5.7.0 Your account has been suspended", "other", Finding.account_disabled),
        ("454 4.7.0 Too many login attempts, try again later", "gmail", Finding.too_many_sign_ins),
    ],
)
def test_a_refused_token_is_never_a_matter_of_the_password(
    reply: str, provider: str, finding: Finding
) -> None:
    code, _, text = reply.partition(" ")
    fault = SmtpFault.rejected("auth", Reply(int(code), text, text.split()[0]))
    found = diagnose(fault, with_token(465), provider)
    assert found.cause is finding
    assert found.field != "password"


@pytest.mark.parametrize(
    "echo", ["AUTH XOAUTH2 {response}", "{token}", "bearer:{token}.", "<{cut}>"]
)
def test_a_refusal_never_carries_the_token(network: Network, echo: str) -> None:
    said = echo.format(response=RESPONSE, token=TOKEN, cut=TOKEN[9:30])
    fault, _ = refused_with(network, f"535 What is {said}?")
    assert fault.said
    assert fault.said.startswith("535 What is ")
    assert not [piece for piece in pieces(TOKEN) | pieces(RESPONSE) if piece in fault.said]
    assert TOKEN not in repr(fault)
    assert TOKEN not in repr(with_token(1))


@pytest.mark.parametrize("length", [1, 7, 20, len(RESPONSE)])
def test_of_an_echoed_command_nothing_of_the_token_is_left(network: Network, length: int) -> None:
    fault, _ = refused_with(network, f'500 What is "AUTH XOAUTH2 {RESPONSE[:length]}"?')
    assert fault.said == '500 What is "AUTH XOAUTH2 ***"?'


@settings(deadline=None, max_examples=100)
@given(
    token=st.text("abcXYZ019-._~+/=", min_size=8, max_size=60),
    start=st.integers(0, 59),
    around=st.sampled_from(("<{}>", "x{}y", "{}...", "token={}", "{}")),
)
def test_no_cut_of_a_token_tells_eight_characters_of_it(
    token: str, start: int, around: str
) -> None:
    line = Secrets(tokens=(token,)).blanked(around.format(token[start:]))
    assert not [token[at : at + 8] for at in range(len(token) - 7) if token[at : at + 8] in line]
