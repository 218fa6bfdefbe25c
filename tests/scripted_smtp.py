"""A real SMTP server on loopback that plays faults."""

import re
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Self

import trustme

from tests.smtp_server import (
    HOST,
    ReceivedMail,
    Tls,
    count_per_recipient,
    good_certificate,
    tls_context,
)


class Fault(Enum):
    """What a ScriptedServer can do instead of replying."""

    SILENT = auto()
    DROP = auto()
    DRIP = auto()  # one byte at a time, with no end


# A step's reply: a text (several lines by \r\n), raw bytes sent as they are, a fault, or an event
# that is waited for.
Play = str | bytes | Fault | threading.Event
# Or several of them, each for one more line of the client's.
Plays = Play | tuple[Play, ...]

_PLAYS: dict[str, Plays] = {
    "connect": b"",
    "handshake": b"",
    "banner": "220 mail.example.test ESMTP",
    "ehlo": "250-mail.example.test\r\n250 AUTH PLAIN LOGIN",
    "starttls": "220 2.0.0 Ready to start TLS",
    "auth": "235 2.7.0 Accepted",
    "mail": "250 2.1.0 OK",
    "rcpt": "250 2.1.5 OK",
    "data": "354 Go ahead",
    "text": b"",
    "dot": "250 2.0.0 Ok: queued",
    "rset": "250 2.0.0 OK",
    "quit": "221 2.0.0 Bye",
}
TLS_HANDSHAKE = "\x16"  # the type of TLS's first record
_STARTTLS_OFFER = "250-mail.example.test\r\n250-STARTTLS\r\n"


