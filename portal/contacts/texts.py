"""What is wrong with a contact file or a cell of it, in sentences."""

from typing import Any

from flask_babel import lazy_gettext as _l

from portal.contacts.imports import KNOWN_ADDRESS
from portal.contacts.reading import CellReason, NotAContactFile, Reason

FILE_SENTENCES: dict[Reason, Any] = {
    Reason.EMPTY: _l("This file is empty."),
    Reason.NOT_TEXT: _l("This is not a contact file. Choose a file in the format CSV."),
    Reason.SPREADSHEET: _l(
        "This is a spreadsheet. Open it in your spreadsheet program, save it as CSV and choose "
        "that file."
    ),
    Reason.UNCLOSED_QUOTE: _l(
        "In row %(row)s a quotation mark is opened and never closed, so what follows can't be "
        "read. Correct that row."
    ),
    Reason.NO_HEADER: _l(
        "The first row must name the columns, such as email, first name, last name."
    ),
    Reason.NO_EMAIL_COLUMN: _l(
        "No column has the e-mail addresses. Name one of them email in the first row."
    ),
    Reason.NO_ROWS: _l("The file names its columns, but there is nobody in it."),
    Reason.TOO_MANY_ROWS: _l("The file has more than 100,000 rows. Split it into several files."),
}

CELL_SENTENCES: dict[str, Any] = {
    CellReason.MISSING: _l("The address is missing."),
    CellReason.INVALID: _l("This is no complete e-mail address."),
    CellReason.TOO_LONG: _l("This text is too long."),
    CellReason.UNKNOWN_LANGUAGE: _l("Use en, es or it."),
    CellReason.TOO_MANY_CELLS: _l("The row has more cells than the header."),
    KNOWN_ADDRESS: _l("Someone with this address is on file already, or in a row above."),
}


def file_sentence(error: NotAContactFile) -> str:
    return str(FILE_SENTENCES[error.reason]) % {"row": error.row}


def cell_sentence(reason: str) -> str:
    return str(CELL_SENTENCES[reason])
