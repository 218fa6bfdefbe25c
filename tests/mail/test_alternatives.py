"""Where a mailbox can be reached instead: what is tried, in which order, and what is never told."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from portal.mail import alternatives
from portal.mail.alternatives import Search, candidates, field_to_correct
from portal.mail.faults import PHASES
from portal.mail.providers import Endpoint, load
from portal.mail.smtp import Cause, Network, Reply, Session, SmtpFault
from tests.certificates import CERTIFICATES
from tests.mail.smtp_sessions import wait_until
from tests.scripted_smtp import Fault, Play, Plays, ScriptedServer
from tests.smtp_server import HOST, MailServer, Tls

FAILED = Endpoint("smtp.clinica.example", 587, "tls")
REFUSED = SmtpFault("connect", Cause.refused)
SILENT = SmtpFault("greeting", Cause.timeout)


def rejected(step: str, code: int = 554) -> SmtpFault:
    return SmtpFault.rejected(step, Reply(code, "No", None))


def soon(seconds: float = 30.0) -> float:
    return time.monotonic() + seconds


def place(peer: MailServer | ScriptedServer, security: Tls = "ssl") -> Endpoint:
    return Endpoint(HOST, peer.port, security)


def test_a_server_that_answered_is_tried_with_the_other_security_first() -> None:
    found = candidates(FAILED, SILENT, ())
    assert found == (
        Endpoint(FAILED.host, 587, "ssl"),
        Endpoint(FAILED.host, 465, "ssl"),
    )


def test_a_port_that_did_not_answer_is_not_tried_again() -> None:
    assert candidates(FAILED, REFUSED, ()) == (Endpoint(FAILED.host, 465, "ssl"),)


def test_the_providers_own_servers_come_before_the_usual_ports() -> None:
    strato = load()["strato"].endpoints_for("clinica.example")
    found = candidates(FAILED, REFUSED, strato)
    assert found[: len(strato)] == tuple(known for known in strato if known.security != "none")
    assert found[-1] == Endpoint(FAILED.host, 465, "ssl")


def test_neither_what_failed_nor_anything_twice_nor_unencrypted_is_tried() -> None:
    known = (
        FAILED,
        Endpoint(FAILED.host, 465, "ssl"),
        Endpoint(FAILED.host, 25, "none"),
        Endpoint("other.example", 465, "ssl"),
    )
    assert candidates(FAILED, REFUSED, known) == (known[1], known[3])


def test_there_is_an_end_to_trying() -> None:
    known = [Endpoint(f"smtp{number}.example", 465, "ssl") for number in range(9)]
    assert len(candidates(FAILED, REFUSED, known)) == 6


def test_no_encryption_chosen_leads_to_encryption() -> None:
    plain = Endpoint("smtp.clinica.example", 25, "none")
    assert {found.security for found in candidates(plain, SILENT, ())} == {"ssl", "tls"}


@pytest.mark.parametrize("cause", [Cause.auth_missing, Cause.unencrypted])
def test_a_port_without_sign_in_for_programs_leads_to_the_ports_with_one(cause: Cause) -> None:
    port_25 = Endpoint("smtp.clinica.example", 25, "tls")
    found = candidates(port_25, SmtpFault("auth", cause), ())
    assert [(place.port, place.security) for place in found] == [(465, "ssl"), (587, "tls")]


@pytest.mark.parametrize("phase", PHASES)
def test_another_place_is_looked_for_until_the_server_has_let_us_in(phase: str) -> None:
    found = candidates(FAILED, SmtpFault(phase, Cause.dropped), ())
    assert bool(found) is (phase not in ("auth", "sender"))


@pytest.mark.parametrize("step", ["banner", "starttls"])
@pytest.mark.parametrize("code", [421, 554])
def test_a_port_that_says_no_may_have_a_sibling(step: str, code: int) -> None:
    assert candidates(FAILED, rejected(step, code), ())


def test_a_refusal_of_who_we_are_is_the_same_at_another_port() -> None:
    assert candidates(FAILED, rejected("ehlo"), ()) == ()


@pytest.mark.parametrize(
    ("found", "field"),
    [
        (Endpoint(FAILED.host, 587, "ssl"), "security"),
        (Endpoint(FAILED.host, 465, "ssl"), "smtp_port"),
        (Endpoint("smtp.example", 587, "tls"), "smtp_server"),
    ],
)
def test_the_field_to_correct_is_what_differs(found: Endpoint, field: str) -> None:
    assert field_to_correct(FAILED, found) == field


@pytest.mark.parametrize(("offered", "works"), [("AUTH PLAIN", True), ("AUTH XOAUTH2", False)])
@pytest.mark.parametrize("tls", ["ssl", "tls"])
def test_a_server_is_reached_when_it_offers_a_sign_in_and_gets_no_password(
    network: Network, tls: Tls, offered: str, works: bool
) -> None:
    with ScriptedServer({"ehlo": f"250-mail\r\n250 {offered}"}, tls) as peer:
        assert Session.reach(place(peer, tls), network, deadline=soon()) is works
        assert {command.split()[0] for command in peer.commands} <= {"EHLO", "STARTTLS", "QUIT"}
        assert peer.commands[-1] == "QUIT"


def test_an_unencrypted_server_is_not_reached(network: Network) -> None:
    with ScriptedServer() as peer:
        assert not Session.reach(place(peer, "none"), network, deadline=soon())


@pytest.mark.parametrize(
    "plays",
    [
        {"banner": Fault.DROP},
        {"banner": "554 5.7.1 No"},
        {"banner": b"garbage\r\n"},
        {"ehlo": "421 Closing"},
        {"handshake": Fault.DROP},
    ],
)
def test_what_does_not_work_is_passed_over(network: Network, plays: dict[str, Play]) -> None:
    with ScriptedServer(plays, "ssl") as broken, MailServer("tls") as good:
        places = (place(broken), place(good, "tls"))
        assert Search(network, soon()).first(places) == places[1]
        assert Search(network, soon()).first(places[:1]) is None


@pytest.mark.parametrize("kind", [kind for kind in CERTIFICATES if kind != "good"])
def test_a_server_that_proves_not_to_be_itself_is_passed_over(network: Network, kind: str) -> None:
    with ScriptedServer(None, "ssl", CERTIFICATES[kind]()) as peer:
        assert Search(network, soon()).first((place(peer),)) is None


def test_the_first_in_order_wins_also_when_it_answers_later(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alternatives, "PREFERENCE_SECONDS", 4.0)
    others_turn_is_over = threading.Event()
    with (
        ScriptedServer({"connect": others_turn_is_over}, "ssl") as slow,
        ScriptedServer(None, "ssl") as quick,
        ThreadPoolExecutor() as executor,
    ):
        places = (place(slow), place(quick))
        found = executor.submit(Search(network, soon()).first, places)
        wait_until(lambda: "QUIT" in quick.commands)
        others_turn_is_over.set()
        assert found.result(10) == places[0]


def test_a_silent_server_holds_the_others_up_for_a_moment_only(network: Network) -> None:
    start = time.monotonic()
    with ScriptedServer({"connect": Fault.SILENT}, "ssl") as silent, MailServer("ssl") as good:
        places = (place(silent), place(good))
        assert Search(network, soon()).first(places) == places[1]
    assert time.monotonic() - start < alternatives.SECONDS - 1


def test_trying_ends_at_the_deadline(network: Network) -> None:
    plays: list[Plays] = [Fault.SILENT, Fault.DRIP]
    start = time.monotonic()
    with ExitStack() as stack:
        scripts = [ScriptedServer({"connect": play}, "ssl") for play in plays]
        peers = [stack.enter_context(script) for script in scripts]
        assert Search(network, soon(0.5)).first([place(peer) for peer in peers]) is None
    assert time.monotonic() - start < 3


def test_trying_ends_by_itself(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alternatives, "SECONDS", 0.3)
    start = time.monotonic()
    with ScriptedServer({"connect": Fault.SILENT}, "ssl") as silent:
        assert Search(network, soon()).first((place(silent),)) is None
    assert time.monotonic() - start < 3


def test_what_the_network_forbids_is_not_tried(network: Network) -> None:
    closed = Network((), frozenset({465}), network.trusted_ca)
    by_name = Network(("localhost",), frozenset(), network.trusted_ca)
    with MailServer("ssl") as peer:
        assert Search(closed, soon()).first((place(peer),)) is None
        named = Endpoint("localhost", peer.port, "ssl")
        assert Search(by_name, soon()).first((place(peer), named)) == named


def test_nobody_listens_anywhere(network: Network) -> None:
    with socket.create_server((HOST, 0)) as closed_soon:
        port = closed_soon.getsockname()[1]
    assert Search(network, soon()).first((Endpoint(HOST, port, "ssl"),)) is None
    assert Search(network, soon()).first(()) is None
