"""Processes that end together: with their parent, or with their session."""

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1  # linux/prctl.h
ZOMBIE = "Z"
PROC = Path("/proc")

# Loaded ahead of any fork: a child of a process with threads must not load libraries.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with(parent: int) -> None:
    """Have the kernel SIGKILL this process when its parent ends. Only Linux can do that."""
    if _libc is None:
        return
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before it could be watched
        os._exit(1)


def session_members(session: int) -> list[int]:
    """The ids of a session's living processes; zombies have ended and don't count."""
    return [pid for pid in _pids() if _state_and_session(pid)[1] == session]


def kill_session(session: int) -> None:
    """SIGKILL every process of a session, whatever process groups they made; a process forked
    meanwhile too. Where there is no /proc, only the leader's own process group."""
    if not PROC.is_dir():
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(session, signal.SIGKILL)
        return
    deadline = time.monotonic() + 1  # one that hangs in the kernel can't be waited for
    while (members := session_members(session)) and time.monotonic() < deadline:
        for pid in members:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def _pids() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdecimal()]


def _state_and_session(pid: int) -> tuple[str, int]:
    """From proc(5): the state and, three fields on, the session id; -1 for one that has ended."""
    try:
        stat = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ZOMBIE, -1
    state, _parent, _group, session, *_ = stat.rpartition(")")[2].split()
    return state, -1 if state == ZOMBIE else int(session)
