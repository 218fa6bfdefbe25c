"""A mail server at a distance: it takes every mail at once, and its answers take a round trip.

`python -m bench.distant PORT SECONDS` runs it until SIGTERM. What came together is answered
together, SECONDS later; it offers PIPELINING."""

import asyncio
import sys

GREETING = b"220 distant.example.com ESMTP\r\n"
OFFERS = b"250-distant.example.com\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n"
ANSWERS = {
    b"EHLO": OFFERS,
    b"AUTH": b"235 2.7.0 Accepted\r\n",
    b"DATA": b"354 Go ahead\r\n",
    b"QUIT": b"221 2.0.0 Bye\r\n",
}
OK = b"250 2.0.0 Ok\r\n"
END_OF_MAIL = b"\r\n.\r\n"


class Counts:
    """What happened so far, written as smtp-sink writes it."""

    def __init__(self) -> None:
        self.sessions = self.quits = self.mails = 0

    def show(self) -> None:
        print(f"sess={self.sessions} quit={self.quits} mesg={self.mails}", end="\r", flush=True)


class Session(asyncio.Protocol):
    """One connection."""

    transport: asyncio.Transport

    def __init__(self, round_trip: float, counts: Counts) -> None:
        self._round_trip, self._counts = round_trip, counts
        self._received = b""
        self._in_text = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._counts.sessions += 1
        self._counts.show()
        self._answer(GREETING)

    def data_received(self, data: bytes) -> None:
        self._received += data
        replies = b""
        while (reply := self._next()) is not None:
            replies += reply
        if replies:
            self._answer(replies)

    def _next(self) -> bytes | None:
        """The answer to the next command or text that is there as a whole."""
        end = END_OF_MAIL if self._in_text else b"\r\n"
        whole, found, rest = self._received.partition(end)
        if not found:
            return None
        self._received = rest
        return self._take_mail() if self._in_text else self._obey(whole[:4].upper())

    def _take_mail(self) -> bytes:
        self._in_text = False
        self._counts.mails += 1
        self._counts.show()
        return OK

    def _obey(self, verb: bytes) -> bytes:
        self._in_text = verb == b"DATA"
        if verb == b"QUIT":
            self._counts.quits += 1
            self._counts.show()
        return ANSWERS.get(verb, OK)

    def _answer(self, replies: bytes) -> None:
        asyncio.get_running_loop().call_later(self._round_trip, self.transport.write, replies)


async def serve(port: int, round_trip: float) -> None:
    counts = Counts()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Session(round_trip, counts), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))
