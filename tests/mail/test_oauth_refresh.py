"""Why a permission ended, in its provider's words, which tell no secret."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal.mail.findings import Finding
from portal.mail.oauth_faults import reasons
from tests.mail.oauth_answers import (
    CODE,
    REFRESH,
    SECRET,
    VERIFIER,
    answering,
    client,
    error,
    exchange,
    fault_at,
    refresh,
    tokens,
)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [(None, 3600), ("soon", 3600), (0, 3600), (-5, 3600), ("1800", 1800), (10**9, 2_592_000)],
)
def test_the_life_of_a_token_is_what_makes_sense(said: Any, seconds: int) -> None:
    with answering(lambda _: tokens(expires_in=said)) as base:
        assert refresh(client("google", base)).expires_in == seconds


@pytest.mark.parametrize(
    ("answer", "finding"),
    [
        (error("invalid_grant", "AADSTS700082: inactive for 90 days"), Finding.oauth_unused),
        (error("invalid_grant", "AADSTS70008: expired"), Finding.oauth_unused),
        (error("invalid_grant", "AADSTS50173: revoked"), Finding.oauth_password_changed),
        (error("invalid_grant", "AADSTS65001: has not consented"), Finding.oauth_withdrawn),
        (
            error(
                "invalid_grant",
                "AADSTS70000: one or more scopes requested are unauthorized or expired.",
            ),
            Finding.oauth_withdrawn,
        ),
        *(
            (error("interaction_required", f"AADSTS{code}: more is asked"), Finding.oauth_policy)
            for code in (50076, 50079, 53003, 50158, 70044)
        ),
        (
            error("invalid_grant", "reauth related error", error_subtype="invalid_rapt"),
            Finding.oauth_policy,
        ),
        (error("invalid_grant", "", error_subtype="rapt_required"), Finding.oauth_policy),
        (error("invalid_grant", "AADSTS50057: disabled"), Finding.oauth_account_gone),
        (error("invalid_grant", "AADSTS50034: not in the directory"), Finding.oauth_account_gone),
        (error("invalid_grant", "Account has been deleted"), Finding.oauth_account_gone),
        (error("invalid_grant", "Token has been expired or revoked."), Finding.oauth_expired),
        (error("invalid_grant", "Bad Request"), Finding.oauth_expired),
        (error("interaction_required", "AADSTS16000: interaction"), Finding.oauth_expired),
        (error("deleted_client", "The OAuth client was deleted."), Finding.oauth_client_refused),
        (error("invalid_client", "AADSTS7000222: expired"), Finding.oauth_client_refused),
        (error("invalid_request", "AADSTS50194: not multitenant"), Finding.oauth_tenant),
    ],
)
def test_why_a_permission_ended(answer: Any, finding: Finding) -> None:
    assert fault_at("microsoft", refresh, *answer).finding is finding


@pytest.mark.parametrize(
    ("days", "finding"),
    [
        (6, Finding.oauth_expired),
        (6.9, Finding.oauth_test_mode),
        (8.4, Finding.oauth_test_mode),
        (9, Finding.oauth_expired),
    ],
)
@pytest.mark.parametrize("said", ["Token has been expired or revoked.", "Bad Request"])
def test_a_permission_that_ends_after_a_week_was_for_testing(
    days: float, finding: Finding, said: str
) -> None:
    answer = error("invalid_grant", said)
    granted_at = datetime.now(UTC) - timedelta(days=days)
    fault = fault_at(
        "google", lambda portal: portal.refresh(REFRESH, granted_at=granted_at), *answer
    )
    assert fault.finding is finding


@pytest.mark.parametrize("secret", [SECRET, CODE, VERIFIER, SECRET[4:20], VERIFIER.upper()])
def test_what_is_said_never_carries_a_secret(secret: str) -> None:
    fault = fault_at(
        "google", exchange, *error("invalid_grant", f"What\r\nis <{secret}>?" + "x" * 600)
    )
    assert fault.said
    assert fault.said.startswith("invalid_grant: What is <***>?xxx")
    assert len(fault.said) == 500


def test_the_words_of_a_provider_are_printable() -> None:
    fault = fault_at("google", refresh, *error("invalid_grant", "\x1b[31mred\u202e\nline"))
    assert fault.said == "invalid_grant: [31mred line"


def test_every_reason_has_its_source_and_a_meaning() -> None:
    assert reasons()
    for reason in reasons():
        assert reason.source
        assert reason.finding.startswith("oauth_")
