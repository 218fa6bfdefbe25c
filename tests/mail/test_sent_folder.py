"""Looking into a mailbox's folder of sent mail, by real sessions with a real IMAP server."""

import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import trustme

from portal.mail import providers, sent_folder
from portal.mail.sent_folder import Mailbox, SentFolderFault, search
from portal.mail.smtp import Network
from tests.imap_server import Folder, ImapServer
from tests.smtp_server import HOST, PASSWORD, USER

KEPT = "<kept@clinica.example.com>"
REWRITTEN = "<rewritten@clinica.example.com>"
MISSING = "<missing@clinica.example.com>"
MAILS = (
    b"Message-ID: <kept@clinica.example.com>\r\nSubject: a\r\n\r\nkept@clinica.example.com",
    b"Message-ID: <7@provider.example>\r\nX-Mail-Reference: rewritten\r\n\r\n",
    b"Message-ID: <8@provider.example>\r\nX-Mail-Reference: other\r\n\r\n<missing@x> missing",
)
INBOX = Folder("INBOX")
SENT = Folder("[Gmail]/Enviados", r"\HasNoChildren \Sent", MAILS)


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with ImapServer([INBOX, SENT]) as server:
        yield server


def look(server: ImapServer, network: Network, **changes: Any) -> dict[str, bool]:
    used = {"username": USER, "password": PASSWORD, **changes}
    mailbox = Mailbox(HOST, server.port, **used)
    return search(mailbox, network, [KEPT, REWRITTEN, MISSING], seconds=20)


def test_a_mail_is_found_by_its_message_id_or_by_our_own_header(
    server: ImapServer, network: Network
) -> None:
    assert look(server, network) == {KEPT: True, REWRITTEN: True, MISSING: False}


def test_the_mailbox_is_only_read(server: ImapServer, network: Network) -> None:
    look(server, network)
    words = {command.split()[0] for command in server.commands}
    assert words == {"CAPABILITY", "AUTHENTICATE", "LIST", "EXAMINE", "UID"}
    assert all("SEARCH" in command for command in server.commands if command.startswith("UID"))


def test_a_plain_password_signs_in_with_login(server: ImapServer, network: Network) -> None:
    server.password = "plain words"
    assert look(server, network, password="plain words")[KEPT]
    assert "LOGIN" in server.commands


def test_an_access_token_signs_in_where_there_is_one(server: ImapServer, network: Network) -> None:
    server.token = "a token"
    assert look(server, network, password="", access_token="a token")[KEPT]
    with pytest.raises(SentFolderFault, match="Invalid credentials"):
        look(server, network, password="", access_token="an old token")


@pytest.mark.parametrize(
    "name",
    ["Sent", "INBOX/Sent", "Posta inviata", "Elementos enviados", "Sent Items", "Gesendet"],
)
def test_the_folder_is_known_by_its_name_where_nothing_marks_it(
    server: ImapServer, network: Network, name: str
) -> None:
    server.folders = [INBOX, Folder("Presented"), Folder(name, r"\HasNoChildren", MAILS)]
    assert look(server, network)[KEPT]


def test_the_mark_counts_more_than_a_name(server: ImapServer, network: Network) -> None:
    server.folders = [Folder("Sent"), Folder("&AOk-mis", r"\Sent", MAILS)]
    assert look(server, network)[KEPT]


@pytest.mark.parametrize("password", ["wrong", "equivocada ñ"])
def test_a_refused_sign_in_is_told_in_the_servers_words(
    server: ImapServer, network: Network, password: str
) -> None:
    with pytest.raises(SentFolderFault, match="Invalid credentials") as caught:
        look(server, network, password=password)
    assert password not in str(caught.value)


def test_a_mailbox_without_such_a_folder_is_told(server: ImapServer, network: Network) -> None:
    server.folders = [INBOX, Folder("Absent")]
    with pytest.raises(SentFolderFault, match="no folder of sent mail"):
        look(server, network)


@pytest.mark.parametrize("command", ["CAPABILITY", "LIST", "EXAMINE", "UID"])
def test_a_server_that_drops_the_connection_is_told(
    server: ImapServer, network: Network, command: str
) -> None:
    server.drops_at = command
    with pytest.raises(SentFolderFault):
        look(server, network)


def test_a_server_that_keeps_silent_is_not_awaited_for_long(
    server: ImapServer, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sent_folder, "ANSWER_SECONDS", 0.2)
    server.silent = True
    with pytest.raises(SentFolderFault):
        look(server, network)


def test_nobody_who_listens_is_told(network: Network) -> None:
    with socket.create_server((HOST, 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(SentFolderFault, match="refused"):
        search(Mailbox(HOST, port, USER, PASSWORD), network, [KEPT], seconds=20)


def test_no_password_goes_to_a_server_that_cannot_prove_who_it_is(network: Network) -> None:
    with ImapServer([SENT], certificate=trustme.CA().issue_cert(HOST)) as impostor:
        with pytest.raises(SentFolderFault, match="certificate verify failed"):
            look(impostor, network)
        assert impostor.commands == []


def test_a_private_address_is_spoken_to_only_where_that_is_allowed(server: ImapServer) -> None:
    with pytest.raises(SentFolderFault, match="private_address"):
        look(server, Network((), frozenset({993}), None))
    assert server.commands == []


def test_what_the_time_does_not_reach_is_left_out(server: ImapServer, network: Network) -> None:
    mailbox = Mailbox(HOST, server.port, USER, PASSWORD)
    assert search(mailbox, network, [KEPT], seconds=0) == {}


def test_a_mailbox_shows_no_secret_when_it_is_printed() -> None:
    shown = repr(Mailbox(HOST, 993, USER, "secret words", "a token"))
    assert "secret" not in shown
    assert "token" not in shown


def test_mailboxes_can_be_read_only_where_a_password_or_google_lets_the_portal() -> None:
    readable = {key: found for key, found in providers.load().items() if found.imap}
    assert {"gmail", "google_workspace", "yahoo", "aruba", "arsys", "libero"} <= set(readable)
    # Microsoft takes no password there, and its permission is for sending alone; Apple's user name
    # is another there.
    assert not {"hotmail", "microsoft365", "icloud", "other"} & set(readable)
    for found in readable.values():
        assert found.kind == "mailbox"
        assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", found.imap or "")
        assert found.takes_passwords


def test_who_keeps_what_programs_send_is_known_of_google_alone() -> None:
    keeping = [key for key, found in providers.load().items() if found.keeps_sent]
    assert keeping == ["gmail", "google_workspace"]
