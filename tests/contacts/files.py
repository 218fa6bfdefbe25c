"""Contact files as practices have them, built for tests: the same arguments give the same file."""

import csv
import io
import random
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, cycle, islice, repeat

SPANISH_HEADER = (
    "Nombre",
    "Apellidos",
    "Correo electrónico",
    "Saludo",
    "Tel. móvil",
    "Idioma",
    "RGPD",
    "Publicidad",
)
WOMEN = ("María", "Begoña", "Inés", "Lucía", "Concepción", "Sofía", "Núria", "Ángela", "Carmen")
MEN = ("José", "Íñigo", "Andrés", "Óscar", "Iván", "Ramón", "Tomás", "Jesús", "Joaquín", "Raül")
SURNAMES = (
    "Muñoz",
    "García",
    "Núñez",
    "Ibáñez",
    "De la Peña",
    "Güell",
    "Martínez",
    "Peñalver",
    "Ordóñez",
    "Sáez",
    "Domènech",
    "Cañizares",
    "Vázquez",
)
DOMAINS = ("example.com", "example.org", "correo.example.test")
BAD_ADDRESSES = (
    "",
    "sin correo",
    "{local}",
    "{local}@",
    "@example.com",
    "{local}@example",
    "{local}@@example.com",
    "{local}.@example.com",
    "{local} @example..com",
    "peña.{local}@example.com",
    "{local}@example.com, otra@example.com",
)


@dataclass(frozen=True)
class Person:
    """A row's text, as written in the file."""

    email: str
    first_name: str
    last_name: str
    greeting: str


@dataclass
class Expected:
    """What an import of the file must find; persons by address. No person is in two groups."""

    eligible: dict[str, Person] = field(default_factory=dict)
    without_privacy: dict[str, Person] = field(default_factory=dict)
    without_marketing: dict[str, Person] = field(default_factory=dict)
    bad_rows: list[int] = field(default_factory=list)


def spanish_contact_file(
    rows: int = 2000,
    without_privacy: int = 100,
    without_marketing: int = 100,
    bad_addresses: int = 20,
    encoding: str = "cp1252",
    delimiter: str = ";",
) -> tuple[bytes, Expected]:
    """A file of `rows` rows beneath its header, the groups strewn over it; the rest is eligible."""
    expected = Expected()
    groups = _strewn_groups(rows, without_privacy, without_marketing, bad_addresses)
    spoilt = cycle(BAD_ADDRESSES)
    table: list[tuple[str, ...]] = [SPANISH_HEADER]
    for number, (group, person) in enumerate(zip(groups, _people(), strict=False), start=2):
        if group == "bad":
            expected.bad_rows.append(number)
            local = person.email.partition("@")[0]
            email = next(spoilt).format(local=local)
        else:
            getattr(expected, group)[person.email] = person
            email = person.email
        table.append(_cells(number, group, person, email))
    return as_csv(table, delimiter).encode(encoding), expected


def as_csv(table: list[tuple[str, ...]], delimiter: str = ";") -> str:
    """The text that Excel would save, with CRLF."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(table)
    return text.getvalue()


def _strewn_groups(
    rows: int, without_privacy: int, without_marketing: int, bad: int
) -> Iterator[str]:
    groups = list(
        islice(
            chain(
                repeat("without_privacy", without_privacy),
                repeat("without_marketing", without_marketing),
                repeat("bad", bad),
                repeat("eligible"),
            ),
            rows,
        )
    )
    random.Random(rows).shuffle(groups)
    return iter(groups)


def _people() -> Iterator[Person]:
    chance = random.Random(1975)
    number = 0
    while True:
        number += 1
        names, greeting = chance.choice(((WOMEN, "Estimada"), (MEN, "Estimado")))
        first, last = chance.choice(names), " ".join(chance.sample(SURNAMES, 2))
        email = f"{_ascii(first)}.{_ascii(last)}{number}@{chance.choice(DOMAINS)}"
        yield Person(email, first, last, greeting)


def _ascii(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"\W", "", letters)


def _cells(number: int, group: str, person: Person, email: str) -> tuple[str, ...]:
    return (
        person.first_name,
        person.last_name,
        email,
        person.greeting,
        f"6{number:08d}",
        "Español",
        "no" if group == "without_privacy" else "sí",
        "no" if group == "without_marketing" else "si",
    )
