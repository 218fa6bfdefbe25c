"""What stops a mailbox that worked, who hears of it, and how sending goes on."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from flask import Flask

from portal.models import AccountStatus, CheckState
from portal.vault import Vault
from tests.conftest import ON_SQLITE, JobRunner
from tests.mail_settings.health import (
    DAILY_LIMIT,
    SIGN_IN,
    SPAM,
    WELCOME,
    Clock,
    latest_check,
    sweep_up,
    warning,
)
from tests.outbox.line import MAILBOX, Line
from tests.people import ADMIN, STAFF, VIEWER
from tests.scripted_smtp import ScriptedServer
from tests.smtp_server import MailServer


@pytest.mark.parametrize(
    ("step", "reply"),
    [
        ("auth", SIGN_IN),
        ("mail", "550 5.7.60 Client does not have permissions to send as this sender"),
        ("rcpt", "550 5.7.1 Relaying denied"),
        ("data", "554 5.7.1 This account is disabled for sending"),
        ("dot", SPAM),
    ],
)
def test_what_the_server_refuses_in_mid_campaign_is_said_to_all_and_costs_no_mail(
    line: Line, server: ScriptedServer, step: str, reply: str
) -> None:
    server.plays[step] = reply
    line.deliver()
    assert line.account().status is AccountStatus.FAILING
    assert line.account().reply == reply
    assert set(line.statuses().values()) <= {"queued", "deferred"}
    for email in (ADMIN, STAFF, VIEWER):
        assert "has stopped working" in warning(line, email)
        assert reply not in warning(line, email)
    line.assert_counters_agree()


@ON_SQLITE
def test_what_was_mended_at_the_provider_goes_on_by_itself(
    line: Line, server: ScriptedServer, run_jobs: JobRunner, clock: Clock
) -> None:
    server.plays["auth"] = SIGN_IN
    line.deliver()
    clock(timedelta(minutes=16))
    sweep_up(line, run_jobs)
    assert line.account().status is AccountStatus.FAILING, "it was checked, and is no better"
    assert latest_check(line.app).state is CheckState.FAILED
    server.plays["auth"] = WELCOME
    sweep_up(line, run_jobs)
    assert line.account().status is AccountStatus.FAILING, "nobody signs in before the time"
    clock(timedelta(minutes=31))
    sweep_up(line, run_jobs)
    assert set(line.statuses().values()) == {"sent"}
    assert [server.count(f"{name}@example.com") for name in ("ana", "bea", "cleo")] == [1, 1, 1]


@ON_SQLITE
def test_a_password_that_no_key_opens_stops_the_account_until_the_key_is_back(
    line: Line, run_jobs: JobRunner, clock: Clock
) -> None:
    with line.app.app_context():
        line.app.extensions["vault"] = Vault((Fernet.generate_key().decode(),))
    line.deliver()
    assert line.account().status is AccountStatus.FAILING
    assert line.account().cause == "password_unreadable"
    assert "can't be read" in warning(line, VIEWER)
    assert set(line.statuses().values()) == {"queued"}
    del line.app.extensions["vault"]
    clock(timedelta(minutes=2))
    sweep_up(line, run_jobs)
    assert set(line.statuses().values()) == {"sent"}


def test_keys_that_are_gone_or_back_are_noticed_without_a_mail(
    app: Flask, run_jobs: JobRunner
) -> None:
    line = Line(app)
    with MailServer(tls="none", user=MAILBOX, password="secret words") as server:
        line.configure(server.port)
        app.extensions["vault"] = Vault((Fernet.generate_key().decode(),))
        sweep_up(line, run_jobs)
        assert line.account().cause == "password_unreadable"
        assert "can't be read" in warning(line, VIEWER)
        del app.extensions["vault"]
        sweep_up(line, run_jobs)
        assert line.account().status is AccountStatus.WORKING


@ON_SQLITE
def test_the_mail_that_met_the_fault_goes_with_the_others_once_it_is_mended(
    line: Line, server: ScriptedServer
) -> None:
    server.plays["mail"] = "530 5.7.0 Authentication required"
    line.deliver()
    assert sorted(line.statuses().values()) == ["deferred", "queued", "queued"]
    server.plays["mail"] = "250 2.1.0 OK"
    line.pass_check_of_active()
    line.deliver()
    assert set(line.statuses().values()) == {"sent"}


@ON_SQLITE
def test_a_server_that_was_away_is_found_again_by_itself(
    app: Flask, run_jobs: JobRunner, clock: Clock
) -> None:
    line = Line(app)
    with ScriptedServer() as gone:
        line.configure(gone.port)
    line.add_contacts("ana", "bea")
    line.launch()
    line.deliver()
    assert line.account().status is AccountStatus.FAILING
    assert line.account().cause == "connection_refused"
    assert set(line.statuses().values()) == {"queued"}
    with MailServer(tls="none", user=MAILBOX, password="secret words", port=gone.port) as back:
        clock(timedelta(minutes=2))
        sweep_up(line, run_jobs)
        assert set(line.statuses().values()) == {"sent"}
        assert [back.count("ana@example.com"), back.count("bea@example.com")] == [1, 1]


@pytest.mark.parametrize(
    ("step", "reply"),
    [
        ("auth", "454 4.7.0 Too many login attempts, please try again later."),
        ("mail", "452 4.5.3 Your account has reached its hourly sending limit"),
        ("rcpt", "421 4.7.0 Sending rate limit exceeded for this account"),
        ("dot", DAILY_LIMIT),
    ],
)
def test_a_limit_pauses_sending_until_it_is_over(
    line: Line,
    server: ScriptedServer,
    run_jobs: JobRunner,
    clock: Clock,
    step: str,
    reply: str,
) -> None:
    usual = server.plays[step]
    server.plays[step] = reply
    line.deliver()
    here = line.account()
    assert here.status is AccountStatus.LIMITED
    assert here.limited_until
    assert here.next_check_at == here.limited_until
    assert set(line.statuses().values()) <= {"queued", "deferred"}
    server.plays[step] = usual
    sweep_up(line, run_jobs)
    assert line.account().status is AccountStatus.LIMITED, "not before its time"
    clock(here.limited_until - datetime.now(UTC) + timedelta(minutes=2))
    sweep_up(line, run_jobs)
    assert set(line.statuses().values()) == {"sent"}
    assert line.account().limited_until is None
    line.assert_counters_agree()
