"""The tests' own authorization server holds a client to what Google and Microsoft hold it to."""

import base64
import json
import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest

from tests.oauth_permissions import challenge_of
from tests.oauth_server import ADDRESS, CLIENT_ID, CLIENT_SECRET, OAuthServer, allow, deny

BACK = "http://127.0.0.1:8000/settings/email/sign-in/google/return"
VERIFIER = secrets.token_urlsafe(40)
GOOGLE, MICROSOFT = "/token", "/common/oauth2/v2.0/token"
PAGES = {GOOGLE: "/o/oauth2/v2/auth", MICROSOFT: "/common/oauth2/v2.0/authorize"}


@pytest.fixture
def server() -> Iterator[OAuthServer]:
    with OAuthServer() as server:
        yield server


def question(server: OAuthServer, endpoint: str, **changed: str) -> str:
    """The address of an authorisation request."""
    asked = {
        "client_id": CLIENT_ID,
        "response_type": "code",
        "redirect_uri": BACK,
        "scope": "openid email offline_access mail",
        "access_type": "offline",
        "state": "the state",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
    }
    return f"{server.base}{PAGES[endpoint]}?{urlencode(asked | changed)}"


def post(server: OAuthServer, endpoint: str, **fields: str) -> tuple[int, dict[str, Any]]:
    client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    answer = httpx.post(server.base + endpoint, data=client | fields)
    return answer.status_code, answer.json()


