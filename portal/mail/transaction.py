"""One mail's transaction: MAIL, RCPT, DATA, the text, the final dot, and what became of it."""

import math
import re
import time
from dataclasses import dataclass

from portal.mail.envelope import Envelope
from portal.mail.extensions import Extensions
from portal.mail.faults import Cause, Outcome, OutOfStepError, Reply, Result, cause_of
from portal.mail.wire import Wire

# Seconds to wait in a transaction, RFC 5321 section 4.5.3.2; "dot" is the reply to the final dot.
TIMEOUTS = {"mail": 300.0, "rcpt": 300.0, "data": 120.0, "body": 180.0, "dot": 600.0}
# Seconds from one reply to the next where the commands went out together: a server that has thrown
# some of them away never answers those.
PIPELINED_SECONDS = 30.0

_BLOCK_BYTES = 16_384  # one TLS record, so that one write has one time-out
_AGREED = {"mail": 2, "rcpt": 2, "data": 3, "dot": 2}  # the class of reply that leads on
_BAD_SEQUENCE = 503  # what a server says who has not seen the command before this one
_TO_CHANGE = re.compile(rb"\r(?!\n(?!\.))")  # a bare CR, or the line end before a dot
_OF_PIPELINING = re.compile("pipelining|synchroni[sz]ation", re.IGNORECASE)


@dataclass
class Pipelining:
    """Whether a session's envelopes go out at once (RFC 2920), and how the server stood it."""

    wanted: bool = True
    proven: bool = False  # the replies to a whole envelope came in step
    distrusted: bool = False  # an envelope broke as if the server could not do what it offers


