"""What a mail server's words mean: the rules of replies.toml, and finding the one that fits."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date as Date  # noqa: N812 - the field is called date
from datetime import timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from portal.mail.faults import Reply

_RULES = Path(__file__).with_name("replies.toml")

# Letters that Unicode does not see as a base letter with an accent.
_PLAIN_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"})
_ADDRESS = re.compile(r"[^\s<>()\"]*@[^\s<>()\"]+")
_URL_PATH = re.compile(r"(https?://[^\s/]+)/\S*", re.IGNORECASE)
_ENHANCED = re.compile(r"(?<![\d.])[245]\.(\d{1,3}\.\d{1,3})(?!\.?\d)")
_HOST = re.compile(r"(?<![\w.-])(?:[\w-]+\.)+(?:com|net|org|info|[a-z]{2})(?![\w-])", re.IGNORECASE)
_FRACTION = re.compile(r"(?<=\d)[.,]\d+(?=\s*[^\W\d])")
_IDEOGRAPH = re.compile(r"([\u3040-\u30ff\u3400-\u9fff])")
_NO_WORD = re.compile(r"[^\w*]+|_")
_TOKEN = re.compile(r"<([^>]+)>|(\.\.\.)|([^\s<]+)")
_GAP = r"(?: [^ ]+){0,6}"

_SHORTEST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(days=7)


@dataclass(frozen=True)
class Rule:
    """A cause, and what a reply must be to have it; replies.toml says what each field means."""

    cause: str
    source: str
    date: Date
    example: str
    steps: frozenset[str]
    providers: frozenset[str]
    codes: tuple[str, ...]
    enhanced: frozenset[str]
    no_address: bool
    required: tuple[str, ...]
    forbidden: str | None
    permanent: bool | None
    wait: timedelta | None

    def fits(self, step: str, provider_key: str, reply: "_Read") -> bool:
        """Tell whether the reply has this cause."""
        return (
            (not self.steps or step in self.steps)
            and (not self.providers or provider_key in self.providers)
            and reply.code.startswith(self.codes)
            and (not self.enhanced or not self.enhanced.isdisjoint(reply.enhanced))
            and not (self.no_address and reply.has_address)
            and all(_search(expression, reply.words) for expression in self.required)
            and not (self.forbidden and _search(self.forbidden, reply.words))
        )


@dataclass(frozen=True)
class _Read:
    """A reply as the rules see it; enhanced codes are without their class: 7.8."""

    code: str
    enhanced: frozenset[str]
    has_address: bool
    words: str


@dataclass(frozen=True)
class _Book:
    """All that replies.toml holds."""

    rules: tuple[Rule, ...]
    passing: str
    lasting: str
    settled: str
    units: tuple[tuple[timedelta, str], ...]


def rules() -> tuple[Rule, ...]:
    """Return the rules in the order in which they are asked."""
    return _book().rules


@lru_cache(maxsize=256)  # a server says the same to many mails
def rule_for(step: str, reply: Reply, provider_key: str) -> Rule:
    """Return the first rule that fits a reply at one of STEPS; every reply has one."""
    read = _read(reply)
    return next(rule for rule in rules() if rule.fits(step, provider_key, read))


def passes(reply: Reply) -> bool:
    """Tell whether what a reply says goes over by itself: by its words, else by its code."""
    words, book = _read(reply).words, _book()
    if _search(book.lasting, words):
        return False
    if _search(book.passing, words):
        return True
    return reply.code < 500 and not _search(book.settled, words)


def wait_in(reply: Reply) -> timedelta | None:
    """Return the time that a reply speaks of ("in 30 minutes"), from a minute to a week."""
    words = _read(reply).words
    units = _book().units
    found = [(match, unit) for unit, number in units if (match := _search(number, words))]
    if not found:
        return None
    match, unit = min(found, key=lambda pair: pair[0].start())
    count = match["count"]
    wait = unit * (int(count) if count.isdigit() else 1)
    return min(max(wait, _SHORTEST_WAIT), _LONGEST_WAIT)


def normalised(text: str) -> str:
    """Return the words of a text between single spaces, as rules and replies are compared.

    Letters lose their case and accents; ideographs stand apart. Addresses, URLs' paths, enhanced
    codes and fractions are left out, since they say nothing, and a host is one word.
    """
    for nothing in (_ADDRESS, _ENHANCED, _FRACTION):
        text = nothing.sub(" ", text)
    text = _HOST.sub(_one_word, _URL_PATH.sub(r"\1 ", text))
    text = _IDEOGRAPH.sub(r" \1 ", _plain(text))
    return f" {' '.join(_NO_WORD.sub(' ', text).split())} "


def _one_word(host: re.Match[str]) -> str:
    return re.sub(r"[.-]", "", host.group())


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFD", text.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", bare).translate(_PLAIN_LETTERS)


@lru_cache(maxsize=256)
def _read(reply: Reply) -> _Read:
    enhanced = frozenset(_ENHANCED.findall(reply.text))
    has_address = bool(_ADDRESS.search(reply.text))
    return _Read(str(reply.code), enhanced, has_address, normalised(reply.text))


def _search(expression: str, words: str) -> re.Match[str] | None:
    return _compiled(expression).search(words)


@cache  # and not all at once: that takes a second, and one reply needs a few of them
def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression)


@cache
def _book() -> _Book:
    with _RULES.open("rb") as file:
        data = tomllib.load(file)
    families = data["families"]
    return _Book(
        tuple(_rule(entry, families) for entry in data["rule"]),
        _pattern(["<passing>"], families),
        _pattern(["<lasting>"], families),
        _pattern(["<settled>"], families),
        tuple((timedelta(**{name: 1}), _unit(name, families)) for name in data["units"]),
    )


def _rule(entry: Mapping[str, Any], families: Mapping[str, list[str]]) -> Rule:
    any_of, every, none_of = (entry.get(name, []) for name in ("words", "all", "but_not"))
    groups = [[piece] for piece in every] + ([any_of] if any_of else [])
    minutes = entry.get("wait_minutes")
    return Rule(
        cause=entry["cause"],
        source=entry["source"],
        date=entry["date"],
        example=entry["example"],
        steps=frozenset(entry.get("steps", [])),
        providers=frozenset(entry.get("providers", [])),
        codes=tuple(entry.get("codes", [""])),
        enhanced=frozenset(entry.get("enhanced", [])),
        no_address=entry.get("no_address", False),
        required=tuple(_pattern(group, families) for group in groups),
        forbidden=_pattern(none_of, families) if none_of else None,
        permanent=entry.get("permanent"),
        wait=timedelta(minutes=minutes) if minutes else None,
    )


def _unit(name: str, families: Mapping[str, list[str]]) -> str:
    one, unit = (_any_of(families[family], families) for family in ("one", name))
    return rf" (?P<count>\d{{1,5}}(?= ?{unit} )|{one}(?= {unit} ))"


def _pattern(pieces: Iterable[str], families: Mapping[str, list[str]]) -> str:
    return f" {_any_of(pieces, families)}(?= )"


def _any_of(pieces: Iterable[str], families: Mapping[str, list[str]]) -> str:
    return f"(?:{'|'.join(_expression(piece, families) for piece in pieces)})"


def _expression(piece: str, families: Mapping[str, list[str]]) -> str:
    expression = ""
    for family, gap, words in _TOKEN.findall(piece):
        expression += _GAP if gap else " " if expression else ""
        if family:
            expression += _any_of(families[family], families)
        elif words:
            expression += _written(words)
    return expression


def _written(words: str) -> str:
    letters = unicodedata.normalize("NFC", words.casefold())
    return " ".join("".join(map(_letter, letters)).split())


@cache
def _letter(letter: str) -> str:
    """Return what finds a letter in a normalised text."""
    plain = _plain(letter)
    if letter == "*":
        return "[^ ]*"
    if _NO_WORD.match(plain):
        return " "
    if _IDEOGRAPH.match(plain):
        return f" {plain} "
    return plain
