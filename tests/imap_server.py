"""A real IMAP server on loopback, over TLS, whose folders can be looked into but not changed."""

import asyncio
import base64
import binascii
import re
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Self

import trustme

from tests.smtp_server import HOST, PASSWORD, USER, good_certificate, tls_context

DONE = "OK done"
CAPABILITIES = "IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SPECIAL-USE"
_HEADER = re.compile(r'HEADER "([^"]+)" "([^"]+)"')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')


@dataclass(frozen=True)
class Folder:
    """A folder by its name as it goes over the wire, with its attributes and its mails."""

    name: str
    attributes: str = ""
    mails: tuple[bytes, ...] = ()


@dataclass
class ImapServer:
    """An IMAP server in a thread of its own. `commands` has what clients asked, without secrets;
    `token` is the access token that may come in; `silent` never greets; `drops_at` is the command
    at which the connection is closed instead of an answer."""

    folders: list[Folder] = field(default_factory=list)
    user: str = USER
    password: str = PASSWORD
    token: str | None = None
    silent: bool = False
    drops_at: str | None = None
    certificate: trustme.LeafCert = field(default_factory=good_certificate)
    port: int = 0
    commands: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
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

    async def _listen(self) -> asyncio.Server:
        context = tls_context(self.certificate)
        return await asyncio.start_server(self._serve, HOST, self.port, ssl=context)

    async def _stop(self) -> None:
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            if self.silent:
                await reader.read()
            await _Conversation(self, reader, writer).run()
        writer.close()


class _Conversation:
    """One client's session."""

    def __init__(
        self, server: ImapServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._server, self._reader, self._writer = server, reader, writer
        self._folder: Folder | None = None
        self._signed_in = False

    async def run(self) -> None:
        await self._say("* OK ready")
        answers: dict[str, Callable[[str], Awaitable[str]]] = {
            "CAPABILITY": self._capability,
            "LOGIN": self._login,
            "AUTHENTICATE": self._authenticate,
            "LIST": self._list,
            "EXAMINE": self._examine,
            "UID": self._search,
        }
        while line := (await self._reader.readline()).decode():
            tag, command, *rest = line.rstrip("\r\n").split(" ", 2)
            arguments = rest[0] if rest else ""
            secret = command in {"LOGIN", "AUTHENTICATE"}
            self._server.commands.append(command if secret else f"{command} {arguments}".strip())
            if command == self._server.drops_at:
                return
            answer = answers.get(command)
            await self._say(f"{tag} {await answer(arguments) if answer else 'BAD unknown'}")

    async def _say(self, line: str) -> None:
        self._writer.write(f"{line}\r\n".encode())
        await self._writer.drain()

    async def _capability(self, _: str) -> str:
        await self._say(f"* CAPABILITY {CAPABILITIES}")
        return DONE

    async def _login(self, arguments: str) -> str:
        given = tuple(quoted or plain for quoted, plain in _QUOTED.findall(arguments))
        return self._welcome(given == (self._server.user, self._server.password))

    async def _authenticate(self, mechanism: str) -> str:
        await self._say("+ ")
        given = await self._response()
        if mechanism == "PLAIN":
            return self._welcome(given == f"\0{self._server.user}\0{self._server.password}")
        good = f"user={self._server.user}\1auth=Bearer {self._server.token}\1\1"
        if self._server.token is None or given != good:
            await self._say("+ eyJzdGF0dXMiOiI0MDAifQ==")
            await self._response()
            return self._welcome(False)
        return self._welcome(True)

    async def _response(self) -> str:
        with suppress(binascii.Error):
            return base64.b64decode(await self._reader.readline()).decode()
        return ""

    def _welcome(self, known: bool) -> str:
        self._signed_in = known
        return DONE if known else "NO [AUTHENTICATIONFAILED] Invalid credentials"

    async def _list(self, _: str) -> str:
        for folder in self._server.folders if self._signed_in else ():
            await self._say(f'* LIST ({folder.attributes}) "/" "{folder.name}"')
        return DONE if self._signed_in else "NO sign in first"

    async def _examine(self, name: str) -> str:
        by_name = {f'"{folder.name}"': folder for folder in self._server.folders}
        self._folder = by_name.get(name) if self._signed_in else None
        if self._folder is None:
            return "NO no such folder"
        await self._say(f"* {len(self._folder.mails)} EXISTS")
        return "OK [READ-ONLY] done"

    async def _search(self, arguments: str) -> str:
        """UID SEARCH for mails of which one of the headers contains its text (RFC 3501)."""
        assert self._folder
        wanted = _HEADER.findall(arguments)
        assert wanted, arguments
        assert " ".join(arguments.split()).startswith("SEARCH ")
        hits = [
            str(number)
            for number, mail in enumerate(self._folder.mails, start=1)
            if any(text in message_from_bytes(mail).get(name, "") for name, text in wanted)
        ]
        await self._say(" ".join(["* SEARCH", *hits]))
        return DONE