class Transaction:
    """A transaction over a signed-in connection."""

    def __init__(
        self,
        wire: Wire,
        offered: Extensions,
        pipelining: Pipelining,
        deadline: float = math.inf,
    ) -> None:
        self._wire = wire
        self._offered = offered
        self._pipelining = pipelining
        self._deadline = deadline

    def send(
        self, envelope_sender: str, recipient: str, message: bytes, envelope_id: str | None = None
    ) -> Outcome:
        """Hand over one mail, as Session.send promises."""
        lines, stuffed = _lines_of(message)
        envelope = Envelope(envelope_sender, recipient, lines, envelope_id)
        if cause := envelope.obstacle(self._offered):
            return Outcome(Result.refused, "mail", None, cause, self._wire.lost)
        at_once = self._pipelining.wanted and "PIPELINING" in self._offered
        offer = self._offer_at_once if at_once else self._offer_one_by_one
        commands = envelope.commands(self._offered) | {"data": "DATA"}
        try:
            return offer(commands) or self._hand_over(stuffed)
        except BaseException:
            self._wire.abort()
            raise

    def _wait_for(self, step: str) -> None:
        self._wait(TIMEOUTS[step])

    def _wait(self, seconds: float) -> None:
        self._wire.limit = min(time.monotonic() + seconds, self._deadline)

    def _refusal(self, step: str) -> Reply | None:
        """Read a reply; return it where the server says no."""
        code = self._wire.read_code()
        if code // 100 == _AGREED[step]:
            return None
        if code // 100 not in (4, 5):
            raise OutOfStepError
        return self._wire.reply(code)

    def _offer_one_by_one(self, commands: dict[str, str]) -> Outcome | None:
        """Return None once the server waits for the text."""
        for step, command in commands.items():
            self._wait_for(step)
            try:
                self._wire.say(command)
                refusal = self._refusal(step)
            except OSError as error:
                return self._broken(Result.broken, step, error)
            if refusal:
                return self._refused(step, refusal)
        return None

    def _offer_at_once(self, commands: dict[str, str]) -> Outcome | None:
        """Return None once the server waits for the text."""
        step = "mail"
        self._wait_for(step)
        try:
            self._wire.say(*commands.values())
            for step in commands:
                if refusal := self._refusal(step):
                    return self._refused_among(list(commands), step, refusal)
                self._wait(PIPELINED_SECONDS)
            if self._wire.unread:
                raise OutOfStepError
        except OSError as error:
            self._pipelining.distrusted |= self._tells_of_pipelining(step, error)
            return self._broken(Result.broken, step, error)
        self._pipelining.proven = True
        return None

    def _refused_among(self, steps: list[str], step: str, refusal: Reply) -> Outcome:
        """End an envelope that was refused at a step while the later commands were sent already."""
        if refusal.code == _BAD_SEQUENCE or _OF_PIPELINING.search(refusal.text):
            self._pipelining.distrusted = True
            return self._broken(Result.broken, step, OutOfStepError())
        if refusal.code != 421:  # which ends the session
            self._read_rest(steps[steps.index(step) + 1 :])
        return self._refused(step, refusal)

    def _read_rest(self, steps: list[str]) -> None:
        """Read the replies to the commands behind a refused one; they change nothing about it."""
        step = ""
        agreed: list[str] = []
        try:
            for step in steps:
                self._wait(PIPELINED_SECONDS)
                if not self._refusal(step):
                    agreed.append(step)
            if "data" in agreed:
                self._end_empty(is_for_nobody="rcpt" not in agreed)
        except OSError as error:
            self._pipelining.distrusted |= self._tells_of_pipelining(step, error)
            self._wire.abort()
        else:
            self._pipelining.proven = True

    def _end_empty(self, *, is_for_nobody: bool) -> None:
        """End the text that a server waits for after all, as RFC 2920 section 3.1 has it."""
        if self._wire.unread or not is_for_nobody:  # somebody would get an empty mail
            raise OutOfStepError
        self._wait(PIPELINED_SECONDS)
        self._wire.write(b".\r\n")
        self._wire.read_code()

    def _tells_of_pipelining(self, step: str, error: OSError) -> bool:
        """Tell whether an envelope broke as if the server did not take commands together.

        One that did before may hang up at any time, and be slow to begin.
        """
        swallowed = step != "mail" and isinstance(error, TimeoutError)
        return not self._pipelining.proven or swallowed or isinstance(error, OutOfStepError)

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
            if self._wire.has_more():  # it would pass for the answer to the dot
                return self._cut_short()
            self._wire.write(b".\r\n")
        except OSError as error:
            return self._broken(Result.broken, "body", error)
        code = self._wire.read_code()
        reply = self._wire.reply(code)
        if code // 100 == 2:
            return Outcome(Result.accepted, "dot", reply, None, session_lost=False)
        if code // 100 == 3:
            raise OutOfStepError
        return self._refused("dot", reply)

    def _cut_short(self) -> Outcome:
        """Take a no in the middle of the text, which can't be ended any more."""
        refusal = self._refusal("dot")
        if refusal is None:
            raise OutOfStepError
        self._wire.abort()
        return Outcome(Result.refused, "body", refusal, Cause.rejected, session_lost=True)

    def _refused(self, step: str, reply: Reply) -> Outcome:
        if reply.code == 421 or not self._wire.courtesy("RSET"):
            self._wire.abort()
        return Outcome(Result.refused, step, reply, Cause.rejected, self._wire.lost)

    def _broken(self, result: Result, step: str, error: Exception) -> Outcome:
        self._wire.abort()
        cause = cause_of(error) if isinstance(error, OSError) else None
        return Outcome(result, step, None, cause, session_lost=True)


def _lines_of(message: bytes) -> tuple[bytes, bytes]:
    """Return the message in CRLF lines, and the same with the dots doubled that lines begin with.

    A bare CR or LF would let a text carry a second mail past a server that takes it for CRLF.
    """
    if _is_ready(message):
        return message, message
    text = message.removesuffix(b"\n").removesuffix(b"\r")
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", text) + b"\r\n"
    return lines, re.sub(rb"(?m)^\.", b"..", lines)


def _is_ready(message: bytes) -> bool:
    """Tell whether a message can be sent as it is."""
    return (
        message.endswith(b"\r\n")
        and not message.startswith(b".")
        and message.count(b"\n") == message.count(b"\r")
        and not _TO_CHANGE.search(message)
    )
