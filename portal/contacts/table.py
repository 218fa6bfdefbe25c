"""Bytes of a CSV file in, records of cells out, whatever program and country they come from."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from enum import StrEnum
from itertools import chain

DELIMITERS = ";,\t"

_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_ZIP, _OLE, _PDF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"%PDF-"
_SPREADSHEETS_IN_ZIP = (b"xl/workbook.", b"opendocument.spreadsheet")
_EXCEL_HINT = re.compile(r'\A"?sep=[^\r\n]"?[ ;,\t]*(\r\n|\r|\n|\Z)', re.IGNORECASE)
_END = "\0"  # stands after the last line; no text that gets this far contains it


class Reason(StrEnum):
    """Why a file as a whole is refused."""

    EMPTY = "empty"
    NOT_TEXT = "not_text"
    SPREADSHEET = "spreadsheet"
    UNCLOSED_QUOTE = "unclosed_quote"
    NO_HEADER = "no_header"
    NO_EMAIL_COLUMN = "no_email_column"
    NO_ROWS = "no_rows"
    TOO_MANY_ROWS = "too_many_rows"


class NotAContactFile(Exception):
    """Nothing of the file can be imported. `row` says where, for an unclosed quote."""

    def __init__(self, reason: Reason, row: int | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.row = row


def text_of(content: bytes) -> str:
    """The text without byte order mark and Excel's "sep=;" line.

    Raises NotAContactFile for spreadsheets and whatever else is not text.
    """
    _refuse_known_formats(content)
    text = _decoded(content)
    if "\0" in text:
        raise NotAContactFile(Reason.NOT_TEXT)
    return _EXCEL_HINT.sub("", text)


def records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The records that are not blank, numbered from 1 as a spreadsheet does: blank ones count.

    Raises NotAContactFile at the end where a quote is never closed: it hides all that follows it.
    """
    for number, record in enumerate(_all_records(text, delimiter), start=1):
        if any(cell.strip() for cell in record):
            yield number, record


def _refuse_known_formats(content: bytes) -> None:
    zipped = content.startswith(_ZIP)
    if content.startswith(_OLE) or (zipped and any(m in content for m in _SPREADSHEETS_IN_ZIP)):
        raise NotAContactFile(Reason.SPREADSHEET)
    if zipped or content.startswith(_PDF):
        raise NotAContactFile(Reason.NOT_TEXT)


def _decoded(content: bytes) -> str:
    for bom, encoding in _BOMS.items():
        if content.startswith(bom):
            return content.decode(encoding, errors="replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _all_records(text: str, delimiter: str) -> Iterator[list[str]]:
    lines = chain(io.StringIO(text, newline=""), [_END + delimiter])
    number = 0
    try:
        for record in csv.reader(lines, delimiter=delimiter, skipinitialspace=True):
            if record == [_END, ""]:
                return
            number += 1
            yield record
    except csv.Error:  # a cell of more than 131,072 characters
        number += 1
    raise NotAContactFile(Reason.UNCLOSED_QUOTE, row=number)
