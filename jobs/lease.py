"""Holding on to a claim while its mails go out."""

import logging
import math
import threading
from typing import Self

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from jobs import stopping
from portal.mail.smtp import Session
from portal.outbox import leases
from portal.outbox.clock import boottime
from portal.outbox.leases import Claim

RENEWAL_SECONDS = 8.0
HELD_SECONDS = leases.LEASE.total_seconds() - 5.0  # a margin for the mail about to be begun
GRACE_SECONDS = 10.0  # what the mail in hand gets when the worker is told to stop

log = logging.getLogger(__name__)


class Lease:
    """Keeps a claim's lease alive from a thread, also while a server is waited for, and breaks
    the connection when the worker was told to stop and the mail in hand takes too long."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.session: Session | None = None
        self._held_from = boottime()
        self._ended = threading.Event()
        self._app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def is_held(self) -> bool:
        """Whether nobody else can have taken the claim over yet, by a clock that counts the time
        asleep."""
        return boottime() - self._held_from < HELD_SECONDS

    def _keep(self) -> None:
        told_to_stop: float | None = None
        while not self._ended.wait(0.25):
            now = boottime()
            if now - self._held_from > RENEWAL_SECONDS:
                self._renew(now)
            if stopping.requested():
                told_to_stop = told_to_stop or now
                if now - told_to_stop > GRACE_SECONDS and self.session:
                    self.session.abort()

    def _renew(self, now: float) -> None:
        """Tried again until it succeeds; meanwhile the lease gets old, and sending ends."""
        try:
            with self._app.app_context():
                renewed = leases.renew(self.claim)
        except SQLAlchemyError:
            log.exception("The lease of session %s could not be renewed.", self.claim.id)
            return
        self._held_from = now if renewed else -math.inf
