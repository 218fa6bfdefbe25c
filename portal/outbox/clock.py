"""The clock that leases are kept by: it can't be set, and counts the time asleep."""

import time
from functools import cache
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def boottime() -> float:
    """Seconds since this machine was started, suspension included."""
    return time.clock_gettime(_CLOCK)


@cache
def boot_id() -> str:
    """What tells this start of this machine from every other; empty where nothing does."""
    return _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""
