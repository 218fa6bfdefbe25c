"""A real SMTP server on loopback that takes mail.

`python -m tests.smtp_server --directory D` runs it as a process: it prints its port, writes its
authority to D/ca.pem and each mail, before it is confirmed, as a line of D/mails.jsonl.
"""

import argparse
import asyncio
import base64
import json
import logging
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from aiosmtpd.smtp import Session as PeerSession

from tests.xoauth2 import LongCommands, Tokens, asking, excluded, is_gone, sign_in

Tls = Literal["ssl", "tls", "none"]
HOST = "127.0.0.1"
USER = "clinic@example.test"
PASSWORD = "contraseña"

logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of its own doings


@dataclass(frozen=True)
class ReceivedMail:
    """One mail as it arrived: line ends CRLF, dots unstuffed."""

    envelope_sender: str
    recipients: tuple[str, ...]
    content: bytes


@cache
def authority() -> trustme.CA:
    """Return this process's certificate authority."""
    return trustme.CA()


@cache
def good_certificate() -> trustme.LeafCert:
    """Return a certificate for localhost and 127.0.0.1."""
    return authority().issue_cert("localhost", HOST)


def tls_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """Return what a server needs to show this certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return context


def count_per_recipient(mails: list[ReceivedMail]) -> Counter[str]:
    """Return how many mails each recipient got."""
    return Counter(recipient for mail in mails for recipient in mail.recipients)


def read_mails(directory: Path) -> list[ReceivedMail]:
    """Return what a server with this directory took so far, also in another process."""
    file = directory / "mails.jsonl"
    lines = file.read_text().splitlines() if file.exists() else []
    return [
        ReceivedMail(m["envelope_sender"], tuple(m["recipients"]), base64.b64decode(m["content"]))
        for m in map(json.loads, lines)
    ]


@dataclass
class MailServer:
    """An SMTP server with sign-in that keeps its mails, in a thread of its own.

    `refuse` maps a recipient to the reply it gets; `delay` is in seconds per mail; the mail
    numbered `drop_after_dot` (from 1) is kept, but its connection broken instead of confirmed.
    With `tokens`, only XOAUTH2 is offered; `token_gone` is the reply to a mail that ends a session
    whose token is not good any more."""

    tls: Tls = "ssl"
    user: str = USER
    password: str = PASSWORD
    refuse: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    drop_after_dot: int | None = None
    without_mechanism: str | None = None
    tokens: Tokens | None = None
    token_gone: str | None = None
    directory: Path | None = None
    port: int = 0
    mails: list[ReceivedMail] = field(default_factory=list)
    ca_file: Path = field(init=False)

    def __enter__(self) -> Self:
        self._temporary = tempfile.TemporaryDirectory()
        folder = self.directory or Path(self._temporary.name)
        self.ca_file = folder / "ca.pem"
        authority().cert_pem.write_to_path(str(self.ca_file))
        self._log = (folder / "mails.jsonl").open("a")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self._log.close()
        self._temporary.cleanup()

    def count(self, recipient: str) -> int:
        """Return how many mails this recipient got."""
        return count_per_recipient(self.mails)[recipient]

    async def _listen(self) -> asyncio.Server:
        context = tls_context(good_certificate())
        return await self._loop.create_server(
            lambda: LongCommands(
                self,
                loop=self._loop,
                hostname="mail.example.test",
                tls_context=context if self.tls == "tls" else None,
                require_starttls=self.tls == "tls",
                auth_require_tls=self.tls == "tls",
                auth_exclude_mechanism=[self.without_mechanism or "", *excluded(self.tokens)],
                authenticator=self._authenticate,
            ),
            HOST,
            self.port,
            ssl=context if self.tls == "ssl" else None,
        )

    async def _stop(self) -> None:
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _authenticate(
        self, server: SMTP, session: PeerSession, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        given = (data.login, data.password) if isinstance(data, LoginPassword) else ()
        return AuthResult(
            success=given == (self.user.encode(), self.password.encode()),
            handled=False,
            auth_data=self.user,
        )

    async def auth_XOAUTH2(self, server: SMTP, arguments: list[str]) -> AuthResult:  # noqa: N802
        assert self.tokens
        return await sign_in(server, arguments, self.tokens)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: PeerSession, envelope: Envelope, address: str, options: Any
    ) -> str:
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        if self.token_gone and is_gone(session, self.tokens):
            assert server.transport
            self._loop.call_soon(server.transport.close)  # when the reply has been written
            return self.token_gone
        envelope.mail_from = address
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: PeerSession, envelope: Envelope, address: str, options: Any
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: PeerSession, envelope: Envelope
    ) -> str:
        if self.delay:
            await asyncio.sleep(self.delay)
        content = envelope.original_content or b""
        self._keep(ReceivedMail(str(envelope.mail_from), tuple(envelope.rcpt_tos), content))
        if len(self.mails) == self.drop_after_dot:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
            await asyncio.Event().wait()  # until the lost connection cancels this
        return f"250 2.0.0 Ok: queued as {len(self.mails)}"

    def _keep(self, mail: ReceivedMail) -> None:
        self.mails.append(mail)
        content = base64.b64encode(mail.content).decode()
        print(json.dumps({**vars(mail), "content": content}), file=self._log, flush=True)


@contextmanager
def mail_server_process(directory: Path, *options: str) -> Iterator[int]:
    """Run a MailServer as a process of its own; give its port."""
    command = [sys.executable, "-m", "tests.smtp_server", "--directory", str(directory), *options]
    root = Path(__file__).parents[1]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", choices=("ssl", "tls", "none"), default="ssl")
    parser.add_argument("--user", default=USER)
    parser.add_argument("--password", default=PASSWORD)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds per mail")
    parser.add_argument("--drop-after-dot", type=int, help="number of the mail, from 1")
    parser.add_argument("--refuse", action="append", default=[], metavar="ADDRESS=REPLY")
    parser.add_argument("--oauth", dest="tokens", type=asking, metavar="BASE")
    parser.add_argument("--token-gone", metavar="REPLY")
    arguments = parser.parse_args()
    arguments.refuse = dict(entry.split("=", 1) for entry in arguments.refuse)
    return arguments


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    stops = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    with MailServer(**vars(_arguments())) as server:
        print(server.port, flush=True)
        signal.sigwait(stops)


if __name__ == "__main__":
    main()
