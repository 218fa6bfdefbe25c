"""Waiting for a database that is busy, full or away: what a sender knows must not be lost."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import OperationalError

from portal.outbox.journal import Unavailable

T = TypeVar("T")

PATIENCE_SECONDS = 600.0
PAUSE_SECONDS = 0.5

log = logging.getLogger(__name__)


def patiently(call: Callable[[], T]) -> T:
    """What the call returns, once the database takes it. It may be made again, since whoever took
    a claim over meanwhile has it raise Overtaken."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return call()
        except (OperationalError, Unavailable) as error:
            if time.monotonic() > end:
                raise
            log.warning("The database is not to be had (%s); trying again.", error)
            time.sleep(PAUSE_SECONDS)
