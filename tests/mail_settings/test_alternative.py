"""A server that can't be reached: where the mailbox answers instead, and the one click to it."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from flask import Flask

from jobs import mail_check
from portal.admin.service import find_user
from portal.mail import alternatives, providers
from portal.mail_settings import service
from portal.models import AccountStatus, CheckState, MailCheck, SettingsState
from tests.conftest import ON_SQLITE, JobRunner
from tests.mail.smtp_sessions import wait_until
from tests.mail_settings.form import (
    PAGE,
    account,
    checks,
    everything_saved,
    last_saved,
    password_of,
    save_for,
)
from tests.people import ADMIN, Visitor
from tests.scripted_smtp import Fault, ScriptedServer
from tests.smtp_server import HOST, PASSWORD, MailServer, Tls


@pytest.fixture
def dead_port() -> Iterator[str]:
    """A port of which this test knows that nobody listens."""
    with socket.socket() as bound:
        bound.bind((HOST, 0))
        yield str(bound.getsockname()[1])


def siblings(monkeypatch: pytest.MonkeyPatch, *servers: MailServer | ScriptedServer) -> None:
    """Let these be what listens on the usual ports."""
    ports = tuple((server.port, server.tls) for server in servers)
    monkeypatch.setattr(alternatives, "USUAL_PORTS", ports)


def use_alternative(app: Flask) -> MailCheck | None:
    with app.app_context():
        by = find_user(ADMIN)
        assert by
        return service.use_alternative(by)


def test_a_port_that_refuses_leads_to_the_one_that_works_by_one_click(
    app: Flask,
    admin: Visitor,
    run_jobs: JobRunner,
    monkeypatch: pytest.MonkeyPatch,
    dead_port: str,
) -> None:
    with MailServer("ssl") as server:
        siblings(monkeypatch, server)
        start = time.monotonic()
        save_for(admin, server, smtp_port=dead_port, security="tls")
        run_jobs()
        # The phase's 10 seconds, and hardly more: the others were tried in the meantime.
        assert time.monotonic() - start < 12
        [refused] = checks(app)
        assert (refused.state, refused.cause) == (CheckState.FAILED, "connection_refused")
        assert refused.alternative == {"host": HOST, "port": server.port, "security": "ssl"}
        assert admin.get(PAGE).error("smtp_port")
        check = use_alternative(app)
        assert check
        run_jobs()
    saved = last_saved(app)
    assert (saved.smtp_port, saved.security) == (server.port, "ssl")
    assert (saved.sender_name, password_of(app, saved)) == ("Clínica Ñandú", PASSWORD)
    assert checks(app)[-1].state is CheckState.PASSED
    assert account(app).status is AccountStatus.WORKING
    assert use_alternative(app) is None


@ON_SQLITE
@pytest.mark.parametrize(("chosen", "real"), [("tls", "ssl"), ("none", "ssl"), ("ssl", "tls")])
def test_the_wrong_security_on_the_right_port(
    app: Flask,
    admin: Visitor,
    run_jobs: JobRunner,
    monkeypatch: pytest.MonkeyPatch,
    chosen: Tls,
    real: Tls,
) -> None:
    monkeypatch.setattr("jobs.mail_check.PHASE_SECONDS", 0.5)
    with MailServer(real) as server:
        save_for(admin, server, security=chosen)
        run_jobs()
    [check] = checks(app)
    assert check.alternative == {"host": HOST, "port": server.port, "security": real}
    assert admin.get(PAGE).error("security")


@ON_SQLITE
def test_a_silent_server_is_done_with_in_twelve_seconds(
    app: Flask, admin: Visitor, run_jobs: JobRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedServer({"connect": Fault.SILENT}) as silent, MailServer("tls") as server:
        siblings(monkeypatch, server)
        start = time.monotonic()
        save_for(admin, server, smtp_port=str(silent.port), security="tls")
        run_jobs()
        assert time.monotonic() - start < 12
    [check] = checks(app)
    assert check.alternative == {"host": HOST, "port": server.port, "security": "tls"}


@ON_SQLITE
def test_others_are_asked_while_a_server_is_still_silent(
    app: Flask, admin: Visitor, run_jobs: JobRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_check, "SILENT_SECONDS", 0.1)
    monkeypatch.setattr(mail_check, "PHASE_SECONDS", 4.0)
    with (
        ScriptedServer({"connect": Fault.SILENT}) as silent,
        ScriptedServer(tls="ssl") as other,
        ThreadPoolExecutor() as executor,
    ):
        siblings(monkeypatch, other)
        save_for(admin, MailServer("tls"), smtp_port=str(silent.port), security="tls")
        start = time.monotonic()
        asked = executor.submit(wait_until, lambda: "QUIT" in other.commands)
        waited: list[float] = []
        asked.add_done_callback(lambda _: waited.append(time.monotonic() - start))
        run_jobs()
        assert asked.exception(timeout=5) is None
    assert waited[0] < 3
    assert other.commands.count("QUIT") == 1, "and not a second time when the phase was over"
    assert checks(app)[0].alternative


@ON_SQLITE
@pytest.mark.parametrize("banner", ["554 5.7.1 No service here", "421 4.3.2 Not now"])
def test_a_banner_that_refuses_keeps_its_words_beside_the_alternative(
    app: Flask,
    admin: Visitor,
    run_jobs: JobRunner,
    monkeypatch: pytest.MonkeyPatch,
    banner: str,
) -> None:
    with ScriptedServer({"banner": banner}, "ssl") as refusing, MailServer("tls") as server:
        siblings(monkeypatch, server)
        save_for(admin, server, smtp_port=str(refusing.port), security="ssl")
        run_jobs()
    assert banner in admin.get(PAGE).error("smtp_port")
    assert checks(app)[0].alternative


@ON_SQLITE
def test_no_password_is_sent_to_find_the_mailbox(
    admin: Visitor, run_jobs: JobRunner, monkeypatch: pytest.MonkeyPatch, dead_port: str
) -> None:
    with ScriptedServer(tls="ssl") as one, ScriptedServer(tls="tls") as other:
        siblings(monkeypatch, one, other)
        save_for(admin, MailServer(), smtp_port=dead_port)
        run_jobs()
        verbs = {command.split()[0] for command in (*one.commands, *other.commands)}
    assert verbs == {"EHLO", "STARTTLS", "QUIT"}


@ON_SQLITE
def test_the_password_does_not_follow_to_another_server(
    app: Flask,
    admin: Visitor,
    run_jobs: JobRunner,
    monkeypatch: pytest.MonkeyPatch,
    dead_port: str,
) -> None:
    with MailServer("ssl") as server:
        known = replace(
            providers.load()["other"], host="localhost", port=server.port, security="ssl"
        )
        save_for(admin, server, smtp_port=dead_port)
        monkeypatch.setattr(providers, "load", lambda: {"other": known})
        run_jobs()
        monkeypatch.undo()
    [check] = checks(app)
    assert check.alternative == {"host": "localhost", "port": server.port, "security": "ssl"}
    assert check.field == "smtp_server"
    with pytest.raises(service.PasswordNeeded):
        use_alternative(app)
    assert len(everything_saved(app)) == len(checks(app)) == 1


@ON_SQLITE
def test_settings_at_work_stay_so_beside_an_alternative_for_others(
    app: Flask,
    admin: Visitor,
    run_jobs: JobRunner,
    monkeypatch: pytest.MonkeyPatch,
    dead_port: str,
) -> None:
    with MailServer("ssl") as server:
        siblings(monkeypatch, server)
        save_for(admin, server)
        run_jobs()
        save_for(admin, server, smtp_port=dead_port)
        run_jobs()
    assert account(app).status is AccountStatus.WORKING
    states = [saved.state for saved in everything_saved(app)]
    assert states == [SettingsState.ACTIVE, SettingsState.CANDIDATE]
    assert checks(app)[-1].alternative


@ON_SQLITE
def test_there_is_nothing_to_use(
    app: Flask, admin: Visitor, run_jobs: JobRunner, dead_port: str
) -> None:
    assert use_alternative(app) is None, "nothing was saved"
    with MailServer("ssl") as server:
        save_for(admin, server, smtp_port=dead_port)
        run_jobs()
        assert checks(app)[0].alternative is None
        assert use_alternative(app) is None, "none was found"


@ON_SQLITE
def test_a_check_that_runs_has_found_nothing_yet(
    app: Flask,
    admin: Visitor,
    run_jobs: JobRunner,
    monkeypatch: pytest.MonkeyPatch,
    dead_port: str,
) -> None:
    with MailServer("ssl") as server:
        siblings(monkeypatch, server)
        save_for(admin, server, smtp_port=dead_port)
        run_jobs()
        assert use_alternative(app)
        assert use_alternative(app) is None, "a second click while the first is checked"
    assert len(checks(app)) == 2
