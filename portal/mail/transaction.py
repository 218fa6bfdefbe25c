"""One mail's transaction: MAIL, RCPT, DATA, the text, the final dot, and what became of it."""

import math
import re
import time

from portal.mail.faults import Cause, Outcome, OutOfStepError, Reply, Result, cause_of
from portal.mail.wire import Wire

# Seconds to wait in a transaction, RFC 5321 section 4.5.3.2; "dot" is the reply to the final dot.
TIMEOUTS = {"mail": 300.0, "rcpt": 300.0, "data": 120.0, "body": 180.0, "dot": 600.0}

_BLOCK_BYTES = 16_384  # one TLS record, so that one write has one time-out
_PATH = re.compile(r"[!-;=?-~]+")  # printable ASCII but space and angle brackets


class Transaction:
    """A transaction over a signed-in connection."""

    def __init__(self, wire: Wire, deadline: float = math.inf) -> None:
        self._wire = wire
        self._deadline = deadline

    def send(self, envelope_sender: str, recipient: str, message: bytes) -> Outcome:
        """Hand over one mail, as Session.send promises."""
        commands = (
            ("mail", f"MAIL FROM:<{checked_path(envelope_sender)}>", 2),
            ("rcpt", f"RCPT TO:<{checked_path(recipient)}>", 2),
            ("data", "DATA", 3),
        )
        try:
            return self._offer(commands) or self._hand_over(_dot_stuffed(message))
        except BaseException:
            self._wire.abort()
            raise

    def _wait_for(self, step: str) -> None:
        self._wire.limit = min(time.monotonic() + TIMEOUTS[step], self._deadline)

    def _offer(self, commands: tuple[tuple[str, str, int], ...]) -> Outcome | None:
        """Return None once the server waits for the text."""
        for step, command, expected in commands:
            self._wait_for(step)
            try:
                reply = self._wire.command(command)
                if reply.code // 100 not in (expected, 4, 5):
                    raise OutOfStepError
            except OSError as error:
                return self._broken(Result.broken, step, error)
            if reply.code // 100 != expected:
                return self._refused(step, reply)
        return None

    def _hand_over(self, body: bytes) -> Outcome:
        try:
            for start in range(0, len(body), _BLOCK_BYTES):
                self._wait_for("body")
                self._wire.write(body[start : start + _BLOCK_BYTES])
        except OSError as error:
            return self._broken(Result.broken, "body", error)
        try:
            return self._finish()
        except Exception as error:  # noqa: BLE001
            # Whatever broke, a job's time-out too: the server may have the mail.
            return self._broken(Result.unconfirmed, "dot", error)

    def _finish(self) -> Outcome:
        """Write the final dot by itself, so that a failed write means: the server has no mail."""
        self._wait_for("dot")
        try:
            if self._wire.unread:  # it would pass for the answer to the dot
                raise OutOfStepError
            self._wire.write(b".\r\n")
        except OSError as error:
            return self._broken(Result.broken, "body", error)
        reply = self._wire.read()
        if reply.code // 100 == 2:
            return Outcome(Result.accepted, "dot", reply, None, session_lost=False)
        if reply.code // 100 == 3:
            raise OutOfStepError
        return self._refused("dot", reply)

    def _refused(self, step: str, reply: Reply) -> Outcome:
        if reply.code == 421 or not self._wire.courtesy("RSET"):
            self._wire.abort()
        return Outcome(Result.refused, step, reply, Cause.rejected, self._wire.lost)

    def _broken(self, result: Result, step: str, error: Exception) -> Outcome:
        self._wire.abort()
        cause = cause_of(error) if isinstance(error, OSError) else None
        return Outcome(result, step, None, cause, session_lost=True)


def checked_path(address: str) -> str:
    """Return an address that can stand between angle brackets; raise ValueError for others."""
    if not _PATH.fullmatch(address):
        raise ValueError("not an address that can stand in an SMTP command")
    return address


def _dot_stuffed(message: bytes) -> bytes:
    """Return the message with CRLF line ends throughout, also at its end, and dots doubled.

    A bare CR or LF would let a text carry a second mail past a server that takes it for CRLF.
    """
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", message.removesuffix(b"\n").removesuffix(b"\r"))
    return re.sub(rb"(?m)^\.", b"..", lines + b"\r\n")
