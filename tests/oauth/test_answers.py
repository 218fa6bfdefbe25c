"""Which answers are taken: to what this person began in this browser, for half an hour, once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from tests.conftest import ON_SQLITE
from tests.mail_settings.form import PAGE
from tests.oauth.provider import (
    SIGN_IN,
    all_grants,
    all_settings,
    begin,
    come_back,
    is_nothing_stored,
    query_of,
)
from tests.oauth.test_refused import assert_refused
from tests.oauth_server import OAuthServer, allow, deny
from tests.people import Visitor

pytestmark = ON_SQLITE


def _with_state(state: str) -> Callable[[str], str]:
    return lambda url: url.replace(query_of(url)["state"], state)


FORGED: dict[str, Callable[[str], str]] = {
    "wrong": _with_state("another"),
    "empty": _with_state(""),
    "missing": lambda url: url.partition("&state=")[0],
    "of nothing": lambda url: f"{SIGN_IN}/google/return",
    "denied by somebody else": lambda url: f"{SIGN_IN}/google/return?error=access_denied&state=x",
}


@pytest.mark.parametrize("how", FORGED)
def test_an_answer_to_what_was_not_asked_never_reaches_the_provider(
    app: Flask, admin: Visitor, provider: OAuthServer, how: str
) -> None:
    back = allow(begin(admin, "google"))
    page = come_back(admin, FORGED[how](back))
    assert_refused(page, "does not belong to a sign-in")
    assert is_nothing_stored(app)
    assert not [one for one in provider.requests if one.path == "/token"]
    assert come_back(admin, back).location == PAGE  # the sign-in on its way was left alone


def test_of_two_tabs_the_one_begun_last_signs_in(
    app: Flask, admin: Visitor, provider: OAuthServer
) -> None:
    first, last = begin(admin, "google"), begin(admin, "google")
    assert_refused(come_back(admin, allow(first)), "does not belong to a sign-in")
    assert come_back(admin, allow(last)).location == PAGE
    assert len(all_grants(app)) == 1


def test_after_one_answer_no_other_is_taken_whatever_came_of_it(
    app: Flask, admin: Visitor, provider: OAuthServer
) -> None:
    there = begin(admin, "google")
    assert_refused(come_back(admin, deny(there)), "agree to what the page asks")
    assert_refused(come_back(admin, allow(there)), "does not belong to a sign-in")
    assert is_nothing_stored(app)


def test_a_form_that_is_not_valid_any_more_is_begun_anew(
    app: Flask, admin: Visitor, provider: OAuthServer
) -> None:
    back = allow(begin(admin, "google"))
    with admin.client.session_transaction() as session:
        fields = {**session["oauth"]["fields"], "host": "one that is gone"}
        session["oauth"] = {**session["oauth"], "fields": fields}
    assert_refused(come_back(admin, back), "Begin the sign-in anew")
    assert is_nothing_stored(app)
    assert not [one for one in provider.requests if one.path == "/token"]


def test_an_answer_without_a_code_is_no_permission(
    app: Flask, admin: Visitor, provider: OAuthServer
) -> None:
    state = query_of(begin(admin, "google"))["state"]
    page = admin.get(f"{SIGN_IN}/google/return?state={state}")
    assert_refused(page, "")
    assert is_nothing_stored(app)


def test_an_answer_is_good_for_one_time(app: Flask, admin: Visitor, provider: OAuthServer) -> None:
    back = allow(begin(admin, "google"))
    assert come_back(admin, back).status == 302
    assert_refused(come_back(admin, back), "does not belong to a sign-in")
    assert len(all_grants(app)) == len(all_settings(app)) == 1


def test_an_answer_of_one_provider_is_none_of_the_other(
    app: Flask, admin: Visitor, provider: OAuthServer
) -> None:
    back = allow(begin(admin, "google"))
    page = come_back(admin, back.replace("/google/", "/microsoft/"))
    assert_refused(page, "does not belong to a sign-in", "microsoft")
    assert is_nothing_stored(app)


@pytest.mark.parametrize(("minutes", "status"), [(29, 302), (31, 422)])
def test_a_sign_in_takes_half_an_hour_at_most(
    app: Flask, admin: Visitor, provider: OAuthServer, minutes: int, status: int
) -> None:
    with time_machine.travel(datetime.now(UTC), tick=True) as clock:
        there = begin(admin, "google")
        clock.shift(timedelta(minutes=minutes))
        page = come_back(admin, allow(there))
    assert page.status == status
    assert is_nothing_stored(app) == (status == 422)
