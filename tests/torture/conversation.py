"""One SMTP session as the sink holds it: honest and quick, unless a misdeed steps in."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from tests.torture.book import Book

OFFER = "\r\n".join(
    [
        "250-sink.example.test",
        *(f"250-{word}" for word in ("PIPELINING", "8BITMIME", "SMTPUTF8", "DSN")),
        "250-SIZE 52428800",
        "250-ENHANCEDSTATUSCODES",
        "250 AUTH PLAIN LOGIN",
    ]
)
END = b"\r\n.\r\n"

# Called with the conversation at a step (connect, command, mail, rcpt, data, text, dot, taken);
# True when it has answered in the sink's place.
Strike = Callable[["Conversation", str], bool]


@dataclass
class Sink:
    """What the sessions of one sink share. `pace` is how long a mail takes, in seconds."""

    book: Book
    strike: Strike
    pace: float
    chance: random.Random
    transactions: int = 0


class Conversation(asyncio.Protocol):
    """A session. `number` counts the transactions of all sessions, `taken` this one's mails."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.number = 0
        self.taken = 0
        self.recipient = ""
        self.reply_byte_seconds = 0.0
        self._buffer = b""
        self._text = b""
        self._in_text = False
        self._busy = False
        self._prompts = 0
        self._slow = b""
        self._commands = {
            "ehlo": lambda: self.say(OFFER),
            "mail": self._mail,
            "data": self._data,
            "rset": lambda: self.say("250 2.0.0 OK"),
            "noop": lambda: self.say("250 2.0.0 OK"),
            "quit": self._quit,
        }

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.sink.strike(self, "connect")
        self.say("220 sink.example.test ESMTP")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._work()

    def say(self, reply: str) -> None:
        line = f"{reply}\r\n".encode()
        if not self.reply_byte_seconds:
            self._transport.write(line)
        elif self._slow:
            self._slow += line
        else:
            self._slow = line
            self._drip()

    def drop(self) -> None:
        """Break the connection at once."""
        self._transport.abort()

    def close(self) -> None:
        """End the connection behind what was said."""
        self._transport.close()

    def forget(self) -> None:
        """Throw away what came together with the command in hand."""
        self._buffer = b""

    def keep(self) -> None:
        """The mail in hand is accepted, whoever gets to know it."""
        peer = str(self._transport.get_extra_info("peername")[0])
        self.sink.book.accept(self.recipient, self._text, peer)

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something later, and nothing else meanwhile."""
        self._busy = True
        asyncio.get_running_loop().call_later(seconds, self._resume, act)

    def confirm(self) -> None:
        """Say that the mail in hand was accepted."""
        self.taken += 1
        self.say("250 2.0.0 Ok: queued")
        self.sink.strike(self, "taken")

    def _resume(self, act: Callable[[], None]) -> None:
        self._busy = False
        if not self._transport.is_closing():
            act()
            self._work()

    def _drip(self) -> None:
        if self._slow and not self._transport.is_closing():
            self._transport.write(self._slow[:1])
            self._slow = self._slow[1:]
            asyncio.get_running_loop().call_later(self.reply_byte_seconds, self._drip)

    def _work(self) -> None:
        while not self._busy and not self._transport.is_closing() and self._step():
            pass

    def _step(self) -> bool:
        """Deal with a line or a text; False while it isn't whole."""
        if self._in_text:
            return self._take_text()
        line, separator, rest = self._buffer.partition(b"\r\n")
        if separator:
            self._buffer = rest
            self._obey(line.decode(errors="replace"))
        return bool(separator)

    def _obey(self, line: str) -> None:
        verb = line[:4].lower()
        if self._prompts:
            self._ask(self._prompts - 1)
        elif verb == "auth":
            words = line.split()
            self._ask({"PLAIN": 1, "LOGIN": 2}[words[1].upper()] - len(words[2:]))
        elif verb == "rcpt":
            self._rcpt(line.partition("<")[2].partition(">")[0])
        else:
            self._commands.get(verb, lambda: self.say("502 5.5.2 What?"))()
        self.sink.strike(self, "command")

    def _ask(self, prompts: int) -> None:
        """Go on with a sign-in; any name and password will do."""
        self._prompts = prompts
        self.say("334 " if prompts else "235 2.7.0 Accepted")

    def _mail(self) -> None:
        self.sink.transactions += 1
        self.number, self.recipient = self.sink.transactions, ""
        if not self.sink.strike(self, "mail"):
            self.say("250 2.1.0 OK")

    def _rcpt(self, recipient: str) -> None:
        self.recipient = recipient
        if self.sink.strike(self, "rcpt"):
            self.recipient = ""
        else:
            self.say("250 2.1.5 OK")

    def _data(self) -> None:
        if not self.recipient:
            self.say("554 5.5.1 No valid recipients")
        elif not self.sink.strike(self, "data"):
            self._in_text = True
            self.say("354 Go ahead")

    def _take_text(self) -> bool:
        if not self._buffer or self.sink.strike(self, "text"):
            return False
        text, end, rest = self._buffer.partition(END)
        if end:
            self._text, self._buffer, self._in_text = text, rest, False
            if not self.sink.strike(self, "dot"):
                self._take()
        return bool(end)

    def _take(self) -> None:
        """Servers differ in whether a mail whose client is gone before the reply is kept."""
        if self.sink.chance.random() < 0.5:
            self.keep()
            self.later(self.sink.pace, self.confirm)
        else:
            self.later(self.sink.pace, self._keep_and_confirm)

    def _keep_and_confirm(self) -> None:
        self.keep()
        self.confirm()

    def _quit(self) -> None:
        self.say("221 2.0.0 Bye")
        self.close()
