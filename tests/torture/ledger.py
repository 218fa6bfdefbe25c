"""What the portal says became of each mail, held against what the sink took."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from tests.torture.book import Accepted

Rows = Sequence[dict[str, str]]  # of /sent.csv


@dataclass(frozen=True)
class Balance:
    """How many mails are `sent` and `unconfirmed`, as the portal says. People by address:
    `twice` got more than one; `lost` have none although nothing is said to be in doubt, or are
    said to have one; `misstated` have one although the portal says something else."""

    sent: int
    unconfirmed: int
    twice: list[str]
    lost: list[str]
    misstated: list[str]

    @property
    def is_right(self) -> bool:
        return not (self.twice or self.lost or self.misstated)


def balance(
    rows: Rows,
    accepted: Sequence[Accepted],
    people: Collection[str],
    is_refused: Callable[[str], bool] = lambda _address: False,
) -> Balance:
    """`people` are all who were to get a mail; who is refused must be told of as `failed`."""
    said = {row["recipient"]: row["status"] for row in rows}
    counts = Counter(mail.recipient for mail in accepted)
    statuses = Counter(said.values())
    explained = {
        person
        for person in people
        if said.get(person) == ("failed" if is_refused(person) else "unconfirmed")
    }
    return Balance(
        sent=statuses["sent"],
        unconfirmed=statuses["unconfirmed"],
        twice=sorted(person for person, number in counts.items() if number > 1),
        lost=sorted(p for p in people if not counts[p] and p not in explained),
        misstated=sorted(p for p in counts if said.get(p) not in ("sent", "unconfirmed")),
    )
