"""What a server offers beyond plain SMTP."""

from collections.abc import Iterable
from functools import cached_property


class Extensions:
    """The keywords of a reply to EHLO, read of its lines after the first; a keyword is `in` it."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self._values: dict[str, list[str]] = {}
        for line in lines:
            keyword, _, values = line.upper().replace("=", " ", 1).partition(" ")  # AUTH=LOGIN
            self._values.setdefault(keyword, []).extend(values.split())

    def __contains__(self, keyword: str) -> bool:
        return keyword in self._values

    @property
    def mechanisms(self) -> list[str]:
        """The ways to sign in, as SASL names them."""
        return self._values.get("AUTH", [])

    @cached_property
    def max_bytes(self) -> int | None:
        """The size of the biggest mail that is taken (RFC 1870); None where that is not told."""
        told = [value for value in self._values.get("SIZE", []) if value.isdecimal()]
        return int(told[0]) or None if told else None
