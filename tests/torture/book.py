"""What the sink writes down, and how it is read while the sink runs."""

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

ACCEPTED = "accepted.log"
MISDEEDS = "misdeeds.log"
_HEADER = re.compile(rb"^(message-id|x-mail-reference):[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Accepted:
    """One mail that the sink took; `at` is a Unix time, `peer` the address it came from."""

    recipient: str
    message_id: str
    reference: str
    at: float
    peer: str


class Book:
    """The sink's two files. A line is in its file before the sink says anything about it."""

    def __init__(self, directory: Path) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        self._accepted = os.open(directory / ACCEPTED, flags, 0o600)
        self._misdeeds = os.open(directory / MISDEEDS, flags, 0o600)

    def accept(self, recipient: str, text: bytes, peer: str) -> None:
        head = text.partition(b"\r\n\r\n")[0]
        found = {name.lower(): value.decode() for name, value in _HEADER.findall(head)}
        ids = found.get(b"message-id", ""), found.get(b"x-mail-reference", "")
        line = "\t".join([recipient, *ids, f"{time.time():.3f}", peer])
        os.write(self._accepted, f"{line}\n".encode())

    def note(self, recipient: str) -> None:
        """A misdeed was done; in which recipient's transaction, if it had got that far."""
        os.write(self._misdeeds, f"{recipient}\n".encode())


class Reader:
    """Follows a book that another process writes."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._mails: list[Accepted] = []
        self._offset = 0

    def mails(self) -> list[Accepted]:
        """Everything that was accepted so far."""
        file = self._directory / ACCEPTED
        if file.exists():
            with file.open("rb") as book:
                book.seek(self._offset)
                news = book.read()
            whole = news[: news.rfind(b"\n") + 1]
            self._offset += len(whole)
            self._mails += map(_entry, whole.decode().splitlines())
        return self._mails

    def misdeeds(self) -> int:
        """How often the sink did wrong so far."""
        return len((self._directory / MISDEEDS).read_text().splitlines())


def _entry(line: str) -> Accepted:
    recipient, message_id, reference, at, peer = line.split("\t")
    return Accepted(recipient, message_id, reference, float(at), peer)
