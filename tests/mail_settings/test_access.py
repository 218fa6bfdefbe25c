"""The tokens of a permission: made new in time, once whoever asks, and kept at once."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from portal.mail import oauth, oauth_http
from portal.mail.findings import Finding
from portal.mail_settings import access as tokens
from portal.mail_settings.access import CLAIM, OTHERS_SECONDS, Access
from portal.models.base import now
from tests.mail_settings.oauth import (
    access,
    change,
    fault,
    grant_of,
    permission,
    renewed,
    runs_out,
)
from tests.oauth.provider import register
from tests.oauth_server import ADDRESS, OAuthServer

AT_ONCE = 8
REVOKED = "Token has been expired or revoked."
PASSWORD_CHANGED = "AADSTS50173: The provided grant has expired due to it being revoked."

BOTH_PROVIDERS = pytest.mark.parametrize("issuer", ["google", "microsoft"])


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
    assert {one.token for one in got} <= set(provider.issued)
    assert access(app, grant_id).token == provider.issued[1]
    assert grant_of(app, grant_id).access_expires_at > now() + timedelta(minutes=55)


@BOTH_PROVIDERS
def test_a_token_that_has_ended_is_made_new_once_whoever_asks(
    app: Flask, provider: OAuthServer, issuer: str
) -> None:
    grant_id = permission(app, issuer)
    runs_out(app, grant_id, -1)
    got = all_at_once(lambda: access(app, grant_id))
    assert provider.refreshes == 1
    assert {(one.token, one.generation) for one in got} == {(provider.issued[1], 2)}


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
    runs_out(app, grant_id, -1)
    dies_at = now() + timedelta(seconds=0.3)
    change(app, grant_id, refreshing_until=dies_at)
    assert access(app, grant_id).token == provider.issued[1]
    assert grant_of(app, grant_id).refreshed_at >= dies_at
    assert provider.refreshes == 1


def test_others_wait_out_the_claim_of_one_who_died() -> None:
    provider_seconds, claim_seconds = oauth_http.TOTAL_SECONDS, CLAIM.total_seconds()
    assert provider_seconds < claim_seconds < OTHERS_SECONDS


def test_nobody_waits_for_another_sender_while_the_token_lives(
    app: Flask, provider: OAuthServer
) -> None:
    grant_id = permission(app)
    runs_out(app, grant_id)
    change(app, grant_id, refreshing_until=now() + timedelta(minutes=1))
    begun = time.monotonic()
    assert access(app, grant_id).token == provider.issued[0]
    assert time.monotonic() - begun < 5
    assert provider.refreshes == 0


def test_nobody_waits_for_another_sender_past_a_deadline(app: Flask, provider: OAuthServer) -> None:
    refused = access(app, permission(app))
    change(app, refused.grant_id, refreshing_until=now() + timedelta(minutes=1))
    with app.app_context():
        begun = time.monotonic()
        assert fault(lambda: tokens.renewed(refused, begun + 0.3)) is Finding.oauth_unreachable
    assert time.monotonic() - begun < 5


def test_another_registration_asks_for_nothing_and_ends_nothing(
    app: Flask, provider: OAuthServer
) -> None:
    refused = access(app, permission(app))
    register(app, provider.base, client_id="another")
    assert fault(lambda: renewed(app, refused)) is Finding.oauth_registered_anew
    register(app, provider.base, client_id="")
    assert fault(lambda: renewed(app, refused)) is Finding.oauth_client_refused
    assert provider.refreshes == 0
    register(app, provider.base)
    assert renewed(app, refused).token == provider.issued[1]


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


def test_what_is_said_to_who_was_overtaken_ends_nothing(
    app: Flask, provider: OAuthServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other, who has not been answered yet, may have made the refresh token worthless."""
    used = access(app, permission(app, "microsoft"))
    others_until = now() + timedelta(minutes=1)

    def refused_meanwhile(*given: Any, **named: Any) -> oauth.Tokens:
        change(app, used.grant_id, refreshing_until=others_until)
        raise oauth.OAuthFault(Finding.oauth_expired)

    monkeypatch.setattr(oauth.Client, "refresh", refused_meanwhile)
    with app.app_context():
        deadline = time.monotonic() + 0.3
        assert fault(lambda: tokens.renewed(used, deadline)) is Finding.oauth_unreachable
    grant = grant_of(app, used.grant_id)
    assert (grant.ended_at, grant.refreshing_until) == (None, others_until)
