"""Whether mails stand in a mailbox's folder of sent mail (IMAP). Nothing in it is changed."""

import imaplib
import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from imap_tools import OR, FolderInfo, H, ImapToolsError, MailBox

from portal.mail.faults import SmtpFault
from portal.mail.network import Network, connect, resolve, tls_context

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 20.0  # a search of a mailbox with years in it takes some

# What providers call it where none has the attribute of RFC 6154: the last part of the name, in
# lower case.
_NAMES = frozenset(
    {
        *("sent", "sent mail", "sent items", "sent messages", "sent-mail", "sentmail"),
        *("enviados", "enviado", "elementos enviados", "correo enviado", "mensajes enviados"),
        *("inviata", "inviati", "posta inviata", "elementi inviati", "messaggi inviati"),
        *("gesendet", "gesendete objekte", "gesendete elemente", "objets envoyés"),
    }
)


class SentFolderFault(Exception):
    """The folder can't be searched; the text says why, for the log."""


@dataclass(frozen=True)
class Mailbox:
    """A mailbox to be read over TLS; with an access token (OAuth 2.0), no password."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    access_token: str | None = field(default=None, repr=False)


def search(
    mailbox: Mailbox, network: Network, message_ids: Sequence[str], *, seconds: float
) -> dict[str, bool]:
    """Tell of each mail, by its Message-ID `<...>`, whether the folder has it; those that the time
    did not reach are missing.

    Raises SentFolderFault: no connection, no sign-in, no such folder, or an answer amiss."""
    deadline = time.monotonic() + seconds
    found: dict[str, bool] = {}
    try:
        with _Session(mailbox, network) as session:
            session.sign_in()
            session.open_sent()
            for message_id in message_ids:
                if time.monotonic() > deadline:
                    break
                found[message_id] = session.has(message_id)
    except (SmtpFault, OSError, imaplib.IMAP4.error, ImapToolsError, UnicodeError) as error:
        raise SentFolderFault(str(error) or type(error).__name__) from error
    return found


class _Client(imaplib.IMAP4):
    """A connection that goes only where mail servers may be, encrypted from its first byte."""

    def __init__(self, mailbox: Mailbox, network: Network, context: ssl.SSLContext) -> None:
        self._network, self._context = network, context
        super().__init__(mailbox.host, mailbox.port, CONNECT_SECONDS)

    def _create_socket(self, timeout: float) -> ssl.SSLSocket:
        limit = time.monotonic() + timeout
        addresses = self._network.permitted_addresses(self.host, resolve(self.host, limit))
        plain = connect(addresses, self.port, limit)
        try:
            sock = self._context.wrap_socket(plain, server_hostname=self.host)
        except OSError:
            plain.close()
            raise
        sock.settimeout(ANSWER_SECONDS)
        return sock


class _Session(MailBox):
    """A session of the library over our connection."""

    def __init__(self, mailbox: Mailbox, network: Network) -> None:
        self._mailbox, self._network = mailbox, network
        super().__init__(mailbox.host, mailbox.port)

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        return _Client(self._mailbox, self._network, tls_context(self._network.trusted_ca))

    def __exit__(self, *_: object) -> None:
        """Drop the connection: nothing was changed that a LOGOUT would keep, and a server that
        has gone can't answer one."""
        with suppress(OSError):
            self.client.shutdown()

    def sign_in(self) -> None:
        used = self._mailbox
        if used.access_token is not None:
            self.xoauth2(used.username, used.access_token, initial_folder=None)
        elif f"{used.username}{used.password}".isascii():
            self.login(used.username, used.password, initial_folder=None)
        else:
            self.login_utf8(used.username, used.password, initial_folder=None)

    def open_sent(self) -> None:
        """Read-only (EXAMINE). Raises SentFolderFault where there is no such folder."""
        folders = self.folder.list()
        sent = next(filter(_is_marked_sent, folders), None) or next(
            filter(_is_called_sent, folders), None
        )
        if sent is None:
            raise SentFolderFault("The mailbox has no folder of sent mail.")
        self.folder.set(sent.name, readonly=True)

    def has(self, message_id: str) -> bool:
        """By the Message-ID, or by our own header beside it: some providers rewrite the first."""
        reference = message_id[1:].rpartition("@")[0]
        wanted = OR(header=[H("Message-ID", message_id), H("X-Mail-Reference", reference)])
        return bool(self.uids(wanted, charset=None))


def _is_marked_sent(folder: FolderInfo) -> bool:
    return "\\sent" in {flag.lower() for flag in folder.flags}


def _is_called_sent(folder: FolderInfo) -> bool:
    last = folder.name.rpartition(folder.delim)[2] if folder.delim else folder.name
    return last.lower() in _NAMES
