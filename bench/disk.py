"""What a commit costs on this disk at the least, whatever the database does."""

import os
import tempfile
import time
from statistics import median

WRITES = 50
PAGE = bytes(8192)


def sync_milliseconds() -> float:
    """The median of a page's write and fdatasync, where the databases are made."""
    with tempfile.TemporaryFile(buffering=0) as file:
        return median(_timed_write(file.fileno()) for _ in range(WRITES)) * 1000


def _timed_write(descriptor: int) -> float:
    began = time.perf_counter()
    os.write(descriptor, PAGE)
    os.fdatasync(descriptor)
    return time.perf_counter() - began
