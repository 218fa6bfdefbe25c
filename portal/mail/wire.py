"""SMTP's commands and replies over a socket, and the time they may take."""

import re
import socket
import ssl
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from portal.mail.faults import OutOfStepError, Reply, SmtpFault, cause_of
from portal.mail.redaction import Secrets, one_line

COURTESY_SECONDS = 2.0  # for RSET and QUIT, whose replies decide nothing about a mail

_MAX_REPLY_CHARACTERS = 500
_MAX_LINE_BYTES = 8192
_MAX_REPLY_LINES = 200

_REPLY_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\S)")


@dataclass
class Phases:
    """The time that each phase may take, and has taken."""

    timeout: float
    deadline: float
    on_phase: Callable[[str, float], None] | None
    _spent: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @contextmanager
    def limit(self, name: str) -> Iterator[float]:
        """Give the time.monotonic() by which the phase must be done; its errors become faults."""
        start = time.monotonic()
        try:
            yield min(start + self.timeout - self._spent[name], self.deadline)
        except OSError as error:
            said = error.said if isinstance(error, OutOfStepError) else ""
            raise SmtpFault(name, cause_of(error), said=said) from error
        finally:
            self._spent[name] += time.monotonic() - start

    def end(self, name: str) -> None:
        """Tell that the phase ended well, and after how many seconds."""
        if self.on_phase:
            self.on_phase(name, self._spent[name])


class Wire:
    """SMTP's lines over one socket; nothing is awaited past `limit`, a time.monotonic()."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.limit = 0.0
        self.lost = False  # by `abort`: nothing more can be said
        self.lines: list[str] = []  # of the last reply, uncut
        self.secrets = Secrets()  # never repeated from a reply, which may echo them
        self._buffer = b""

    @property
    def encrypted(self) -> bool:
        """Tell whether TLS is spoken."""
        return isinstance(self.sock, ssl.SSLSocket)

    def encrypt(self, context: ssl.SSLContext, host: str) -> None:
        """Go on in TLS, with a server whose certificate names `host`."""
        if self._buffer:  # bytes slipped in before the encryption would pass for encrypted ones
            raise OutOfStepError
        self._arm()
        self.sock = context.wrap_socket(self.sock, server_hostname=host)

    @property
    def unread(self) -> bool:
        """Tell whether the server has said something that nobody asked for."""
        return bool(self._buffer)

    def has_more(self) -> bool:
        """Tell the same, with what has come but was not read off the socket yet.

        Raises ConnectionResetError where the server has hung up.
        """
        if not self._buffer:
            self.sock.settimeout(0)
            with suppress(BlockingIOError, ssl.SSLWantReadError):
                self._receive()
        return self.unread

    def command(self, text: str) -> Reply:
        """Send one command and read its reply; raise ValueError for what is not one line."""
        self.say(text)
        return self.read()

    def say(self, *commands: str) -> None:
        """Send commands in one piece; raise ValueError for what is not one line each."""
        if any("\r" in command or "\n" in command for command in commands):
            raise ValueError("a command is one line")
        if self.unread:
            raise OutOfStepError
        self.write("".join(f"{command}\r\n" for command in commands).encode())

    def courtesy(self, text: str) -> bool:
        """Send a command that decides nothing about a mail; tell whether the server agreed."""
        self.limit = time.monotonic() + COURTESY_SECONDS
        try:
            return self.command(text).code // 100 == 2
        except OSError:
            return False

    def abort(self) -> None:
        """Break the connection at once, from any thread; whoever waits for a reply stops."""
        self.lost = True
        with suppress(OSError):
            # Not SSLSocket.shutdown, which first makes the socket write unencrypted.
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._arm()
        self.sock.sendall(data)

    def read(self) -> Reply:
        """Read one reply of one or more lines."""
        return self.reply(self.read_code())

    def read_code(self) -> int:
        """Read one reply, of which `reply` tells more than its code."""
        self.lines = []
        codes: list[int] = []
        separator: bytes | None = b"-"
        while separator == b"-":
            line = self._line()
            match = _REPLY_LINE.fullmatch(line)
            if not match or len(codes) == _MAX_REPLY_LINES:
                raise OutOfStepError(self._shown(_decoded(line)))
            code, separator, text = match.groups()
            codes.append(int(code))
            self.lines.append(_decoded(text or b""))
        if len({code // 100 for code in codes}) > 1:
            raise OutOfStepError(self._shown(" ".join(self.lines)))
        return codes[-1]

    def reply(self, code: int) -> Reply:
        """Return what was read last."""
        text = self._shown(" ".join(self.lines))
        enhanced = _ENHANCED.match(text)
        return Reply(code, text, enhanced and enhanced.group())

    def _shown(self, text: str) -> str:
        """As people may read it; far less of it is blanked than is left out."""
        line = one_line(text[:_MAX_LINE_BYTES])
        return self.secrets.blanked(line)[:_MAX_REPLY_CHARACTERS]

    def _line(self) -> bytes:
        while b"\n" not in self._buffer:
            if len(self._buffer) > _MAX_LINE_BYTES:
                raise OutOfStepError(self._shown(_decoded(self._buffer)))
            self._arm()
            self._receive()
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.removesuffix(b"\r")

    def _receive(self) -> None:
        received = self.sock.recv(_MAX_LINE_BYTES)
        if not received:
            raise ConnectionResetError
        self._buffer += received

    def _arm(self) -> None:
        left = self.limit - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.sock.settimeout(left)


def _decoded(text: bytes) -> str:
    """UTF-8; what is none is Western European of old, as servers in Spain and Italy still write."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("cp1252", "replace")
