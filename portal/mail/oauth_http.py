"""One POST to an authorization server, and its answer, of which nothing is taken on trust."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any

import requests
import urllib3

from portal.mail.findings import Finding
from portal.mail.oauth_faults import OAuthFault
from portal.mail.waiting import within

TIMEOUTS = (5.0, 8.0)  # seconds: to connect, and between two pieces of the answer
TOTAL_SECONDS = 12.0

_MOST_BYTES = 256 * 1024
_PIECE_BYTES = 16 * 1024


@dataclass(frozen=True)
class Answer:
    """An answer's status, the media type that it claims, and its body."""

    status: int
    kind: str
    body: bytes

    def __str__(self) -> str:
        return f"HTTP {self.status} {self.kind}".rstrip()

    def content(self) -> dict[str, Any]:
        """Return the JSON object; raise OAuthFault when it is anything else."""
        try:
            content = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise OAuthFault(Finding.oauth_answer_unclear, str(self)) from error
        if not isinstance(content, dict):
            raise OAuthFault(Finding.oauth_answer_unclear, str(self))
        return content


def post(
    session: requests.Session,
    url: str,
    form: Mapping[str, str],
    auth: Callable[[requests.PreparedRequest], requests.PreparedRequest],
    deadline: float,
) -> Answer:
    """Post a form, and follow no redirect: what is secret in it goes to `url` only. Nothing is
    awaited past TOTAL_SECONDS or `deadline` (time.monotonic).

    Raises OAuthFault when the server can't be reached or has troubles of its own.
    """
    limit = min(deadline, time.monotonic() + TOTAL_SECONDS)
    send = partial(
        session.post, url, form, auth=auth, timeout=TIMEOUTS, allow_redirects=False, stream=True
    )
    try:  # requests has no time-out for a server that drips its headers
        return within(limit, lambda: _answer(send, limit), OAuthFault)
    except TimeoutError:
        raise OAuthFault(Finding.oauth_unreachable) from None


def _answer(send: Callable[[], requests.Response], limit: float) -> Answer:
    try:
        with send() as response:
            kind = response.headers.get("Content-Type", "").partition(";")[0][:80]
            answer = Answer(response.status_code, kind, _body(response, limit))
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise OAuthFault(Finding.oauth_unreachable) from error
    if answer.status >= 500 or answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise OAuthFault(Finding.oauth_unreachable, str(answer))
    return answer


def _body(response: requests.Response, limit: float) -> bytes:
    body = b""
    while piece := response.raw.read1(_PIECE_BYTES, decode_content=True):
        body += piece
        if len(body) > _MOST_BYTES:
            raise OAuthFault(Finding.oauth_answer_unclear, f"> {_MOST_BYTES // 1024} kB")
        if time.monotonic() > limit:
            raise OAuthFault(Finding.oauth_unreachable)
    return body
