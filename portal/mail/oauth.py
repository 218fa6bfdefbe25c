"""OAuth 2.0 at the providers of mailboxes: the authorization code with PKCE, new tokens, and giving
them back."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session

from portal.mail import providers
from portal.mail.findings import Finding
from portal.mail.oauth_answers import Granted, Tokens, belongs_to, code_of, granted_of, tokens_of
from portal.mail.oauth_faults import Moment, OAuthFault, fault_of
from portal.mail.oauth_http import Answer, post
from portal.mail.oauth_servers import AuthorizationServer, address_of, load
from portal.mail.redaction import Secrets

__all__ = [
    "AuthorizationServer",
    "Begun",
    "Client",
    "Granted",
    "OAuthFault",
    "Tokens",
    "belongs_to",
    "code_of",
    "is_same_mailbox",
    "load",
]

_CHARACTERS = 48  # of state and verifier
_TAGS_AT = {"gmail", "hotmail"}  # where ana+news@ is ana@: of the catalogue of providers


@dataclass(frozen=True)
class Begun:
    """An authorization request: the page to go to, and what its answer is checked against."""

    url: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True)
class Client:
    """This portal, as it was registered at an authorization server. `base` (scheme and host) takes
    the place of the server's own.

    `tenant` is one of the server's, or an organisation's id or domain; "" the usual one.
    """

    server: AuthorizationServer
    client_id: str
    client_secret: str = field(repr=False)
    base: str | None

    def begin(self, redirect_uri: str, *, tenant: str = "", address: str = "") -> Begun:
        """Return a request for the permission to send mail, by `address` where one is known."""
        state, verifier = generate_token(_CHARACTERS), generate_token(_CHARACTERS)
        hint = {"login_hint": address} if address else {}
        with self._session() as session:
            url, _ = session.create_authorization_url(
                self._address_of(self.server.authorize_url, tenant),
                state=state,
                code_verifier=verifier,
                redirect_uri=redirect_uri,
                **self.server.parameters,
                **hint,
            )
        return Begun(url, state, verifier)

    def exchange(
        self, code: str, begun_verifier: str, redirect_uri: str, *, tenant: str = ""
    ) -> Granted:
        """Return what a code is good for; raise OAuthFault where that would not do for sending."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": begun_verifier,
            "redirect_uri": redirect_uri,
        }
        answer = self._tokens(form, tenant, "exchange", (code, begun_verifier))
        return granted_of(answer, self.server, self.client_id)

    def refresh(
        self,
        refresh_token: str,
        *,
        tenant: str = "",
        granted_at: datetime,
        deadline: float = math.inf,
    ) -> Tokens:
        """Return a new access token; raise OAuthFault, with the likely reason where the permission
        ended. It was given at `granted_at`. Nothing is awaited past `deadline` (time.monotonic).
        """
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        age = datetime.now(UTC) - granted_at
        answer = self._tokens(form, tenant, "refresh", (refresh_token,), age, deadline)
        return tokens_of(answer)

    def revoke(self, token: str) -> None:
        """Give the permission of a token back, where the server takes it; that it ended already is
        no fault. Raises OAuthFault."""
        if self.server.revoke_url is None:
            return
        with self._session() as session:
            # RFC 7009; Google asks for nothing else, not even who the client is.
            url = self._address_of(self.server.revoke_url, "")
            answer = post(session, url, {"token": token}, _as_it_is, math.inf)
        if answer.status == HTTPStatus.OK:
            return
        content = answer.content()
        if content.get("error") != "invalid_token":
            raise fault_of(content, "revocation", self._secrets((token,)))

    def _tokens(
        self,
        form: Mapping[str, str],
        tenant: str,
        moment: Moment,
        secrets: tuple[str, ...],
        age: timedelta | None = None,
        deadline: float = math.inf,
    ) -> dict[str, Any]:
        with self._session() as session:
            url = self._address_of(self.server.token_url, tenant)
            by_secret = session.client_auth("client_secret_post")
            answer = post(session, url, form, by_secret, deadline)
        content = answer.content()
        if "error" in content:
            raise fault_of(content, moment, self._secrets(secrets), age)
        return _agreed(answer, content)

    def _session(self) -> OAuth2Session:
        return OAuth2Session(
            self.client_id,
            self.client_secret,
            scope=" ".join(self.server.scopes),
            code_challenge_method="S256",
        )

    def _secrets(self, also: tuple[str, ...]) -> Secrets:
        return Secrets(tokens=(self.client_secret, *also))

    def _address_of(self, url: str, tenant: str) -> str:
        return address_of(url, self.server.tenants, tenant, self.base)


def is_same_mailbox(one: str, other: str) -> bool:
    """Tell whether mail to both addresses surely comes to one mailbox, going by the addresses."""
    return _mailbox(one) == _mailbox(other)


def _mailbox(address: str) -> tuple[str, str]:
    """Local part and domain without what makes no difference at the provider of the domain."""
    local, _, domain = address.strip().lower().rpartition("@")
    provider = providers.by_domain(domain)
    key = provider.key if provider else ""
    if key in _TAGS_AT:
        local = local.partition("+")[0]
    # support.google.com/mail/answer/7436150: dots don't matter; googlemail.com is gmail.com.
    return (local.replace(".", ""), key) if key == "gmail" else (local, domain)


def _agreed(answer: Answer, content: dict[str, Any]) -> dict[str, Any]:
    if answer.status != HTTPStatus.OK:
        raise OAuthFault(Finding.oauth_answer_unclear, str(answer))
    return content


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """In place of the password that requests would look for in the user's .netrc."""
    return request
