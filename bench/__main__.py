"""`python -m bench [NAME...]` takes the figures, prints them and writes them as JSON.

BENCH_ROUNDS is how often each is taken (5), BENCH_MAILS how many mails a campaign has (10000)."""

import argparse
import logging
import os
import signal
import sys
from collections import defaultdict
from datetime import date
from pathlib import Path

from bench import report
from bench.figures import MEASUREMENTS, Round

RESULTS = Path(__file__).with_name("results")
ROUNDS = 5
MAILS = 10_000


def take(names: list[str], rounds: int, mails: int) -> dict[str, list[Round]]:
    """Measure round by round, so that what is compared ran within the same minutes."""
    results: dict[str, list[Round]] = defaultdict(list)
    for number in range(1, rounds + 1):
        for name in names:
            for figure, one in MEASUREMENTS[name](mails).items():
                results[figure].append(one)
                print(f"round {number} of {rounds}: {report.line(figure, one)}", flush=True)
    return results


def file_name(names: list[str], mails: int) -> str:
    """Only everything at full size has the plain name, that of a file to keep."""
    trial = ["trial", *names] if names or mails != MAILS else []
    return "-".join([date.today().isoformat(), *trial]) + ".json"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASUREMENTS))
    parser.add_argument("--results", type=Path, default=RESULTS, help="directory for the JSON")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - MEASUREMENTS.keys():
        parser.error(f"no such figure: {', '.join(sorted(unknown))}")
    return arguments


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is ended on the way
    logging.getLogger("alembic").setLevel(logging.WARNING)
    arguments = _arguments()
    rounds = int(os.environ.get("BENCH_ROUNDS", ROUNDS))
    mails = int(os.environ.get("BENCH_MAILS", MAILS))
    results = take(arguments.names or list(MEASUREMENTS), rounds, mails)
    path = arguments.results / file_name(arguments.names, mails)
    report.write(results, mails, path)
    print(f"\n{report.table(results)}\n\nWritten to {path}")


if __name__ == "__main__":
    main()
