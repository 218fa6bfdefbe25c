"""The test mail: a check that goes all the way, and says so when a mail does not arrive."""

import email
from email.message import EmailMessage
from email.policy import default

import pytest
from flask import Flask

from jobs import mail_check
from portal.mail_settings import checks as live_checks
from portal.models import AccountStatus, CheckState, MailCheck
from tests.conftest import ON_SQLITE, JobRunner
from tests.mail_settings.form import PAGE, account, checks, save, save_for
from tests.people import ADMIN, STAFF, Visitor
from tests.scripted_smtp import Fault, Play, ScriptedServer
from tests.smtp_server import HOST, USER, MailServer, ReceivedMail

PASSED = ["dns", "connect", "tls", "greeting", "auth", "sender", "test"]


def start_test(app: Flask, recipient: str = ADMIN, language: str = "en") -> MailCheck | None:
    with app.app_context():
        return live_checks.start_test(recipient, language)


def read(mail: ReceivedMail) -> EmailMessage:
    parsed = email.message_from_bytes(mail.content, policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body
    return " ".join(str(body.get_content()).split())


def test_a_test_mail_goes_out_after_every_phase(
    app: Flask, admin: Visitor, run_jobs: JobRunner
) -> None:
    with MailServer() as server:
        save_for(admin, server)
        assert start_test(app)
        run_jobs()
    [replaced, check] = checks(app)
    assert (replaced.state, check.state) == (CheckState.REPLACED, CheckState.PASSED)
    assert list(check.phases) == PASSED
    assert all(phase["state"] == "passed" and "ms" in phase for phase in check.phases.values())
    assert account(app).status is AccountStatus.WORKING
    [mail] = server.mails
    assert (mail.envelope_sender, mail.recipients) == (USER, (ADMIN,))


@ON_SQLITE
def test_it_says_what_it_is_as_other_mails_are_made(
    app: Flask, admin: Visitor, run_jobs: JobRunner
) -> None:
    with MailServer() as server:
        save_for(admin, server, sender_name="Recepción *Ñandú*")
        start_test(app, language="es")
        run_jobs()
    mail = read(server.mails[0])
    assert mail["From"] == f"Recepción *Ñandú* <{USER}>"
    assert (mail["To"], mail["Content-Language"]) == (ADMIN, "es")
    assert "Clínica Ñandú" in str(mail["Subject"])
    assert mail["Message-ID"].endswith("@example.test>")
    assert mail["List-Unsubscribe"] is None
    words = text_of(mail)
    assert "Clínica Ñandú" in words
    assert f"{mail['Date'].datetime:%d}".lstrip("0") in words
    assert words.endswith("Aviso legal.")


@ON_SQLITE
def test_it_is_written_in_the_language_asked_for(
    app: Flask, admin: Visitor, run_jobs: JobRunner
) -> None:
    with MailServer() as server:
        save_for(admin, server)
        start_test(app, language="en")
        run_jobs()
    mail = read(server.mails[0])
    assert mail["Subject"] == "Test mail from Clínica Ñandú"
    assert "a test of the mailbox of Clínica Ñandú" in text_of(mail)
    assert "nothing for you to do" in text_of(mail)


def test_a_refused_recipient_leaves_the_mailbox_working(
    app: Flask, admin: Visitor, run_jobs: JobRunner
) -> None:
    words = "550 5.1.1 No such user here"
    with MailServer(refuse={ADMIN: words}) as server:
        save_for(admin, server)
        start_test(app)
        run_jobs()
    check = checks(app)[-1]
    assert (check.state, check.reply, check.scope) == (CheckState.FAILED, words, "recipient")
    assert check.phases["test"] == {"state": "failed"}
    assert check.phases["sender"]["state"] == "passed"
    assert account(app).status is AccountStatus.WORKING
    assert words in admin.get(PAGE).one("#check").text


@ON_SQLITE
@pytest.mark.parametrize(
    ("dot", "status", "scope"),
    [
        ("554 5.7.1 Message rejected as spam by content filter", "working", "content"),
        ("553 5.7.1 Sender address rejected: not owned by user", "failing", "account"),
        ("550 5.4.5 Daily user sending limit exceeded", "limited", "account"),
    ],
)
def test_only_the_accounts_own_fault_stops_the_mailbox(
    app: Flask, admin: Visitor, run_jobs: JobRunner, dot: str, status: str, scope: str
) -> None:
    with ScriptedServer({"dot": dot}, "ssl") as server:
        save(admin, smtp_server=HOST, smtp_port=str(server.port))
        start_test(app)
        run_jobs()
    check = checks(app)[-1]
    assert (check.state, check.reply, check.scope) == (CheckState.FAILED, dot, scope)
    assert account(app).status == status


@ON_SQLITE
@pytest.mark.parametrize(("step", "cause"), [("data", "server_slow"), ("dot", "test_unconfirmed")])
@pytest.mark.parametrize("play", [Fault.SILENT, Fault.DRIP])
def test_a_server_that_never_answers_is_not_waited_for(
    app: Flask,
    admin: Visitor,
    run_jobs: JobRunner,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    cause: str,
    play: Play,
) -> None:
    monkeypatch.setattr(mail_check, "CHECK_SECONDS", 1.0)
    with ScriptedServer({step: play}, "ssl") as server:
        save(admin, smtp_server=HOST, smtp_port=str(server.port))
        start_test(app)
        run_jobs()
    check = checks(app)[-1]
    assert (check.state, check.cause) == (CheckState.FAILED, cause)
    assert check.phases["test"] == {"state": "failed"}
    assert account(app).status is AccountStatus.WORKING


@ON_SQLITE
def test_a_connection_lost_before_the_mail_was_handed_over_leaves_no_doubt(
    app: Flask, admin: Visitor, run_jobs: JobRunner
) -> None:
    with ScriptedServer({"data": Fault.DROP}, "ssl") as server:
        save(admin, smtp_server=HOST, smtp_port=str(server.port))
        start_test(app)
        run_jobs()
    assert checks(app)[-1].cause == "connection_lost"
    assert account(app).status is AccountStatus.FAILING


@ON_SQLITE
def test_a_connection_lost_after_the_mail_leaves_it_in_doubt(
    app: Flask, admin: Visitor, run_jobs: JobRunner
) -> None:
    with MailServer(drop_after_dot=1) as server:
        save_for(admin, server)
        start_test(app)
        run_jobs()
    assert checks(app)[-1].cause == "test_unconfirmed"
    assert server.count(ADMIN) == 1
    assert account(app).status is AccountStatus.WORKING


@ON_SQLITE
def test_a_worker_killed_on_the_way_never_sends_it_twice(
    app: Flask, admin: Visitor, run_jobs: JobRunner
) -> None:
    with MailServer() as server:
        save_for(admin, server)
        check = start_test(app)
        assert check
        with app.app_context():
            assert live_checks.begin(check.id)  # and is killed
        run_jobs()
        with app.app_context():
            mail_check.run(check.id)
    assert server.mails == []
    assert checks(app)[-1].state is CheckState.RUNNING


@ON_SQLITE
def test_to_ask_twice_is_one_test_mail(app: Flask, admin: Visitor, run_jobs: JobRunner) -> None:
    with MailServer() as server:
        save_for(admin, server)
        first, again = start_test(app), start_test(app, STAFF)
        assert first
        assert again
        assert again.id == first.id
        with app.app_context():
            plain = live_checks.start_check()
        assert plain
        assert plain.id == first.id, "a check while one runs is that one"
        run_jobs()
    assert [mail.recipients for mail in server.mails] == [(ADMIN,)]


@ON_SQLITE
def test_a_save_takes_the_place_of_a_test_mail(
    app: Flask, admin: Visitor, run_jobs: JobRunner
) -> None:
    with MailServer() as server:
        save(admin)
        start_test(app)
        save_for(admin, server)
        run_jobs()
    assert server.mails == []
    assert checks(app)[-1].state is CheckState.PASSED


@ON_SQLITE
def test_nothing_is_sent_where_a_phase_fails(
    app: Flask, admin: Visitor, run_jobs: JobRunner
) -> None:
    with MailServer() as server:
        save_for(admin, server, password="wrong words")
        start_test(app)
        run_jobs()
    check = checks(app)[-1]
    assert check.cause == "password_refused"
    assert "test" not in check.phases
    assert server.mails == []


@ON_SQLITE
def test_there_is_no_test_before_anything_was_saved(app: Flask) -> None:
    assert start_test(app) is None
    assert checks(app) == []
