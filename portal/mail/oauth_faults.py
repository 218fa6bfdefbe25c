"""What can go wrong at an authorization server, by its own words."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date as Date  # noqa: N812 - the field is called date
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

from portal.mail.findings import Finding
from portal.mail.redaction import Secrets, one_line

Moment = Literal["authorization", "exchange", "refresh", "revocation"]

_REASONS = Path(__file__).with_name("oauth_reasons.toml")
_MAX_CHARACTERS = 500
_MOST_READ = 8192  # characters


class OAuthFault(Exception):
    """Signing in at a provider, or getting a token there, failed.

    `finding` says why. `said` is what the provider said: printable, at most 500 characters, and no
    secret in it; None where it said nothing.
    """

    def __init__(self, finding: Finding, said: str | None = None) -> None:
        super().__init__(f"{finding}: {said}" if said else str(finding))
        self.finding = finding
        self.said = said


@dataclass(frozen=True)
class Reason:
    """What a server's words mean; oauth_reasons.toml says what each field is."""

    words: re.Pattern[str]
    finding: Finding
    source: str
    date: Date
    at: frozenset[str] | None
    days: tuple[float, float] | None

    def fits(self, text: str, moment: Moment, age: timedelta | None) -> bool:
        """Tell whether it was this; `age` is the permission's, where there is one."""
        return (
            (self.at is None or moment in self.at)
            and bool(self.words.search(text))
            and (self.days is None or (age is not None and self._is_due(age)))
        )

    def _is_due(self, age: timedelta) -> bool:
        first, last = self.days or (0, 0)
        return timedelta(days=first) <= age <= timedelta(days=last)


def fault_of(
    answer: Mapping[str, Any], moment: Moment, secrets: Secrets, age: timedelta | None = None
) -> OAuthFault:
    """Return the fault of an answer with an `error` (RFC 6749 4.1.2.1 and 5.2)."""
    # Google has the cause of some errors in error_subtype.
    parts = [answer.get(name) for name in ("error", "error_subtype", "error_description")]
    told = [part for part in parts if isinstance(part, str) and part]
    fitting = (r.finding for r in reasons() if r.fits(" ".join(told), moment, age))
    finding = next(fitting, Finding.oauth_answer_unclear)
    return OAuthFault(finding, shown(": ".join(told), secrets))


def shown(text: str, secrets: Secrets) -> str | None:
    """Return words as people may read them; None for none."""
    line = one_line(text[:_MOST_READ])
    return secrets.blanked(line)[:_MAX_CHARACTERS] or None


@cache
def reasons() -> tuple[Reason, ...]:
    """Return the reasons in the order in which they are asked."""
    with _REASONS.open("rb") as file:
        return tuple(_reason(entry) for entry in tomllib.load(file)["reason"])


def _reason(entry: Mapping[str, Any]) -> Reason:
    return Reason(
        words=_any_of(entry["words"]),
        finding=Finding(entry["finding"]),
        source=entry["source"],
        date=entry["date"],
        at=frozenset(entry["at"]) if "at" in entry else None,
        days=tuple(entry["days"]) if "days" in entry else None,
    )


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    either = "|".join(re.escape(word) for word in words)
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)
