"""What the paths are, seen as a map: which step leads to which."""

import tomllib
from collections.abc import Iterable, Iterator

from portal.troubleshooting.entries import entries
from portal.troubleshooting.leading import CONFIGURED
from portal.troubleshooting.paths import PATHS, Place, Step, WizardPath, load, step_at

KEYS: list[str] = tomllib.loads((PATHS / "order.toml").read_text())["paths"]
LANGUAGES = ("en", "es", "it")


def path(key: str, language: str = "en") -> WizardPath:
    return load(language)[key]


def every_step(language: str = "en") -> list[Step]:
    return [step for found in load(language).values() for step in found.steps.values()]


def answered(step: Step) -> Iterator[Place]:
    """Where a person can go on from the step by themselves."""
    yield from (answer.to for answer in step.answers)
    if step.next:
        yield step.next


def failed(step: Step) -> Iterator[Place]:
    """Where the step itself says that a check leads which fails."""
    return (Place.of(to, step.place.path) for to in step.does.outcomes.values())


def leads_to(step: Step) -> list[Place]:
    """Every place that one can come to from the step."""
    passed = [step.following] if step.does.test and step.following else []
    return [*answered(step), *failed(step), *passed]


def entered() -> list[Place]:
    """Where a way can begin: by what is the matter, from the list of paths, at a mailbox that
    works."""
    troubles = [Place.of(to) for told in entries().values() for to in told.values()]
    starts = [found.start.place for found in load("en").values() if not found.after_success]
    return [*troubles, *starts, CONFIGURED]


def reached(begin: Iterable[Place]) -> set[Place]:
    """The places that one can come to from these."""
    found: set[Place] = set()
    ahead = list(begin)
    while ahead:
        place = ahead.pop()
        step = None if place in found else step_at(place, "en")
        if step:
            found.add(place)
            ahead += leads_to(step)
    return found


def helps(step: Step) -> bool:
    """Somebody is asked, or nothing is left to do."""
    return step.does.person or step.does.end


def is_helped(step: Step) -> bool:
    """Whether one can go on from here to somebody who helps, or to the end, though no check passes:
    so not by way of what a mailbox that works is told."""
    seen: set[Place] = set()
    ahead = [step.place]
    while ahead:
        place = ahead.pop()
        found = None if place in seen else step_at(place, "en")
        if found is None or _is_beyond(step, found):
            continue
        if helps(found):
            return True
        seen.add(place)
        ahead += [*answered(found), *failed(found)]
    return False


def _is_beyond(step: Step, found: Step) -> bool:
    return path(found.place.path).after_success and not path(step.place.path).after_success


def usual_way(step: Step) -> list[Place]:
    """The steps from this one by the usual answers, up to a check or the end; the last is one that
    was gone through before where the way is a circle."""
    way = [step.place]
    at: Step | None = step
    while at and not at.is_checked and at.usual and way.count(way[-1]) == 1:
        way.append(at.usual)
        at = step_at(at.usual, "en")
    return way
