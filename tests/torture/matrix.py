"""What came of each scenario, as lines of a table."""

from dataclasses import dataclass

from tests.torture.ledger import Balance

COLUMNS = "{:<11}{:<30}{:>7}{:>7}{:>7}{:>6}{:>12}{:>9}{:>9}  {}"
HEADER = COLUMNS.format(
    "database", "fault", "faults", "sent", "twice", "lost", "unconfirmed", "allowed", "seconds", ""
)
SHOWN = 5


@dataclass(frozen=True)
class Line:
    """`trouble` is why there is no balance, or it came too late; `skipped` why nothing was run."""

    database: str
    scenario: str
    seconds: float = 0.0
    faults: int = 0
    balance: Balance | None = None
    allowed: int = 0
    trouble: str = ""
    skipped: str = ""

    @property
    def is_right(self) -> bool:
        return bool(self.skipped) or not self._wrongs()

    def __str__(self) -> str:
        found = self.balance
        numbers = (
            (found.sent, len(found.twice), len(found.lost), found.unconfirmed)
            if found
            else ("-",) * 4
        )
        return COLUMNS.format(
            self.database,
            self.scenario,
            self.faults,
            *numbers,
            self.allowed,
            f"{self.seconds:.0f}",
            self._verdict(),
        )

    def _verdict(self) -> str:
        if self.skipped:
            return f"not run: {self.skipped}"
        return "; ".join(self._wrongs()) or "ok"

    def _wrongs(self) -> list[str]:
        if not self.balance:
            return [self.trouble or "no balance"]
        named = {
            "TWICE": self.balance.twice,
            "LOST": self.balance.lost,
            "MISSTATED": self.balance.misstated,
        }
        wrongs = [f"{what} {', '.join(who[:SHOWN])}" for what, who in named.items() if who]
        if self.balance.unconfirmed > self.allowed:
            wrongs.append("TOO MANY IN DOUBT")
        if not self.faults:
            wrongs.append("NO FAULT FELL")
        return [*wrongs, *([self.trouble] if self.trouble else [])]
