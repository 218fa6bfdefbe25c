"""Where a mailbox can be reached instead, when its server or port can't."""

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Lock

from portal.mail.network import Network, Place, Security
from portal.mail.providers import Endpoint
from portal.mail.smtp import Cause, Session, SmtpFault

MOST_CANDIDATES = 6
SECONDS = 5.0  # for one candidate; they are tried at the same time
PREFERENCE_SECONDS = 0.5  # once one works, for those before it in the order

# RFC 8314: 465 speaks TLS at once, 587 after STARTTLS.
USUAL_PORTS: tuple[tuple[int, Security], ...] = ((465, "ssl"), (587, "tls"))

# What a server that says nothing would fail with in the end; until then others can be tried.
SILENCE = SmtpFault("greeting", Cause.timeout)

_PHASES = frozenset({"dns", "connect", "tls", "greeting"})
_ANSWERED = frozenset({"tls", "greeting"})
# Port 25 takes mail from other servers, often without any sign-in.
_NO_PORT_FOR_SIGN_IN = frozenset({Cause.auth_missing, Cause.token_not_offered, Cause.unencrypted})
_OTHER_SECURITY: dict[Security, Security] = {"ssl": "tls", "tls": "ssl", "none": "ssl"}


def candidates(failed: Place, fault: SmtpFault, known: Iterable[Endpoint]) -> tuple[Endpoint, ...]:
    """Return what to try after `fault`, the best first; nothing where another place won't help.

    `known` are the provider's own endpoints. Nothing unencrypted is among those returned.
    """
    refused_us = fault.step == "ehlo"  # after a banner that let us in: it is not the port
    port_for_others = fault.cause in _NO_PORT_FOR_SIGN_IN
    if (fault.phase not in _PHASES or refused_us) and not port_for_others:
        return ()
    answered = fault.phase in _ANSWERED
    swapped = Endpoint(failed.host, failed.port, _OTHER_SECURITY[failed.security])
    usual = (Endpoint(failed.host, port, security) for port, security in USUAL_PORTS)
    found = dict.fromkeys((*([swapped] if answered else []), *known, *usual))
    found.pop(Endpoint(failed.host, failed.port, failed.security), None)
    return tuple(place for place in found if place.security != "none")[:MOST_CANDIDATES]


class Search:
    """Tries places at the same time, each once, for SECONDS at most and not past `deadline`
    (time.monotonic). Neither password nor token is sent to any; `by_token` says which of them
    would be."""

    def __init__(self, network: Network, deadline: float, *, by_token: bool = False) -> None:
        self._network = network
        self._by_token = by_token
        self._deadline = deadline
        self._executor = ThreadPoolExecutor(2 * MOST_CANDIDATES)
        self._attempts: dict[Endpoint, Future[bool]] = {}
        self._lock = Lock()

    def begin(self, places: Iterable[Endpoint]) -> None:
        """Have the places tried, from any thread, so that `first` finds them tried."""
        limit = min(self._deadline, time.monotonic() + SECONDS)
        with self._lock:
            for place in places:
                if place not in self._attempts:
                    self._attempts[place] = self._executor.submit(self._works, place, limit)

    def first(self, places: Sequence[Endpoint]) -> Endpoint | None:
        """Return the first of the places that could be signed in to."""
        self.begin(places)
        attempts = [self._attempts[place] for place in places]
        _wait_for_one(attempts, min(self._deadline, time.monotonic() + SECONDS))
        outcomes = zip(places, attempts, strict=True)
        return next((place for place, attempt in outcomes if _succeeded(attempt)), None)

    def _works(self, place: Endpoint, limit: float) -> bool:
        try:
            return Session.reach(place, self._network, deadline=limit, by_token=self._by_token)
        except SmtpFault:
            return False

    def end(self) -> None:
        """Begin nothing more; attempts that nobody waits for end by themselves at their limit."""
        self._executor.shutdown(wait=False, cancel_futures=True)


def field_to_correct(failed: Place, found: Endpoint) -> str:
    """Return the form field in which what works differs from what failed."""
    if found.host != failed.host:
        return "smtp_server"
    return "security" if found.port == failed.port else "smtp_port"


def _wait_for_one(attempts: Sequence[Future[bool]], limit: float) -> None:
    """Wait until one works and those before it had their time, or none can any more."""
    pending = list(attempts)
    while pending and (left := limit - time.monotonic()) > 0:
        _, open_ones = wait(pending, left, FIRST_COMPLETED)
        works = next((n for n, attempt in enumerate(attempts) if _succeeded(attempt)), None)
        if works is not None:
            wait(attempts[:works], min(left, PREFERENCE_SECONDS))
            return
        pending = list(open_ones)


def _succeeded(attempt: Future[bool]) -> bool:
    return attempt.done() and attempt.result()
