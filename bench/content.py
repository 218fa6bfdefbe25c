"""The campaign that every figure sends: about 5,100 bytes a mail, text and HTML."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from portal.mail.compose import Address, Content, Envelope, Template, compile_template
from portal.mail.keywords import AVAILABLE

SENDER = Address("consulta@clinica.example.com", "Clínica Ñandú")
BASE_URL = "https://mail.example.com"
SUBJECT = "Novedades de otoño para ${first_name}"
LEGAL_NOTICE = "Clínica Ñandú, calle Mayor 1, Madrid. Sus datos están protegidos por la ley."
_PARAGRAPH = (
    "La consulta abre también los sábados por la mañana, y las revisiones de otoño pueden"
    " pedirse desde hoy por teléfono, sin esperar. Quien prefiera otra hora"
    " nos la dice, **${first_name}**, y la buscamos juntos: casi siempre hay una que va bien."
)
BODY = "\n\n".join(
    ["${greeting} ${first_name} ${last_name}:", *[_PARAGRAPH] * 5, "**${practice_name}**"]
)

_FIRST_NAMES = ("Ana", "José", "María", "Iñaki", "Lucía", "Noé", "Chiara", "Niccolò")
_LAST_NAMES = ("García López", "Núñez", "Bianchi", "Pérez Ibáñez", "D'Angelo", "Muñoz", "Rossi")


@dataclass(frozen=True)
class Person:
    """A made-up recipient; no two have the same address."""

    number: int
    first_name: str
    last_name: str

    @property
    def email(self) -> str:
        return f"persona.{self.number}@example.com"

    @property
    def values(self) -> dict[str, str]:
        """What their mail's keywords stand for."""
        return {
            "greeting": "Estimado/a",
            "first_name": self.first_name,
            "last_name": self.last_name,
            "full_name": f"{self.first_name} {self.last_name}",
            "practice_name": SENDER.name,
        }

    @property
    def token(self) -> str:
        """As long as that of an unsubscribe link."""
        return f"{self.number:043d}"

    @property
    def envelope(self) -> Envelope:
        return Envelope(
            sender=SENDER,
            recipient=Address(self.email, self.values["full_name"]),
            message_id=f"<{self.number:032d}@clinica.example.com>",
            date=datetime(2026, 11, 2, 9, 30, tzinfo=UTC),
            unsubscribe_url=f"{BASE_URL}/unsubscribe/{self.token}",
        )


def people(number: int) -> Iterator[Person]:
    for index in range(number):
        first_name = _FIRST_NAMES[index % len(_FIRST_NAMES)]
        yield Person(index, first_name, _LAST_NAMES[index % len(_LAST_NAMES)])


def template() -> Template:
    return compile_template(
        Content(SUBJECT, BODY, LEGAL_NOTICE, "es", "Darme de baja de las novedades")
    )


@dataclass(frozen=True)
class Written:
    """The same mail for another template language: its own slots stand where values go, `token`
    among them."""

    subject: str
    text: str
    html: str


def written(slot: Callable[[str], str]) -> Written:
    """`slot` gives a name's slot, such as {{ name }}."""
    person = next(people(1))
    mail = template().compose({name: slot(name) for name in AVAILABLE["campaign"]}, person.envelope)
    text, html = (part.replace(person.token, slot("token")) for part in (mail.text, mail.html))
    return Written(mail.subject, text, html)
