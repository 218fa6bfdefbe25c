"""When a mail that was refused for now is tried again."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.models.base import now
from portal.outbox.claims import Claimed

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=4)
RETRY_FOR = timedelta(hours=24)
DOUBLINGS = 10  # beyond the longest pause


@dataclass(frozen=True)
class Retry:
    """The next attempt, and until when there are any for its recipient's sake."""

    next_attempt_at: datetime
    retry_until: datetime | None


class GivenUp(Exception):
    """There is no next attempt: `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def retry(message: Claimed, *, patient: bool, at_once: bool) -> Retry:
    """The next attempt of a message, after a pause that grows from attempt to attempt.

    A fault that is not its recipient's is borne with (`patient`): only other attempts count towards
    the day after which it is given up. `at_once` is for a fault whose end somebody else waits for.
    Raises GivenUp, also when the message would be of no use by then."""
    retry_until = message.retry_until
    if not patient:
        if retry_until and now() >= retry_until:
            raise GivenUp("expired")
        retry_until = retry_until or now() + RETRY_FOR
    pause = timedelta() if at_once else _pause(message.attempts)
    if message.expires_at and now() + pause >= message.expires_at:
        raise GivenUp("too_late")
    return Retry(now() + pause, retry_until)


def _pause(attempts: int) -> timedelta:
    """Between 80 and 120 % of it, so that what was refused together doesn't come back together."""
    pause: timedelta = min(FIRST_PAUSE * (1 << min(attempts, DOUBLINGS)), LONGEST_PAUSE)
    return pause * random.uniform(0.8, 1.2)  # noqa: S311 (no secret)
