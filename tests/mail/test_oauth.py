"""From the button to the tokens, and what is done with them later."""

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from portal.mail import oauth
from portal.mail.findings import Finding
from tests.oauth_server import ADDRESS, CLIENT_ID, CLIENT_SECRET, OAuthServer, allow, deny

BACK = "https://portal.example.com/settings/email/sign-in/google/return"
ISSUERS = ["google", "microsoft"]


@pytest.fixture
def server() -> Iterator[OAuthServer]:
    with OAuthServer() as server:
        yield server


def client(
    issuer: str, server: OAuthServer | None = None, secret: str = CLIENT_SECRET
) -> oauth.Client:
    return oauth.Client(oauth.load()[issuer], CLIENT_ID, secret, server.base if server else None)


def answer_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


def signed_in(of: oauth.Client) -> oauth.Granted:
    begun = of.begin(BACK)
    code = oauth.code_of(answer_of(allow(begun.url)), begun.state)
    return of.exchange(code, begun.verifier, BACK)


def test_google_is_asked_for_lasting_permission_to_send() -> None:
    begun = client("google").begin(BACK, address=ADDRESS)
    address, query = urlsplit(begun.url), parse_qs(urlsplit(begun.url).query)
    assert f"{address.scheme}://{address.netloc}{address.path}" == (
        "https://accounts.google.com/o/oauth2/v2/auth"
    )
    challenge = base64.urlsafe_b64encode(hashlib.sha256(begun.verifier.encode()).digest())
    assert query == {
        "response_type": ["code"],
        "client_id": [CLIENT_ID],
        "redirect_uri": [BACK],
        "scope": ["openid email https://mail.google.com/"],
        "state": [begun.state],
        "code_challenge": [challenge.rstrip(b"=").decode()],
        "code_challenge_method": ["S256"],
        "access_type": ["offline"],
        "prompt": ["consent"],
        "login_hint": [ADDRESS],
    }


def test_microsoft_is_asked_for_lasting_permission_to_send() -> None:
    begun = client("microsoft").begin(BACK)
    address, query = urlsplit(begun.url), parse_qs(urlsplit(begun.url).query)
    assert (address.netloc, address.path) == (
        "login.microsoftonline.com",
        "/common/oauth2/v2.0/authorize",
    )
    asked = set(query["scope"][0].split())
    assert asked >= {"openid", "email", "offline_access", "https://outlook.office.com/SMTP.Send"}
    assert (query["response_mode"], query["prompt"]) == (["query"], ["select_account"])
    assert "login_hint" not in query


@pytest.mark.parametrize(
    ("tenant", "path"),
    [
        ("", "/common/"),
        ("consumers", "/consumers/"),
        ("clinica.es", "/clinica.es/"),
        ("../token?x=", "/..%2Ftoken%3Fx%3D/"),
    ],
)
def test_a_tenant_is_one_part_of_the_path(tenant: str, path: str) -> None:
    begun = client("microsoft").begin(BACK, tenant=tenant)
    assert urlsplit(begun.url).path == f"{path}oauth2/v2.0/authorize"


def test_every_request_has_its_own_state_and_verifier() -> None:
    one, other = client("google").begin(BACK), client("google").begin(BACK)
    values = {one.state, one.verifier, other.state, other.verifier}
    assert len(values) == 4
    assert {len(value) for value in values} == {48}


@pytest.mark.parametrize("issuer", ISSUERS)
def test_who_allows_it_gives_lasting_tokens_and_an_address(
    issuer: str, server: OAuthServer
) -> None:
    granted = signed_in(client(issuer, server))
    assert server.is_live(ADDRESS, granted.tokens.access_token)
    assert granted.tokens.refresh_token
    assert (granted.tokens.expires_in, granted.tokens.refresh_expires_in) == (3600, None)
    assert granted.addresses == (ADDRESS,)


def test_an_app_in_testing_tells_when_its_permission_ends(server: OAuthServer) -> None:
    server.refresh_expires_in = 604_799
    assert signed_in(client("google", server)).tokens.refresh_expires_in == 604_799


def test_the_addresses_are_the_mail_address_and_a_name_that_is_one(server: OAuthServer) -> None:
    server.claims = {"email": "Info@Clinica.example.com", "preferred_username": "ana@x.example.com"}
    assert signed_in(client("microsoft", server)).addresses == (
        "info@clinica.example.com",
        "ana@x.example.com",
    )


def test_a_name_that_is_an_address_stands_in_for_a_missing_one(server: OAuthServer) -> None:
    server.claims = {"email": None, "preferred_username": "ana@clinica.example.com"}
    assert signed_in(client("microsoft", server)).addresses == ("ana@clinica.example.com",)


