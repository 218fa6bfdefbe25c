"""A contact file: bytes of CSV in, contacts and errors by row out. Knows nothing of the database.

What people write above the columns, and as a language, is in columns.toml.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from typing import Any

from portal.contacts.cells import (
    BadCell,
    CellReason,
    ContactFields,
    one_line,
    read_cell,
)
from portal.contacts.columns import FIELDS, key
from portal.contacts.table import DELIMITERS, NotAContactFile, Reason, records, text_of

__all__ = [
    "CellError",
    "CellReason",
    "ContactFields",
    "ContactFile",
    "NotAContactFile",
    "Reason",
    "Row",
    "read",
]

MAX_ROWS = 100_000
MAX_COLUMNS = 1_000  # those further right are not looked at
CONSENTS = frozenset({"privacy_consent", "marketing_consent"})
MAX_SHOWN = 100  # characters kept of a refused cell and of a header


@dataclass(frozen=True, slots=True)
class CellError:
    """A refused cell: its header as written, our field, at most 100 characters of its text.

    A cell beyond the last header has neither header nor field; both are "".
    """

    column: str
    field: str
    reason: str
    value: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is not blank: a contact, or the errors that prevent it.

    `number` is the row's number in a spreadsheet, where the header is row 1.
    """

    number: int
    contact: ContactFields | None
    errors: tuple[CellError, ...] = ()


@dataclass(frozen=True)
class ContactFile:
    """A file that has a header with an email column and 1 to 100,000 rows that are not blank.

    `columns` maps our fields to the headers as written (several of a consent behind one another);
    `ignored_columns` are the other headers.
    """

    columns: dict[str, str]
    ignored_columns: tuple[str, ...]
    row_count: int
    _text: str
    _delimiter: str

    def rows(self, skip: int = 0) -> Iterator[Row]:
        """Reads the rows behind the first `skip`, one at a time; each call starts anew."""
        numbered = records(self._text, self._delimiter)
        _, header = next(numbered)
        positions = _positions(_headers(header))
        for number, cells in islice(numbered, skip, None):
            yield _row(number, cells, self.columns, positions, width=len(header))


def read(content: bytes) -> ContactFile:
    """Recognises a contact file. Raises NotAContactFile, and nothing else."""
    text = text_of(content)
    delimiter = max(DELIMITERS, key=partial(_fitness, text))
    headers = _first_headers(text, delimiter)
    positions = _positions(headers)
    if "email" not in positions:
        raise NotAContactFile(Reason.NO_EMAIL_COLUMN if positions else Reason.NO_HEADER)
    used = set(chain.from_iterable(positions.values()))
    return ContactFile(
        columns={f: ", ".join(headers[i] for i in places) for f, places in positions.items()},
        ignored_columns=tuple(h for i, h in enumerate(headers) if h and i not in used),
        row_count=_row_count(text, delimiter),
        _text=text,
        _delimiter=delimiter,
    )


def _headers(cells: list[str]) -> list[str]:
    return [one_line(cell)[:MAX_SHOWN] for cell in cells[:MAX_COLUMNS]]


def _first_headers(text: str, delimiter: str) -> list[str]:
    for _, cells in records(text, delimiter):
        return _headers(cells)
    raise NotAContactFile(Reason.EMPTY)


def _positions(headers: list[str]) -> dict[str, list[int]]:
    """Our fields and where they stand. Of two columns with one meaning the first counts, but of
    a consent's every one."""
    positions: dict[str, list[int]] = {}
    for position, header in enumerate(headers):
        field = FIELDS.get(key(header))
        if field in CONSENTS or (field and field not in positions):
            positions.setdefault(field, []).append(position)
    return positions


def _fitness(text: str, delimiter: str) -> tuple[int, int]:
    """Greater for the delimiter that makes more known columns of the header, then more columns."""
    headers = _first_headers(text, delimiter)
    return len(_positions(headers)), len(headers)


def _row_count(text: str, delimiter: str) -> int:
    count = sum(1 for _ in records(text, delimiter)) - 1
    if count == 0:
        raise NotAContactFile(Reason.NO_ROWS)
    if count > MAX_ROWS:
        raise NotAContactFile(Reason.TOO_MANY_ROWS)
    return count


def _row(
    number: int,
    cells: list[str],
    columns: dict[str, str],
    positions: dict[str, list[int]],
    width: int,
) -> Row:
    if any(cell.strip() for cell in cells[width:]):
        # A delimiter without quotes around it: the cells behind it stand in wrong columns.
        surplus = " ".join(filter(None, map(one_line, cells[width:])))
        return Row(number, None, (_error("", "", CellReason.TOO_MANY_CELLS, surplus),))
    values: dict[str, Any] = {}
    errors = []
    for field, places in positions.items():
        texts = [cells[place] if place < len(cells) else "" for place in places]
        try:
            values[field] = _value(field, texts)
        except BadCell as bad:
            errors.append(_error(columns[field], field, bad.reason, texts[0]))
    return Row(number, None if errors else ContactFields(**values), tuple(errors))


def _value(field: str, texts: list[str]) -> str | bool:
    """What the cells of a field say together: of a consent each must say yes. Raises BadCell."""
    values = [read_cell(field, text) for text in texts]
    return all(values) if field in CONSENTS else values[0]


def _error(column: str, field: str, reason: CellReason, cell: str) -> CellError:
    return CellError(column, field, reason, one_line(cell)[:MAX_SHOWN])
