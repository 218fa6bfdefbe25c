"""Takes in a confirmed contact file."""

import time

from jobs import stopping
from portal.contacts import imports

SLICE_SECONDS = 10.0  # then checks and reminders get a turn


def run(import_id: int) -> None:
    """Read rows of the file that have not been read yet, for a slice of time."""
    end = time.monotonic() + SLICE_SECONDS
    imports.run(import_id, lambda: stopping.requested() or time.monotonic() > end)