def test_a_name_that_is_no_address_is_left_out(server: OAuthServer) -> None:
    server.claims = {"preferred_username": "+34 600 000 000"}
    assert signed_in(client("microsoft", server)).addresses == (ADDRESS,)


@pytest.mark.parametrize(
    ("issuer", "scope"),
    [
        ("google", "openid https://mail.google.com/"),
        ("microsoft", "https://outlook.office.com/smtp.send"),
        ("microsoft", "openid https://outlook.office365.com/SMTP.Send"),
    ],
)
def test_the_scope_for_mail_counts_however_it_is_spelt(
    issuer: str, scope: str, server: OAuthServer
) -> None:
    server.scope_granted = scope
    assert signed_in(client(issuer, server)).tokens.refresh_token


def test_google_keeps_the_refresh_token(server: OAuthServer) -> None:
    portal = client("google", server)
    first = signed_in(portal).tokens
    for _ in range(2):
        renewed = portal.refresh(first.refresh_token or "", granted_at=datetime.now(UTC))
        assert renewed.refresh_token is None
        assert server.is_live(ADDRESS, renewed.access_token)
    assert renewed.access_token != first.access_token


def test_microsoft_changes_the_refresh_token_each_time(server: OAuthServer) -> None:
    portal = client("microsoft", server)
    first = signed_in(portal).tokens.refresh_token or ""
    second = portal.refresh(first, granted_at=datetime.now(UTC)).refresh_token or ""
    assert portal.refresh(second, granted_at=datetime.now(UTC)).refresh_token not in {first, second}
    with pytest.raises(oauth.OAuthFault) as caught:
        portal.refresh(first, granted_at=datetime.now(UTC))
    assert caught.value.finding is Finding.oauth_expired


def test_a_code_is_good_for_one_time_only(server: OAuthServer) -> None:
    portal = client("google", server)
    begun = portal.begin(BACK)
    code = oauth.code_of(answer_of(allow(begun.url)), begun.state)
    portal.exchange(code, begun.verifier, BACK)
    with pytest.raises(oauth.OAuthFault) as caught:
        portal.exchange(code, begun.verifier, BACK)
    assert caught.value.finding is Finding.oauth_code_refused
    assert caught.value.said == "invalid_grant: Code was already redeemed."


@pytest.mark.parametrize("issuer", ISSUERS)
def test_a_code_is_good_for_nobody_else(issuer: str, server: OAuthServer) -> None:
    portal = client(issuer, server)
    begun, of_another = portal.begin(BACK), portal.begin(BACK)
    code = oauth.code_of(answer_of(allow(begun.url)), begun.state)
    with pytest.raises(oauth.OAuthFault) as caught:
        portal.exchange(code, of_another.verifier, BACK)
    assert caught.value.finding is Finding.oauth_code_refused


def test_a_wrong_secret_is_a_matter_of_the_registration(server: OAuthServer) -> None:
    with pytest.raises(oauth.OAuthFault) as caught:
        signed_in(client("google", server, secret="mistyped-secret"))
    assert caught.value.finding is Finding.oauth_client_refused
    assert "mistyped" not in str(caught.value)


def test_who_denies_it_is_told_so(server: OAuthServer) -> None:
    begun = client("google", server).begin(BACK)
    with pytest.raises(oauth.OAuthFault) as caught:
        oauth.code_of(answer_of(deny(begun.url)), begun.state)
    assert (caught.value.finding, caught.value.said) == (Finding.oauth_denied, "access_denied")


def test_a_revoked_permission_gives_no_more_tokens(server: OAuthServer) -> None:
    portal = client("google", server)
    token = signed_in(portal).tokens.refresh_token or ""
    portal.revoke(token)
    with pytest.raises(oauth.OAuthFault) as caught:
        portal.refresh(token, granted_at=datetime.now(UTC))
    assert caught.value.finding is Finding.oauth_expired


def test_what_was_revoked_already_is_revoked(server: OAuthServer) -> None:
    portal = client("google", server)
    token = signed_in(portal).tokens.refresh_token or ""
    portal.revoke(token)
    portal.revoke(token)
    assert [received.path for received in server.requests[-2:]] == ["/revoke", "/revoke"]


def test_nothing_is_sent_to_revoke_where_no_program_can(server: OAuthServer) -> None:
    client("microsoft", server).revoke("M.C507_BAY")
    assert server.requests == []


def test_no_secret_is_in_what_is_printed(server: OAuthServer) -> None:
    portal = client("google", server)
    begun, granted = portal.begin(BACK), signed_in(portal)
    printed = repr((portal, granted, begun))
    for secret in (CLIENT_SECRET, granted.tokens.access_token, begun.verifier):
        assert secret not in printed