class ScriptedServer:
    """A server that plays given replies or faults at given steps, taking any password.

    `plays` replaces entries of the usual script, whose names are connect (before anything else is
    said), handshake (before the server's part of TLS), banner, ehlo, starttls, auth, mail, rcpt,
    data, text (before the mail's text is read), dot, rset, quit. With "tls" it offers STARTTLS
    until that is done. A text for auth ends a sign-in by either mechanism; several are the whole
    of it. A server that `discards` throws away what came behind each line; one that speaks
    `byte_by_byte` writes each alone. The texts that came after a refused recipient are `orphans`.
    """

    def __init__(
        self,
        plays: Mapping[str, Plays] | None = None,
        tls: Tls = "none",
        certificate: trustme.LeafCert | None = None,
        drip_seconds: float = 0.02,
        *,
        discards: bool = False,
        byte_by_byte: bool = False,
        host: str = HOST,
    ) -> None:
        self.tls = tls
        self.plays = _PLAYS | dict(plays or {})
        assert self.plays.keys() == _PLAYS.keys()
        self.commands: list[str] = []
        self.mails: list[ReceivedMail] = []
        self.orphans: list[bytes] = []
        self.port = self.connections = 0
        self._discards = discards
        self._byte_by_byte = byte_by_byte
        self._host = host
        self._context = tls_context(certificate or good_certificate())
        self._drip_seconds = drip_seconds
        self._stopping = threading.Event()
        self._peers: list[socket.socket] = []

    def __enter__(self) -> Self:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        self._listener = socket.create_server((self._host, 0), family=family)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for sock in (self._listener, *self._peers):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def count(self, recipient: str) -> int:
        """Return how many mails this recipient got."""
        return count_per_recipient(self.mails)[recipient]

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        self._peers.append(sock)
        with suppress(OSError):
            peer = _Peer(sock, self._discards)
            self._play(peer, "connect")
            if self.tls == "ssl":
                self._encrypt(peer)
            with peer.sock:
                self._converse(peer, encrypted=self.tls == "ssl")

    def _encrypt(self, peer: "_Peer") -> None:
        self._play(peer, "handshake")
        peer.sock = self._context.wrap_socket(peer.sock, server_side=True)
        self._peers.append(peer.sock)

    def _converse(self, peer: "_Peer", *, encrypted: bool) -> None:
        envelope: dict[str, str] = {}
        self._play(peer, "banner")
        while line := peer.line():
            if line.startswith(TLS_HANDSHAKE):  # who tries whether TLS is spoken at once
                return
            verb = self._note(line)
            if verb in ("mail", "rcpt"):
                envelope[verb] = line.partition("<")[2].partition(">")[0]
            if line.upper() == "AUTH LOGIN" and not isinstance(self.plays["auth"], tuple):
                self._ask_login(peer)
            offered = verb == "ehlo" and self.tls == "tls" and not encrypted
            self._play(peer, verb, before=_STARTTLS_OFFER if offered else "")
            if verb == "data" and self._agrees("data", "354"):
                self._play(peer, "text")
                self._keep(envelope, peer.content())
                self._play(peer, "dot")
            if verb == "starttls" and self._agrees("starttls", "220"):
                self._encrypt(peer)
                encrypted = True

    def _keep(self, envelope: dict[str, str], content: bytes) -> None:
        if self._agrees("rcpt", ("4", "5")):
            self.orphans.append(content)
        else:
            self.mails.append(ReceivedMail(envelope["mail"], (envelope["rcpt"],), content))

    def _note(self, line: str) -> str:
        self.commands.append(line)
        return line.split()[0].lower()

    def _chosen(self, step: str) -> Plays:
        """What is played now; who refuses only some mails decides here."""
        return self.plays[step]

    def _agrees(self, step: str, code: str | tuple[str, ...]) -> bool:
        play = self._chosen(step)
        return isinstance(play, str) and any(r.startswith(code) for r in play.split("\r\n"))

    def _ask_login(self, peer: "_Peer") -> None:
        for prompt in ("334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n"):
            peer.sock.sendall(prompt.encode())
            self.commands.append(peer.line())

    def _play(self, peer: "_Peer", step: str, before: str = "") -> None:
        plays = self._chosen(step)
        first, *others = plays if isinstance(plays, tuple) else (plays,)
        self._play_one(peer, first, before)
        for play in others:
            self.commands.append(peer.line())
            self._play_one(peer, play)

    def _play_one(self, peer: "_Peer", play: Play, before: str = "") -> None:
        if isinstance(play, str):
            reply = f"{before}{play}\r\n".encode()
            size = 1 if self._byte_by_byte else len(reply)
            for start in range(0, len(reply), size):
                peer.sock.sendall(reply[start : start + size])
        elif isinstance(play, bytes):
            peer.sock.sendall(play)
        elif isinstance(play, threading.Event):
            play.wait(10)
        elif play is Fault.DROP:
            peer.sock.close()
            raise ConnectionAbortedError
        else:
            while not self._stopping.wait(self._drip_seconds):
                if play is Fault.DRIP:
                    peer.sock.sendall(b"2")


@dataclass
class _Peer:
    """A client's bytes, cut into lines and mails."""

    sock: socket.socket
    discards: bool
    _buffer: bytearray = field(default_factory=bytearray)

    def line(self) -> str:
        """Return the next command, or nothing once the client is gone.

        It may be TLS, from a client that finds the certificate wrong.
        """
        line = self._until(b"\r\n").decode("utf-8", "replace")
        if self.discards:
            self._buffer.clear()
        return line

    def content(self) -> bytes:
        """Return a mail's text, which may be empty."""
        self._buffer[:0] = b"\r\n"
        stuffed = (self._until(b"\r\n.\r\n") + b"\r\n").removeprefix(b"\r\n")
        return re.sub(rb"(?m)^\.\.", b".", stuffed)

    def _until(self, end: bytes) -> bytes:
        searched = 0  # each byte once, since a text may be large
        while (found := self._buffer.find(end, searched)) < 0:
            searched = max(0, len(self._buffer) - len(end) + 1)
            received = self.sock.recv(65_536)
            if not received:
                raise ConnectionAbortedError
            self._buffer += received
        part = bytes(self._buffer[:found])
        del self._buffer[: found + len(end)]
        return part
