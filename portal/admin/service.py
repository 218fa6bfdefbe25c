"""The practice and the people who work in it."""

from collections.abc import Sequence

from flask import g
from flask_babel import refresh
from sqlalchemy import select

from portal.consent import new_address_key
from portal.extensions import db, settings
from portal.models import MOST_SESSIONS, MailAccount, Practice, SessionSlot, User
from portal.passwords import hash_password

LANGUAGES = {"en": "English", "es": "Español", "it": "Italiano"}
TIME_ZONES = {"en": "Europe/London", "es": "Europe/Madrid", "it": "Europe/Rome"}


class EmailTaken(Exception):
    """Another user has the address."""


class LastAdministrator(Exception):
    """Nobody would be left who can administer the portal."""


def practice() -> Practice | None:
    """The practice, read once per request or job; None before set-up."""
    if "practice" not in g:
        g.practice = db.session.get(Practice, 1)
    return g.practice  # type: ignore[no-any-return]


def has_users() -> bool:
    return db.session.scalar(select(User.id).limit(1)) is not None


def base_url() -> str:
    """The address that links in mails start with: BASE_URL, else the one of the set-up."""
    here = practice()
    return settings().base_url or (here.base_url if here else "")


def set_up(
    *, email: str, password: str, name: str, language: str, time_zone: str, address: str
) -> User:
    """Make the practice, its mailbox-to-be and the first administrator, in one transaction."""
    _add_practice(name=name, language=language, time_zone=time_zone, address=address)
    return add_user(email, password, "admin", language)


def add_first_user(email: str, password: str, role: str) -> User:
    """A user where there was no set-up: the practice gets a start that its page can change."""
    _add_practice(
        name=email.rpartition("@")[2],
        language="en",
        time_zone="UTC",
        address=settings().base_url or bound_address(),
    )
    return add_user(email, password, role, "en")


def bound_address() -> str:
    """Where the web server listens, for as long as nobody knows how people reach it."""
    bind, port = settings().bind, settings().port
    return f"http://[{bind}]:{port}" if ":" in bind else f"http://{bind}:{port}"


def _add_practice(*, name: str, language: str, time_zone: str, address: str) -> None:
    key = new_address_key()
    db.session.add(
        Practice(
            id=1,
            name=name,
            language=language,
            time_zone=time_zone,
            base_url=address.rstrip("/"),
            address_key=key.ciphertext,
            address_key_id=key.key_id,
        )
    )
    account = MailAccount(id=1)
    db.session.add(account)
    db.session.flush()
    slots = range(1, MOST_SESSIONS + 1)
    db.session.add_all(SessionSlot(account_id=account.id, number=number) for number in slots)
    g.pop("practice", None)


def add_user(email: str, password: str, role: str, language: str) -> User:
    """Raises EmailTaken."""
    if find_user(email):
        raise EmailTaken(email)
    user = User(
        email=email.strip().lower(),
        password_hash=hash_password(password),
        role=role,
        language=language,
    )
    db.session.add(user)
    db.session.commit()
    return user


def find_user(email: str) -> User | None:
    return db.session.scalar(select(User).where(User.email == email.strip().lower()))


def set_active(user: User, active: bool) -> None:
    """Let a person sign in or not; takes effect at their next request.

    Raises LastAdministrator."""
    if not active and administrators() == [user.email]:
        raise LastAdministrator
    user.active = active
    db.session.commit()


def administrators() -> Sequence[str]:
    """The addresses of those who can administer the portal now."""
    query = select(User.email).where(User.role == "admin", User.active)
    return db.session.scalars(query.order_by(User.email)).all()


def change_practice(*, name: str, language: str, time_zone: str, address: str) -> None:
    here = db.session.get_one(Practice, 1)
    here.name, here.language, here.time_zone = name, language, time_zone
    here.base_url = address.rstrip("/")
    db.session.commit()
    refresh()


def change_language(user: User, language: str) -> None:
    user.language = language
    db.session.commit()
