"""Delivery from a mailbox that is signed in to by a permission of its provider."""

from collections.abc import Iterator

import pytest
from flask import Flask

from jobs import stopping
from portal.mail_settings import service
from portal.models import AccountStatus, MailAccount, MailSettings
from portal.models.base import now
from tests.conftest import JobRunner
from tests.mail_settings.health import sweep_up
from tests.mail_settings.oauth import grant_of, sign_in
from tests.oauth_server import OAuthServer
from tests.outbox.line import Line
from tests.scripted_smtp import ScriptedServer
from tests.smtp_server import MailServer, count_per_recipient

REVOKED = "Token has been expired or revoked."
SESSION_OVER = "421 4.7.0 Your session has expired"
EVERYBODY = {f"{name}@example.com": 1 for name in ("ana", "bea", "cleo")}


@pytest.fixture
def mailbox(provider: OAuthServer) -> Iterator[MailServer]:
    """The provider's mail server."""
    with MailServer("none", tokens=provider.is_live, token_gone=SESSION_OVER) as server:
        yield server


@pytest.fixture
def line(app: Flask, mailbox: MailServer, run_jobs: JobRunner) -> Line:
    """A mailbox signed in to, and a campaign for ana, bea and cleo."""
    line = Line(app)
    sign_in(app, mailbox.port)
    run_jobs()
    assert line.account().status is AccountStatus.WORKING
    line.add_contacts("ana", "bea", "cleo")
    line.launch()
    return line


@pytest.fixture
def one_mail_out(line: Line, mailbox: MailServer, monkeypatch: pytest.MonkeyPatch) -> Line:
    """One mail has gone when the sender was told to stop."""
    with monkeypatch.context() as told:
        told.setattr(stopping, "requested", lambda: len(mailbox.mails) == 1)
        line.deliver()
    assert line.statuses() == {"ana": "sent", "bea": "queued", "cleo": "queued"}
    return line


def test_mails_go_by_a_token(line: Line, mailbox: MailServer, provider: OAuthServer) -> None:
    line.deliver()
    assert count_per_recipient(mailbox.mails) == EVERYBODY
    assert line.is_finished()
    assert provider.refreshes == 0


def test_a_token_that_died_is_made_new_once_and_the_mails_go(
    one_mail_out: Line, mailbox: MailServer, provider: OAuthServer
) -> None:
    provider.expire_access_tokens()
    one_mail_out.deliver()
    assert count_per_recipient(mailbox.mails) == EVERYBODY
    assert one_mail_out.account().status is AccountStatus.WORKING
    assert provider.refreshes == 1
    one_mail_out.assert_counters_agree()


def test_a_session_that_ends_with_its_token_is_not_the_mailboxs_fault(
    line: Line, mailbox: MailServer, provider: OAuthServer
) -> None:
    def is_live_for_one_mail(address: str, token: str) -> bool:
        if len(mailbox.mails) == 1:
            provider.expire_access_tokens()
        return provider.is_live(address, token)

    mailbox.tokens = is_live_for_one_mail
    line.deliver()
    assert line.statuses() == {"ana": "sent", "bea": "deferred", "cleo": "queued"}
    assert line.account().status is AccountStatus.WORKING
    mailbox.tokens = provider.is_live
    line.deliver()
    assert set(line.statuses().values()) == {"sent"}
    assert provider.refreshes == 1


def test_when_the_permission_ends_mails_wait_until_somebody_signs_in_again(
    one_mail_out: Line, mailbox: MailServer, provider: OAuthServer, run_jobs: JobRunner
) -> None:
    line = one_mail_out
    provider.expire_access_tokens()
    provider.end_grants(REVOKED)
    line.deliver()
    here = line.account()
    assert (here.status, here.cause) == (AccountStatus.FAILING, "oauth_expired")
    assert here.reply == f"invalid_grant: {REVOKED}"
    assert line.statuses() == {"ana": "sent", "bea": "queued", "cleo": "queued"}
    line.deliver()
    assert provider.refreshes == 1

    sign_in(line.app, mailbox.port)
    run_jobs()
    assert line.account().status is AccountStatus.WORKING
    assert count_per_recipient(mailbox.mails) == EVERYBODY
    assert line.is_finished()
    line.assert_counters_agree()
    assert [grant_of(line.app, number).tokens == "" for number in (1, 2)] == [True, False]


def test_while_the_provider_is_away_mails_wait_and_go_by_themselves_later(
    one_mail_out: Line, mailbox: MailServer, provider: OAuthServer, run_jobs: JobRunner
) -> None:
    line = one_mail_out
    provider.expire_access_tokens()
    provider.answers = "error500"
    line.deliver()
    here = line.account()
    assert (here.status, here.cause) == (AccountStatus.FAILING, "oauth_unreachable")
    assert here.next_check_at
    assert line.statuses() == {"ana": "sent", "bea": "queued", "cleo": "queued"}

    provider.answers = "json"
    line.change(MailAccount, next_check_at=now())
    sweep_up(line, run_jobs)
    assert count_per_recipient(mailbox.mails) == EVERYBODY
    line.assert_counters_agree()


@pytest.mark.parametrize(
    "said", ["5.7.139 SmtpClientAuthentication is disabled for the Tenant.", "5.7.3 Unsuccessful"]
)
def test_a_new_token_is_asked_for_only_where_it_may_help(
    one_mail_out: Line, mailbox: MailServer, provider: OAuthServer, said: str
) -> None:
    plays = {"ehlo": "250-mail.example.test\r\n250 AUTH XOAUTH2", "auth": f"535 {said}"}
    with ScriptedServer(plays) as refusing:
        one_mail_out.change(MailSettings, smtp_port=refusing.port)
        one_mail_out.deliver()
    assert one_mail_out.account().status is AccountStatus.FAILING
    assert provider.refreshes == (0 if "disabled" in said else 1)


def test_after_disconnecting_nothing_more_is_taken_to_be_sent(
    line: Line, mailbox: MailServer
) -> None:
    def disconnect_after_one(address: str, token: str) -> bool:
        if len(mailbox.mails) == 1:
            with line.app.app_context():
                service.disconnect()
        return True

    mailbox.tokens = disconnect_after_one
    line.deliver()
    assert line.statuses() == {"ana": "sent", "bea": "sent", "cleo": "queued"}
    assert line.account().status is AccountStatus.UNCONFIGURED
