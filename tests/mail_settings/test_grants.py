"""A permission is kept for the settings that need it, and nothing of it afterwards."""

import pytest
from flask import Flask

from portal.extensions import db
from portal.mail.findings import Finding
from portal.mail_settings import accounts, checks, grants, service
from portal.models import AccountStatus, MailGrant
from portal.vault import Unreadable
from tests.conftest import JobRunner
from tests.mail_settings.oauth import (
    access,
    change,
    fault,
    grant_of,
    local_mailbox,
    permission,
    runs_out,
    save,
    sign_in,
)
from tests.oauth_http import Received
from tests.oauth_server import ADDRESS, OAuthServer
from tests.smtp_server import PASSWORD, MailServer


def test_tokens_of_one_permission_do_not_open_in_another(app: Flask, provider: OAuthServer) -> None:
    first, other = permission(app), permission(app)
    change(app, other, tokens=grant_of(app, first).tokens)
    runs_out(app, other, -1)
    with pytest.raises(Unreadable):
        access(app, other)
    assert grant_of(app, other).refreshing_until is None  # or others would wait for nothing


def test_what_is_forgotten_is_gone(app: Flask, provider: OAuthServer) -> None:
    grant_id = permission(app)
    with app.app_context():
        token = grants.forget(db.session.get_one(MailGrant, grant_id))
        db.session.commit()
        client = grants.client_of("google")
    assert token
    assert client
    client.revoke(token)
    assert provider.requests[-1] == Received("/revoke", {"token": token})
    assert grant_of(app, grant_id).tokens == ""
    assert fault(lambda: access(app, grant_id)) is Finding.oauth_withdrawn
    assert provider.refreshes == 0


def test_of_several_sign_ins_only_the_last_one_s_tokens_are_kept(
    app: Flask, provider: OAuthServer
) -> None:
    for _ in range(3):
        sign_in(app, port=9)
    assert [bool(grant_of(app, number).tokens) for number in (1, 2, 3)] == [False, False, True]


def test_what_works_keeps_its_tokens_while_another_sign_in_is_tried(
    app: Flask, provider: OAuthServer, run_jobs: JobRunner
) -> None:
    with MailServer("none", tokens=provider.is_live) as server:
        sign_in(app, server.port)
        run_jobs()
    sign_in(app, port=9)
    assert [bool(grant_of(app, number).tokens) for number in (1, 2)] == [True, True]


def test_a_permission_stays_with_its_provider(app: Flask, provider: OAuthServer) -> None:
    """Under another host nobody would see it, nor could give it up."""
    sign_in(app, port=9)
    with pytest.raises(service.PasswordNeeded):
        save(app, local_mailbox(9, provider="other"))
    assert save(app, local_mailbox(9, provider="gmail")).settings_id == 2


def test_disconnecting_leaves_what_works_by_a_password_and_shows_that(
    app: Flask, provider: OAuthServer, run_jobs: JobRunner
) -> None:
    with MailServer("none", user=ADDRESS) as server:
        by_password = save(app, local_mailbox(server.port, password=PASSWORD)).settings_id
        run_jobs()
        sign_in(app, server.port)
        run_jobs()
        with app.app_context():
            gone = service.disconnect()
            here, shown, check = (
                accounts.account(),
                accounts.latest_settings(),
                checks.start_check(),
            )
        run_jobs()
    assert [(one.issuer, bool(one.refresh_token)) for one in gone] == [("google", True)]
    assert here
    assert here.status is AccountStatus.WORKING
    assert shown
    assert shown.id == by_password
    assert check
    assert check.settings_id == by_password
    with app.app_context():
        assert service.trouble() is None


def test_a_check_under_way_changes_nothing_once_it_was_disconnected(
    app: Flask, provider: OAuthServer, run_jobs: JobRunner
) -> None:
    sign_in(app, port=9)
    with app.app_context():
        service.disconnect()
    run_jobs()
    with app.app_context():
        here = accounts.account()
        assert here
        assert (here.status, here.cause) == (AccountStatus.UNCONFIGURED, None)
        assert checks.start_check() is None
