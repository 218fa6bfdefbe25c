"""The paths of the wizard. What they say is data: a directory for each in paths/, with `path.toml`
for what has no language, and a Markdown file for each language (reading.py has its rules)."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Self

from portal.troubleshooting.reading import Said, read

PATHS = Path(__file__).with_name("paths")


@dataclass(frozen=True)
class Place:
    """A step, by the key of its path and its own."""

    path: str
    step: str

    @classmethod
    def of(cls, text: str, path: str = "") -> Self:
        """From "path/step", or from "step" on the path."""
        before, _, step = text.rpartition("/")
        return cls(before or path, step)

    def __str__(self) -> str:
        return f"{self.path}/{self.step}"


@dataclass(frozen=True)
class Does:
    """What a step does beside saying something: `[steps.KEY]` of path.toml.

    `check` are the fields of the settings that are asked for before a live check, None where
    nothing is checked; `test` sends a test mail with the check. `outcomes` tells where a check that
    fails leads from here, by its cause or kind of trouble, in place of entries.toml. `sign_in`
    offers the sign-in at the provider. `server` is whose server is shown: a key of the catalogue;
    what the keys of a provider with one for each country begin with, such as "ionos"; or "mailbox"
    for the mailbox's own provider. `letter` is what the letter from here asks for, in
    place of what the diagnosis suggests. `person`: somebody has to be asked to go on; `end`:
    nothing is left to do."""

    check: Sequence[str] | None = None
    test: bool = False
    outcomes: Mapping[str, str] = field(default_factory=dict)
    sign_in: bool = False
    server: str | None = None
    letter: str | None = None
    person: bool = False
    end: bool = False


@dataclass(frozen=True)
class Answer:
    words: str
    to: Place


@dataclass(frozen=True)
class Step:
    """One instruction. `following` is the step behind it in the text."""

    place: Place
    said: Said
    does: Does
    answers: Sequence[Answer]
    following: Place | None

    @property
    def next(self) -> Place | None:
        """Where it leads without a question; None where it ends, or where a check tells."""
        ends = self.answers or self.is_checked or self.does.person or self.does.end
        return None if ends else self.following

    @property
    def is_checked(self) -> bool:
        """A check tells where it leads: one that is pressed, or that of a sign-in."""
        return self.does.check is not None or self.does.sign_in

    def answer(self, number: int) -> str:
        """The answer of this number, from 1; "" where there is none."""
        return self.answers[number - 1].words if 0 < number <= len(self.answers) else ""

    @property
    def usual(self) -> Place | None:
        """Where it leads when all goes well and nothing is checked."""
        return self.answers[0].to if self.answers else self.next


@dataclass(frozen=True)
class WizardPath:
    """`providers` are those whose mailboxes it is for, by key; none where it is for all. One that
    is walked `after_success` shows itself only while the mailbox works."""

    key: str
    title: str
    about: str
    providers: Sequence[str]
    after_success: bool
    steps: Mapping[str, Step]

    @property
    def start(self) -> Step:
        return next(iter(self.steps.values()))


@cache
def load(language: str) -> dict[str, WizardPath]:
    """The paths by key, in the order in which they are offered.

    Raises ValueError with a sentence where a file is not written by the rules."""
    order = tomllib.loads((PATHS / "order.toml").read_text())["paths"]
    return {key: _path(key, language) for key in order}


def step_at(place: Place, language: str) -> Step | None:
    path = load(language).get(place.path)
    return path.steps.get(place.step) if path else None


def _path(key: str, language: str) -> WizardPath:
    told: dict[str, Any] = tomllib.loads((PATHS / key / "path.toml").read_text())
    text = read((PATHS / key / f"{language}.md").read_text())
    does = {name: Does(**entry) for name, entry in told.get("steps", {}).items()}
    said = {step.key: step for step in text.steps}
    if unknown := does.keys() - said.keys():
        raise ValueError(f"{key}/{language}.md has no step {', '.join(sorted(unknown))}.")
    following = [*[Place(key, name) for name in said][1:], None]
    steps = {
        name: _step(Place(key, name), step, does.get(name, Does()), after)
        for (name, step), after in zip(said.items(), following, strict=True)
    }
    return WizardPath(
        key,
        text.title,
        text.about,
        told.get("providers", []),
        told.get("after_success", False),
        steps,
    )


def _step(place: Place, said: Said, does: Does, following: Place | None) -> Step:
    answers = [Answer(words, Place.of(to, place.path)) for words, to in said.answers]
    return Step(place, said, does, answers, following)
