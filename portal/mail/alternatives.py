"""Where a mailbox can be reached instead, when its server or port can't."""

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from portal.mail.network import Network, Place, Security
from portal.mail.providers import Endpoint
from portal.mail.smtp import Cause, Session, SmtpFault

MOST_CANDIDATES = 6
SECONDS = 5.0  # for all candidates together
PREFERENCE_SECONDS = 0.5  # once one works, for those before it in the order

# RFC 8314: 465 speaks TLS at once, 587 after STARTTLS.
USUAL_PORTS: tuple[tuple[int, Security], ...] = ((465, "ssl"), (587, "tls"))

_PHASES = frozenset({"dns", "connect", "tls", "greeting"})
_ANSWERED = frozenset({"tls", "greeting"})
# Port 25 takes mail from other servers, often without any sign-in.
_NO_PORT_FOR_PASSWORDS = frozenset({Cause.auth_missing, Cause.unencrypted})
_OTHER_SECURITY: dict[Security, Security] = {"ssl": "tls", "tls": "ssl", "none": "ssl"}


def candidates(failed: Place, fault: SmtpFault, known: Iterable[Endpoint]) -> tuple[Endpoint, ...]:
    """Return what to try after `fault`, the best first; nothing where another place won't help.

    `known` are the provider's own endpoints. Nothing unencrypted is among those returned.
    """
    refused_us = fault.step == "ehlo"  # after a banner that let us in: it is not the port
    port_for_others = fault.cause in _NO_PORT_FOR_PASSWORDS
    if (fault.phase not in _PHASES or refused_us) and not port_for_others:
        return ()
    answered = fault.phase in _ANSWERED
    swapped = Endpoint(failed.host, failed.port, _OTHER_SECURITY[failed.security])
    usual = (Endpoint(failed.host, port, security) for port, security in USUAL_PORTS)
    found = dict.fromkeys((*([swapped] if answered else []), *known, *usual))
    found.pop(Endpoint(failed.host, failed.port, failed.security), None)
    return tuple(place for place in found if place.security != "none")[:MOST_CANDIDATES]


def first_that_works(
    places: Sequence[Endpoint], network: Network, deadline: float
) -> Endpoint | None:
    """Return the first of the places where a password could be sent; none is sent to any.

    All are tried at the same time, for SECONDS at most and not past `deadline` (time.monotonic).
    """
    if not places:
        return None
    limit = min(deadline, time.monotonic() + SECONDS)
    executor = ThreadPoolExecutor(len(places))
    attempts = [executor.submit(_works, place, network, limit) for place in places]
    executor.shutdown(wait=False)  # those that are not waited for end by themselves at the limit
    _wait_for_one(attempts, limit)
    outcomes = zip(places, attempts, strict=True)
    return next((place for place, attempt in outcomes if _succeeded(attempt)), None)


def field_to_correct(failed: Place, found: Endpoint) -> str:
    """Return the form field in which what works differs from what failed."""
    if found.host != failed.host:
        return "smtp_server"
    return "security" if found.port == failed.port else "smtp_port"


def _works(place: Endpoint, network: Network, limit: float) -> bool:
    try:
        return Session.reach(place, network, deadline=limit)
    except SmtpFault:
        return False


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
