"""Where a scenario runs: an ordinary directory, a disk that can be filled, a clock that can be
set, or two machines."""

import os
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.torture.databases import Database
from tests.torture.stage import Ground

DISK_SIZE = "48m"
CLOCK = "clock"

Grounds = Callable[[Path, Database], AbstractContextManager[Ground]]


class NotHere(Exception):
    """This machine can't give what the scenario needs; the text says what."""


@contextmanager
def plain(directory: Path, database: Database) -> Iterator[Ground]:
    yield Ground(directory / "data", {})


@contextmanager
def small_disk(directory: Path, database: Database) -> Iterator[Ground]:
    """DATA_DIR is a disk of its own; PostgreSQL's data stands elsewhere."""
    need_root("a small disk")
    data_dir = directory / "data"
    data_dir.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_SIZE}", "torture", str(data_dir)]
    subprocess.run(mount, check=True)
    try:
        yield Ground(data_dir, {})
    finally:
        subprocess.run(["umount", "--lazy", str(data_dir)], check=True)


@contextmanager
def settable_clock(directory: Path, database: Database) -> Iterator[Ground]:
    """The portal's processes read the time of day through a file; how long something takes they
    still know, as when an administrator sets a computer's clock. PostgreSQL keeps its own."""
    settings = {"LD_PRELOAD": str(_compiled_clock(directory)), "CLOCK_FILE": str(directory / CLOCK)}
    set_clock(directory, 0)
    yield Ground(directory / "data", settings)


def set_clock(directory: Path, seconds: int) -> None:
    """How far the processes' time of day is from ours. The file is theirs by mmap, so it is
    written in place."""
    clock = os.open(directory / CLOCK, os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(clock, struct.pack("l", seconds))
    os.close(clock)


def _compiled_clock(directory: Path) -> Path:
    """libfaketime would do, but makes every sleep fail (EINVAL) where it leaves monotonic time."""
    if not (compiler := shutil.which("cc")):
        raise NotHere("a clock that can be set needs a C compiler")
    library = directory / "clock.so"
    source = str(Path(__file__).with_name("clock.c"))
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", str(library), source], check=True)
    return library


def need_root(what: str) -> None:
    if os.geteuid() != 0:
        raise NotHere(f"{what} needs root")
