"""`python -m tests.torture [PATTERN...]`: run the scenarios whose "database/name" matches one of
the patterns (all by default) and print the matrix. The exit status is 1 if a mail went out twice
or was lost, if more are in doubt than the faults explain, or if a campaign didn't finish.

TORTURE_MAILS and TORTURE_KILLS size the largest scenarios, TORTURE_SEED repeats every random
choice. TORTURE_KEEP names a directory in which the scenarios' files stay."""

import os
import secrets
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

from tests.postgres import postgres_server
from tests.torture.matrix import HEADER, Line
from tests.torture.scenarios import BOTH, SCENARIOS, Scenario, Size
from tests.torture.trial import Trial


def chosen(patterns: list[str]) -> list[tuple[str, Scenario]]:
    """Database and scenario, in the order of the matrix."""
    return [
        (kind, scenario)
        for scenario in SCENARIOS
        for kind in BOTH
        if kind in scenario.databases
        and any(fnmatchcase(f"{kind}/{scenario.name}", pattern) for pattern in patterns)
    ]


@contextmanager
def directory() -> Iterator[Path]:
    """Where the scenarios' files stand: gone afterwards unless they are to stay."""
    if kept := os.environ.get("TORTURE_KEEP"):
        Path(kept).mkdir(parents=True, exist_ok=True)
        yield Path(tempfile.mkdtemp(prefix="torture-", dir=kept))
        return
    with tempfile.TemporaryDirectory(prefix="torture-") as temporary:
        yield Path(temporary)


def run_all(patterns: list[str], size: Size, seed: str) -> list[Line]:
    lines = []
    with directory() as top, postgres_server() as server:
        for number, (kind, scenario) in enumerate(chosen(patterns)):
            name = f"torture{number}"
            (top / name).mkdir()
            lines.append(Trial(scenario, kind, size, seed, name, top / name).run(server))
            print(lines[-1], flush=True)
    return lines


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # everything is cleaned up then
    size = Size(
        mails=int(os.environ.get("TORTURE_MAILS", "5000")),
        kills=int(os.environ.get("TORTURE_KILLS", "50")),
    )
    seed = os.environ.get("TORTURE_SEED") or secrets.token_hex(4)
    print(f"{size.mails} mails, {size.kills} kills, TORTURE_SEED={seed}")
    print(HEADER, flush=True)
    lines = run_all(sys.argv[1:] or ["*"], size, seed)
    wrong = [line for line in lines if not line.is_right]
    print(f"\n{len(lines)} scenarios, {len(wrong)} wrong")
    for line in sorted(lines, key=lambda line: line.database):
        print(line)
    return 1 if wrong or not lines else 0


if __name__ == "__main__":
    sys.exit(main())
