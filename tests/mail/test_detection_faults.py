"""Finding a provider with name servers that fail, and on a machine that has none."""

import inspect
import time
from pathlib import Path

import dns.resolver
import pytest

from portal.mail.detection import How, detect
from portal.mail.providers import Endpoint
from tests.dns_server import DnsServer, Fault

GOOGLE = ("clinica.example", "MX", "10 aspmx.l.google.com.")
FILTER = ("clinica.example", "MX", "10 mx1.filter.example.")
WEB = ("smtp.clinica.example", "A", "192.0.2.1")

# What may pass beyond the limit on a busy machine before the answer is there.
SLACK_SECONDS = 0.4


def test_an_answer_too_long_for_one_packet_is_fetched_over_tcp() -> None:
    with DnsServer(GOOGLE, fault=Fault.TRUNCATED) as server:
        assert detect("ana@clinica.example", server.address).provider.key == "google_workspace"
        assert server.tcp_questions == 1


def test_a_server_that_fails_is_nothing_at_once() -> None:
    with DnsServer(GOOGLE, WEB, fault=Fault.SERVFAIL) as server:
        started = time.monotonic()
        assert detect("ana@clinica.example", server.address, 30).how == How.nothing
        assert time.monotonic() - started < 10


def test_a_truncated_answer_without_tcp_is_nothing_at_once() -> None:
    with DnsServer(GOOGLE, WEB, fault=Fault.TRUNCATED, tcp=False) as server:
        started = time.monotonic()
        assert detect("ana@clinica.example", server.address, 30).how == How.nothing
        assert time.monotonic() - started < 10


def test_a_port_where_nobody_answers_is_nothing() -> None:
    with DnsServer() as server:
        closed = server.address
    assert detect("ana@clinica.example", closed, 0.5).how == How.nothing


@pytest.mark.parametrize("fault", [Fault.SILENT, Fault.GARBAGE, Fault.SLOW, Fault.TRUNCATED_SILENT])
def test_a_server_without_a_usable_answer_is_nothing_at_the_limit(fault: Fault) -> None:
    with DnsServer(GOOGLE, WEB, fault=fault, slow_seconds=60) as server:
        started = time.monotonic()
        assert detect("ana@clinica.example", server.address, 0.5).how == How.nothing
        assert time.monotonic() - started < 0.5 + SLACK_SECONDS


def test_a_silent_server_is_nothing_after_two_seconds() -> None:
    with DnsServer(GOOGLE, WEB, fault=Fault.SILENT) as server:
        started = time.monotonic()
        assert detect("ana@clinica.example", server.address).how == How.nothing
        assert time.monotonic() - started < 2 + SLACK_SECONDS


def test_the_pause_before_another_attempt_does_not_stretch_the_limit() -> None:
    with DnsServer(fault=Fault.SILENT) as server:
        started = time.monotonic()
        seconds: list[float] = []
        for _ in range(3):  # the quickest of three says nothing of how busy the machine is
            detect("ana@clinica.example", server.address, 0.3)
            seconds.append(time.monotonic() - started - sum(seconds))
    assert min(seconds) < 0.3 + 0.15


def test_a_server_that_needs_most_of_the_time_for_each_answer_is_waited_for() -> None:
    with DnsServer(FILTER, WEB, fault=Fault.SLOW, slow_seconds=0.5) as server:
        assert detect("ana@clinica.example", server.address).how == How.guess


@pytest.mark.parametrize("kind", ["SRV", "AAAA"])
def test_silence_about_one_kind_of_record_leaves_the_others(kind: str) -> None:
    with DnsServer(FILTER, WEB, faults={kind: Fault.SILENT}) as server:
        found = detect("ana@clinica.example", server.address, 1)
    assert found.endpoints[0] == Endpoint("smtp.clinica.example", 465, "ssl")


def test_a_packet_that_is_lost_is_sent_again() -> None:
    with DnsServer(GOOGLE, lost=1) as server:
        assert detect("ana@clinica.example", server.address).provider.key == "google_workspace"
        assert server.questions == [("clinica.example", "MX")] * 2


@pytest.mark.parametrize("content", [None, "", "search clinica.example\n", "nameserver nowhere\n"])
def test_a_machine_without_resolvers_finds_nothing(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "resolv.conf"
    if content is not None:
        path.write_text(content)
    opening = dns.resolver.BaseResolver.__init__
    assert inspect.signature(opening).parameters["filename"].default == "/etc/resolv.conf"
    monkeypatch.setattr(opening, "__defaults__", (str(path), True))
    assert detect("ana@clinica.example").how == How.nothing
    assert detect("ana@gmail.com").provider.key == "gmail"


def test_a_domain_with_very_many_exchangers_of_its_own_costs_few_questions() -> None:
    exchangers = [f"{number} mx{number}.clinica.example." for number in range(100)]
    with DnsServer(("clinica.example", "MX", *exchangers)) as server:
        detect("ana@clinica.example", server.address)
        assert len(server.questions) < 20
        assert ("mx0.clinica.example", "A") in server.questions
