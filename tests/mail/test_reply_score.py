"""How often the diagnosis of a real reply is right, by label and by class.

`python -m tests.mail.test_reply_score facts` prints the table for docs/diagnosis.md.
"""

import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from portal.mail.diagnosis import Diagnosis
from tests.mail.played import sending, setting_up

LABELS = ("field", "permanent", "scope")
# The least share of right answers, by file and in the order of LABELS.
FLOORS = {
    "facts": (0.97, 0.99, 0.99),
    "collected": (0.99, 0.99, 0.99),
    "held_back": (0.97, 0.94, 0.96),
}

_SETTING_UP = {"banner", "ehlo", "starttls", "auth"}
_REPLIES = Path(__file__).with_name("replies")


@dataclass(frozen=True)
class Played:
    """A reply on record, and what the diagnosis makes of it."""

    entry: dict[str, Any]
    found: Diagnosis

    @property
    def said(self) -> tuple[Any, ...]:
        return self.found.field or "none", self.found.permanent, self.found.scope

    @property
    def expected(self) -> tuple[Any, ...]:
        return tuple(self.entry[label] for label in LABELS)

    @property
    def right(self) -> tuple[bool, ...]:
        return tuple(a == b for a, b in zip(self.said, self.expected, strict=True))

    def __str__(self) -> str:
        """One line for whoever mends the rules."""
        return f"{self.entry['id']}: {self.found.cause} {self.said}, not {self.expected}"


def played(file: str) -> list[Played]:
    with (_REPLIES / f"{file}.toml").open("rb") as replies:
        return [Played(entry, _diagnosis(entry)) for entry in tomllib.load(replies)["reply"]]


def _diagnosis(entry: dict[str, Any]) -> Diagnosis:
    """A mail's own steps are those of one to a patient."""
    step = entry["step"]
    play = setting_up if step in _SETTING_UP else sending
    return play(step, entry["text"], entry["provider"])


def _rates(replies: list[Played]) -> dict[str, float]:
    right = Counter(
        label
        for reply in replies
        for label, is_right in zip(LABELS, reply.right, strict=True)
        if is_right
    )
    return {label: right[label] / len(replies) for label in LABELS}


@pytest.mark.parametrize("file", FLOORS)
def test_the_share_of_right_answers_stays_above_its_floor(file: str) -> None:
    replies = played(file)
    floors = dict(zip(LABELS, FLOORS[file], strict=True))
    rates = _rates(replies)
    wrong = "" if file == "held_back" else "\n".join(str(r) for r in replies if not all(r.right))
    assert all(rates[label] >= floors[label] for label in LABELS), f"{rates}\n{wrong}"


def _table(replies: list[Played]) -> Iterator[str]:
    yield "| field | replies | field right | permanence right | scope right |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    classes = Counter(reply.entry["field"] for reply in replies)
    for field, count in classes.most_common():
        yield _row(field, count, [r for r in replies if r.entry["field"] == field])
    yield _row("all", len(replies), replies)


def _row(name: str, count: int, replies: list[Played]) -> str:
    shares = " | ".join(f"{rate:.1%}" for rate in _rates(replies).values())
    return f"| {name} | {count} | {shares} |"


if __name__ == "__main__":
    print("\n".join(_table(played(sys.argv[1]))))
