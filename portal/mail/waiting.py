"""Waiting, for so long and no longer, for what has no time-out of its own."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


def within(limit: float, ask: Callable[[], T], *errors: type[Exception]) -> T:
    """Return what `ask` returns; raise what it raises, of these errors, and TimeoutError at `limit`
    (time.monotonic). It runs in a thread, which is left behind then."""
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(ask())
        except errors as error:
            outcome.set_exception(error)

    Thread(target=run, daemon=True).start()
    return outcome.result(max(0.0, limit - time.monotonic()))
