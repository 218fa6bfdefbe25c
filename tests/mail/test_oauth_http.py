"""An authorization server that can't be reached, or answers what is no answer."""

import socket
import time
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import pytest

from portal.mail import oauth, oauth_http
from portal.mail.findings import Finding
from tests.mail.oauth_answers import (
    REFRESH,
    answering,
    client,
    error,
    exchange,
    fault_at,
    refresh,
    tokens,
)
from tests.oauth_http import Answer, Received


@pytest.mark.parametrize(
    ("answer", "finding", "said"),
    [
        ((200, "text/html", "<h1>Hello</h1>"), Finding.oauth_answer_unclear, "HTTP 200 text/html"),
        ((404, "text/html", "<h1>Error</h1>"), Finding.oauth_answer_unclear, "HTTP 404 text/html"),
        (
            (200, "application/json", "[]"),
            Finding.oauth_answer_unclear,
            "HTTP 200 application/json",
        ),
        ((200, "application/json", "{}"), Finding.oauth_answer_unclear, "access_token: -"),
        ((200, "application/json", "[" * 100_000), Finding.oauth_answer_unclear, None),
        ((200, "application/json", '"' + "x" * 300_000), Finding.oauth_answer_unclear, "> 256 kB"),
        ((302, "", "http://127.0.0.1:9/"), Finding.oauth_answer_unclear, "HTTP 302"),
        ((400, "application/json", '{"error": {"code": 400}}'), Finding.oauth_answer_unclear, None),
        ((503, "text/html", "<h1>Later</h1>"), Finding.oauth_unreachable, "HTTP 503 text/html"),
        ((429, "application/json", "{}"), Finding.oauth_unreachable, "HTTP 429 application/json"),
        (error("temporarily_unavailable"), Finding.oauth_unreachable, "temporarily_unavailable"),
        (tokens(access_token="a b\1"), Finding.oauth_answer_unclear, "access_token: -"),
    ],
)
@pytest.mark.parametrize("asked", [exchange, refresh])
def test_an_answer_that_is_none(
    asked: Callable[[oauth.Client], object], answer: Any, finding: Finding, said: str | None
) -> None:
    fault = fault_at("google", asked, *answer)
    assert fault.finding is finding
    assert said is None or fault.said == said


def test_a_redirect_gets_none_of_the_secrets() -> None:
    paths: list[str] = []

    def elsewhere(received: Received) -> Answer:
        paths.append(received.path)
        return 302, "", "/elsewhere"

    with answering(elsewhere) as base, pytest.raises(oauth.OAuthFault):
        exchange(client("google", base))
    assert paths == ["/token"]


def test_a_server_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        base = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(oauth.OAuthFault) as caught:
        exchange(client("google", base))
    assert (caught.value.finding, caught.value.said) == (Finding.oauth_unreachable, None)


def test_a_server_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oauth_http, "TIMEOUTS", (5.0, 0.1))
    over = Event()

    def silent(_: Received) -> Answer:
        over.wait(10)
        return tokens()

    with answering(silent) as base:
        with pytest.raises(oauth.OAuthFault) as caught:
            exchange(client("google", base))
        over.set()
    assert caught.value.finding is Finding.oauth_unreachable


@pytest.mark.parametrize("begins", ["HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", ""])
def test_a_server_that_drips(monkeypatch: pytest.MonkeyPatch, begins: str) -> None:
    monkeypatch.setattr(oauth_http, "TOTAL_SECONDS", 0.2)
    over = Event()

    def drip(listener: socket.socket) -> None:
        peer, _ = listener.accept()
        with peer:
            peer.sendall(begins.encode())
            while not over.wait(0.02):
                peer.sendall(b" ")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        dripping = Thread(target=drip, args=(listener,), daemon=True)
        dripping.start()
        begun = time.monotonic()
        with pytest.raises(oauth.OAuthFault) as caught:
            exchange(client("google", f"http://127.0.0.1:{listener.getsockname()[1]}"))
        took = time.monotonic() - begun
        over.set()
        dripping.join(10)
    assert took < 5
    assert caught.value.finding is Finding.oauth_unreachable


@pytest.mark.parametrize(
    ("answer", "finding"),
    [
        ((503, "text/html", ""), Finding.oauth_unreachable),
        ((400, "text/html", "<h1>Error</h1>"), Finding.oauth_answer_unclear),
        (error("invalid_request", "What is 1//03rst~uvw"), Finding.oauth_answer_unclear),
    ],
)
def test_a_revocation_that_did_not_happen(answer: Any, finding: Finding) -> None:
    fault = fault_at("google", lambda portal: portal.revoke(REFRESH), *answer)
    assert fault.finding is finding
    assert REFRESH not in str(fault)
