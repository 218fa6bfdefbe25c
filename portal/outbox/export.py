"""The sent list as CSV."""

import csv
import io
from collections.abc import Iterator

from portal.lists import Order
from portal.models import Message
from portal.outbox.sent import Filters, export
from portal.pages import local_iso

CSV_COLUMNS = (
    "date",
    "recipient",
    "subject",
    "kind",
    "campaign",
    "status",
    "attempts",
    "reply",
    "message_id",
)


def csv_lines(filters: Filters, order: Order) -> Iterator[str]:
    """The whole list as CSV, a line at a time, under a line of CSV_COLUMNS. Ends the transaction at
    hand."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(CSV_COLUMNS)
    for message in export(filters, order):
        writer.writerow([_harmless(cell) for cell in _cells(message)])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _cells(message: Message) -> tuple[str, ...]:
    return (
        local_iso(message.status_at),
        message.recipient,
        message.subject,
        message.kind,
        message.campaign_name,
        message.status,
        str(message.attempts),
        message.reply or "",
        message.message_id,
    )


def _harmless(cell: str) -> str:
    """A cell that a spreadsheet won't run as a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
