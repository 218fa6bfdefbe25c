"""The tokens of a permission: made new in time, once whoever asks, and kept at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from portal.extensions import db
from portal.mail import oauth, oauth_http
from portal.mail.findings import Finding
from portal.mail_settings import grants
from portal.mail_settings.grants import Access
from portal.models import MailGrant
from portal.models.base import now
from portal.vault import Unreadable
from tests.mail_settings.oauth import access, grant_of, permission, renewed
from tests.oauth_http import Received
from tests.oauth_server import ADDRESS, OAuthServer

AT_ONCE = 8
REVOKED = "Token has been expired or revoked."
PASSWORD_CHANGED = "AADSTS50173: The provided grant has expired due to it being revoked."

BOTH_PROVIDERS = pytest.mark.parametrize("issuer", ["google", "microsoft"])


def fault(asking: Callable[[], object]) -> Finding:
    with pytest.raises(oauth.OAuthFault) as caught:
        asking()
    return caught.value.finding


def change(app: Flask, grant_id: int, **values: Any) -> None:
    with app.app_context():
        db.session.execute(update(MailGrant).where(MailGrant.id == grant_id).values(**values))
        db.session.commit()


def runs_out(app: Flask, grant_id: int, seconds: float = 60) -> None:
    """The access token, of an hour, has so long to live still."""
    ends = now() + timedelta(seconds=seconds)
    change(app, grant_id, access_expires_at=ends, refreshed_at=ends - timedelta(hours=1))


def all_at_once(asking: Callable[[], Access]) -> list[Access]:
    gate = threading.Barrier(AT_ONCE)

    def ask() -> Access:
        gate.wait(20)
        return asking()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [one.result(30) for one in [pool.submit(ask) for _ in range(AT_ONCE)]]


def test_a_token_that_lives_costs_nothing(app: Flask, provider: OAuthServer) -> None:
    grant_id = permission(app)
    used = access(app, grant_id)
    assert (used.username, used.token, used.generation) == (ADDRESS, provider.issued[0], 1)
    assert access(app, grant_id) == used
    assert provider.refreshes == 0


@BOTH_PROVIDERS
def test_a_token_that_is_about_to_end_is_made_new_once_whoever_asks(
    app: Flask, provider: OAuthServer, issuer: str
) -> None:
    grant_id = permission(app, issuer)
    runs_out(app, grant_id)
    got = all_at_once(lambda: access(app, grant_id))
    assert provider.refreshes == 1
    assert {one.token for one in got} == {provider.issued[1]}
    assert {one.generation for one in got} == {2}
    assert grant_of(app, grant_id).access_expires_at > now() + timedelta(minutes=55)


@BOTH_PROVIDERS
def test_a_token_that_a_mail_server_refused_is_made_new_once_whoever_asks(
    app: Flask, provider: OAuthServer, issuer: str
) -> None:
    refused = access(app, permission(app, issuer))
    got = all_at_once(lambda: renewed(app, refused))
    assert provider.refreshes == 1
    assert {one.token for one in got} == {provider.issued[1]}


def test_who_was_refused_with_an_older_token_takes_the_newer_one(
    app: Flask, provider: OAuthServer
) -> None:
    refused = access(app, permission(app))
    newer = renewed(app, refused)
    assert renewed(app, refused) == newer
    assert provider.refreshes == 1


def test_a_refresh_token_that_was_replaced_is_kept_for_the_next_time(
    app: Flask, provider: OAuthServer
) -> None:
    used = access(app, permission(app, "microsoft"))
    for number in range(1, 4):
        used = renewed(app, used)
        assert used.token == provider.issued[number]


@pytest.mark.parametrize("answers", ["html", "error500", "silence"])
def test_a_provider_that_is_not_well_stops_nothing_while_the_token_lives(
    app: Flask, provider: OAuthServer, answers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oauth_http, "TIMEOUTS", (5.0, 0.3))
    grant_id = permission(app)
    runs_out(app, grant_id)
    provider.answers = answers
    assert access(app, grant_id).token == provider.issued[0]
    assert provider.refreshes == 1
    provider.answers = "json"
    assert access(app, grant_id).token == provider.issued[1]


@pytest.mark.parametrize(
    ("answers", "finding"),
    [("html", Finding.oauth_answer_unclear), ("error500", Finding.oauth_unreachable)],
)
def test_what_a_provider_that_is_not_well_says_ends_no_permission(
    app: Flask, provider: OAuthServer, answers: Any, finding: Finding
) -> None:
    grant_id = permission(app)
    runs_out(app, grant_id, -1)
    provider.answers = answers
    assert fault(lambda: access(app, grant_id)) is finding
    assert grant_of(app, grant_id).ended_at is None
    provider.answers = "json"
    assert access(app, grant_id).token == provider.issued[1]


@pytest.mark.parametrize(
    ("issuer", "said", "cause"),
    [
        ("google", REVOKED, Finding.oauth_expired),
        ("microsoft", PASSWORD_CHANGED, Finding.oauth_password_changed),
    ],
)
def test_a_permission_that_ended_is_not_asked_for_again(
    app: Flask, provider: OAuthServer, issuer: str, said: str, cause: Finding
) -> None:
    grant_id = permission(app, issuer)
    provider.end_grants(said)
    used = access(app, grant_id)
    assert fault(lambda: renewed(app, used)) is cause
    ended = grant_of(app, grant_id)
    assert (ended.ended_cause, ended.ended_reply) == (cause, f"invalid_grant: {said}")
    assert ended.ended_at
    for asking in (lambda: renewed(app, used), lambda: access(app, grant_id)):
        assert fault(asking) is cause
    assert provider.refreshes == 1


def test_a_claim_whose_holder_died_is_taken_over(app: Flask, provider: OAuthServer) -> None:
    grant_id = permission(app)
    runs_out(app, grant_id)
    dies_at = now() + timedelta(seconds=0.3)
    change(app, grant_id, refreshing_until=dies_at)
    assert access(app, grant_id).token == provider.issued[1]
    assert grant_of(app, grant_id).refreshed_at >= dies_at
    assert provider.refreshes == 1


@BOTH_PROVIDERS
def test_who_was_overtaken_while_asking_takes_the_others_token(
    app: Flask, provider: OAuthServer, issuer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its refresh token may have been replaced meanwhile, which says nothing of the permission."""
    grant_id = permission(app, issuer)
    used = access(app, grant_id)
    refresh, others = oauth.Client.refresh, []

    def refresh_after_another(client: oauth.Client, *given: Any, **named: Any) -> oauth.Tokens:
        monkeypatch.setattr(oauth.Client, "refresh", refresh)
        change(app, grant_id, refreshing_until=now() - timedelta(seconds=1))
        with ThreadPoolExecutor() as pool:
            others.append(pool.submit(renewed, app, used).result(20))
        return refresh(client, *given, **named)

    monkeypatch.setattr(oauth.Client, "refresh", refresh_after_another)
    assert renewed(app, used) == others[0]
    grant = grant_of(app, grant_id)
    assert (grant.generation, grant.ended_at) == (2, None)


def test_tokens_of_one_permission_do_not_open_in_another(app: Flask, provider: OAuthServer) -> None:
    first, other = permission(app), permission(app)
    change(app, other, tokens=grant_of(app, first).tokens)
    with pytest.raises(Unreadable):
        access(app, other)


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