def redeem(
    server: OAuthServer, endpoint: str, code: str = "", **changed: str
) -> tuple[int, dict[str, Any]]:
    """Trade a code (a new one of its own, where none is given) for tokens."""
    code = code or dict(parse_qsl(urlsplit(allow(question(server, endpoint))).query))["code"]
    fields = {"code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return post(server, endpoint, grant_type="authorization_code", **fields | changed)


def refresh(server: OAuthServer, endpoint: str, token: str) -> tuple[int, dict[str, Any]]:
    return post(server, endpoint, grant_type="refresh_token", refresh_token=token)


def claims_of(id_token: str) -> dict[str, Any]:
    payload = id_token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return claims


@pytest.mark.parametrize("endpoint", [GOOGLE, MICROSOFT])
def test_a_permission_gives_tokens_that_a_mail_server_can_ask_about(
    server: OAuthServer, endpoint: str
) -> None:
    status, tokens = redeem(server, endpoint)
    assert (status, tokens["expires_in"], tokens["token_type"]) == (200, 3600, "Bearer")
    assert claims_of(tokens["id_token"])["email"] == ADDRESS
    live = {"address": ADDRESS, "token": tokens["access_token"]}
    assert httpx.get(f"{server.base}/live", params=live).json() is True
    assert not server.is_live("other@example.com", tokens["access_token"])
    server.expire_access_tokens()
    assert not server.is_live(ADDRESS, tokens["access_token"])


def test_a_refusal_leads_back_with_the_state(server: OAuthServer) -> None:
    assert deny(question(server, GOOGLE)) == f"{BACK}?error=access_denied&state=the+state"


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "other"},
        {"response_type": "token"},
        {"redirect_uri": "http://example.com/"},
        {"scope": ""},
        {"state": ""},
        {"code_challenge": "short"},
        {"code_challenge_method": "plain"},
    ],
)
def test_a_wrong_question_leads_nowhere(server: OAuthServer, changed: dict[str, str]) -> None:
    assert httpx.get(question(server, GOOGLE, **changed)).status_code == 400


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_verifier": "x" * 43}, "invalid_grant"),
        ({"code": "4/other"}, "invalid_grant"),
        ({"redirect_uri": BACK + "/other"}, "redirect_uri_mismatch"),
        ({"client_secret": "other"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_a_wrong_request_gets_no_tokens(
    server: OAuthServer, changed: dict[str, str], error: str
) -> None:
    code = dict(parse_qsl(urlsplit(allow(question(server, GOOGLE))).query))["code"]
    fields = {"code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    given = {"grant_type": "authorization_code", **fields, **changed}
    status, answer = post(server, GOOGLE, **given)
    assert status >= 400
    assert answer["error"] == error
    assert server.issued == []


def test_a_client_may_sign_in_by_basic(server: OAuthServer) -> None:
    _, tokens = redeem(server, GOOGLE)
    fields = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    for secret, status in ((CLIENT_SECRET, 200), ("other", 401)):
        answer = httpx.post(server.base + GOOGLE, data=fields, auth=(CLIENT_ID, secret))
        assert answer.status_code == status


def test_a_code_that_comes_twice_ends_what_it_gave(server: OAuthServer) -> None:
    code = dict(parse_qsl(urlsplit(allow(question(server, GOOGLE))).query))["code"]
    _, tokens = redeem(server, GOOGLE, code)
    status, answer = redeem(server, GOOGLE, code)
    assert (status, answer["error"]) == (400, "invalid_grant")
    assert not server.is_live(ADDRESS, tokens["access_token"])
    assert refresh(server, GOOGLE, tokens["refresh_token"])[0] == 400


def test_google_keeps_a_refresh_token_and_microsoft_replaces_it(server: OAuthServer) -> None:
    _, tokens = redeem(server, GOOGLE)
    for _ in range(2):
        status, refreshed = refresh(server, GOOGLE, tokens["refresh_token"])
        assert (status, "refresh_token" in refreshed) == (200, False)
    _, tokens = redeem(server, MICROSOFT)
    status, refreshed = refresh(server, MICROSOFT, tokens["refresh_token"])
    assert (status, refreshed["refresh_token"] != tokens["refresh_token"]) == (200, True)
    assert refresh(server, MICROSOFT, tokens["refresh_token"])[1]["error"] == "invalid_grant"
    assert refresh(server, MICROSOFT, refreshed["refresh_token"])[0] == 200
    assert server.refreshes == 5


def test_no_refresh_token_without_asking_for_offline_access(server: OAuthServer) -> None:
    for endpoint, changed in ((GOOGLE, {"access_type": ""}), (MICROSOFT, {"scope": "email mail"})):
        back = allow(question(server, endpoint, **changed))
        _, tokens = redeem(server, endpoint, dict(parse_qsl(urlsplit(back).query))["code"])
        assert "refresh_token" not in tokens


def test_a_revoked_permission_lets_nobody_in(server: OAuthServer) -> None:
    _, tokens = redeem(server, GOOGLE)
    assert post(server, "/revoke", token=tokens["refresh_token"]) == (200, {})
    assert not server.is_live(ADDRESS, tokens["access_token"])
    assert refresh(server, GOOGLE, tokens["refresh_token"])[1]["error"] == "invalid_grant"
    assert post(server, "/revoke", token=tokens["refresh_token"])[1]["error"] == "invalid_token"


def test_an_ended_permission_is_refused_in_the_words_given(server: OAuthServer) -> None:
    _, tokens = redeem(server, MICROSOFT)
    server.end_grants("AADSTS50173: The provided grant has expired.")
    assert refresh(server, MICROSOFT, tokens["refresh_token"]) == (
        400,
        {
            "error": "invalid_grant",
            "error_description": "AADSTS50173: The provided grant has expired.",
        },
    )
    assert redeem(server, MICROSOFT)[0] == 200  # a new permission is another


def test_the_answers_can_be_steered_from_another_process(server: OAuthServer) -> None:
    _, tokens = redeem(server, GOOGLE)
    orders = {"set": {"answers": "html"}, "call": {"expire_access_tokens": []}}
    counted = httpx.post(f"{server.base}/controls", json=orders).json()
    assert counted == {"refreshes": 0, "issued": 1}
    assert not server.is_live(ADDRESS, tokens["access_token"])
    fields = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    answer = httpx.post(server.base + GOOGLE, data=fields)
    assert answer.headers["Content-Type"] == "text/html"


def test_a_clock_that_is_ahead_dates_who_signed_in_ahead(server: OAuthServer) -> None:
    right = claims_of(redeem(server, GOOGLE)[1]["id_token"])
    server.clock_off = 600
    server.claims = {"email": None}
    wrong = claims_of(redeem(server, GOOGLE)[1]["id_token"])
    assert 600 <= wrong["iat"] - right["iat"] < 610
    assert "email" not in wrong
