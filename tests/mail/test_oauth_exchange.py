"""A code that comes back, or none, and what it is good for."""

import time
from typing import Any

import pytest

from portal.mail import oauth
from portal.mail.findings import Finding
from tests.mail.oauth_answers import (
    CODE,
    ID,
    answering,
    client,
    error,
    exchange,
    fault_at,
    id_token,
    tokens,
)


@pytest.mark.parametrize(
    ("answer", "finding"),
    [
        ({"error": "access_denied"}, Finding.oauth_denied),
        (
            {"error": "access_denied", "error_description": "AADSTS65004: declined"},
            Finding.oauth_denied,
        ),
        (
            {"error": "access_denied", "error_description": "AADSTS90094: needs permission"},
            Finding.oauth_admin_needed,
        ),
        ({"error": "org_internal"}, Finding.oauth_admin_needed),
        ({"error": "unauthorized_client"}, Finding.oauth_client_refused),
        ({"error": "invalid_scope"}, Finding.oauth_scope_missing),
        ({"error": "server_error"}, Finding.oauth_unreachable),
        ({"error": "new_error", "code": CODE}, Finding.oauth_answer_unclear),
        ({}, Finding.oauth_answer_unclear),
        ({"code": ""}, Finding.oauth_answer_unclear),
    ],
)
def test_an_answer_without_a_code(answer: dict[str, str], finding: Finding) -> None:
    with pytest.raises(oauth.OAuthFault) as caught:
        oauth.code_of(answer | {"state": "the-state"}, "the-state")
    assert caught.value.finding is finding


@pytest.mark.parametrize(
    ("given", "begun"),
    [({"state": "other"}, "state"), ({}, "state"), ({"state": "ñ"}, "state"), ({"state": ""}, "")],
)
@pytest.mark.parametrize("more", [{"code": CODE}, {"error": "access_denied"}])
def test_the_answer_to_another_request_is_not_looked_at(
    given: dict[str, str], begun: str, more: dict[str, str]
) -> None:
    with pytest.raises(oauth.OAuthFault) as caught:
        oauth.code_of(given | more, begun)
    assert (caught.value.finding, caught.value.said) == (Finding.oauth_begun_elsewhere, None)


def test_the_code_of_the_own_request_is_taken() -> None:
    assert oauth.code_of({"state": "the-state", "code": CODE}, "the-state") == CODE


@pytest.mark.parametrize(
    ("answer", "finding"),
    [
        (error("invalid_grant", "Malformed auth code."), Finding.oauth_code_refused),
        (error("invalid_grant", "AADSTS54005: already redeemed"), Finding.oauth_code_refused),
        (error("invalid_client", "Unauthorized"), Finding.oauth_client_refused),
        (error("unauthorized_client"), Finding.oauth_client_refused),
        (error("redirect_uri_mismatch", "Bad Request"), Finding.oauth_client_refused),
        (
            error("invalid_client", "AADSTS7000222: expired secret keys"),
            Finding.oauth_client_refused,
        ),
        (error("invalid_request", "AADSTS50011: mismatch"), Finding.oauth_client_refused),
        (error("unauthorized_client", "AADSTS700016: not found"), Finding.oauth_client_refused),
        (error("invalid_request", "AADSTS50194: not multitenant"), Finding.oauth_tenant),
        (error("invalid_request", "AADSTS9002331: use /consumers"), Finding.oauth_tenant),
        (error("invalid_request", "AADSTS9002346: not /consumers"), Finding.oauth_tenant),
        (error("invalid_grant", "AADSTS50020: does not exist in tenant"), Finding.oauth_tenant),
        (error("invalid_grant", "AADSTS65001: has not consented"), Finding.oauth_admin_needed),
        (error("admin_policy_enforced"), Finding.oauth_admin_needed),
        (error("invalid_scope", "AADSTS70011: scope"), Finding.oauth_scope_missing),
        (error("invalid_request", "Something new"), Finding.oauth_answer_unclear),
        (tokens(scope="openid email"), Finding.oauth_scope_missing),
        (tokens(scope=""), Finding.oauth_scope_missing),
        (tokens(refresh_token=None), Finding.oauth_refresh_missing),
        (tokens(id_token=None), Finding.oauth_address_unknown),
        (tokens(id_token="no.token"), Finding.oauth_answer_unclear),
        (tokens(id_token="a.b.c"), Finding.oauth_answer_unclear),
    ],
)
def test_a_code_that_gives_nothing_to_send_with(answer: Any, finding: Finding) -> None:
    assert fault_at("google", exchange, *answer).finding is finding


@pytest.mark.parametrize(
    ("claims", "finding"),
    [
        ({"aud": "another.example.com"}, Finding.oauth_answer_unclear),
        ({"iat": "noon"}, Finding.oauth_answer_unclear),
        ({"iat": 10**400}, Finding.oauth_answer_unclear),
        ({"email": None}, Finding.oauth_address_unknown),
        ({"email": "ana"}, Finding.oauth_address_unknown),
        ({"email_verified": False}, Finding.oauth_address_unknown),
    ],
)
def test_an_id_token_that_is_not_for_here_or_names_no_mailbox(
    claims: dict[str, Any], finding: Finding
) -> None:
    answer = tokens(id_token=id_token(**claims))
    assert fault_at("google", exchange, *answer).finding is finding


@pytest.mark.parametrize(
    ("issuer", "off", "said"),
    [
        ("google", 7 * 60, "iat: +7 min"),
        ("google", -4 * 60, "iat: -4 min"),
        ("microsoft", 9 * 60, "iat: +9 min"),
        ("microsoft", -11 * 60, "iat: -6 min"),
    ],
)
def test_a_clock_off_by_minutes(issuer: str, off: int, said: str) -> None:
    answer = tokens(id_token=id_token(iat=int(time.time()) + off), scope=None)
    fault = fault_at(issuer, exchange, *answer)
    assert (fault.finding, fault.said) == (Finding.oauth_clock, said)


def test_an_id_token_that_is_over_already() -> None:
    fault = fault_at("google", exchange, *tokens(id_token=id_token(exp=int(time.time()) - 300)))
    assert (fault.finding, fault.said) == (Finding.oauth_clock, "exp: -5 min")


@pytest.mark.parametrize(("issuer", "off"), [("google", 60), ("google", -60), ("microsoft", -330)])
def test_a_clock_off_by_a_minute_is_no_matter(issuer: str, off: int) -> None:
    answer = tokens(id_token=id_token(iat=int(time.time()) + off), scope=None)
    with answering(lambda _: answer) as base:
        assert exchange(client(issuer, base)).addresses == ("ana@clinica.es",)


def test_a_token_for_several_audiences_is_for_this_one_too() -> None:
    with answering(lambda _: tokens(id_token=id_token(aud=["other", ID]))) as base:
        assert exchange(client("google", base)).addresses == ("ana@clinica.es",)


def test_what_a_token_leaves_unsaid_is_not_held_against_it() -> None:
    bare = id_token(aud=None, iat=None, exp=None)
    with answering(lambda _: tokens(id_token=bare)) as base:
        assert exchange(client("google", base)).addresses == ("ana@clinica.es",)
