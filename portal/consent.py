"""Who may be written to. One expression answers it everywhere: when recipients are counted,
when a campaign is launched, and again before each envelope goes out."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import Any, cast

from flask import g
from sqlalchemy import ColumnElement, case, exists, func, null, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from portal.extensions import db
from portal.models import Contact, Practice, Purpose, Suppression, UnsubscribeToken
from portal.models.base import now
from portal.vault import Sealed, vault

KEY_PLACE = "practice/1/address_key"

# The kinds of mail that are advertising: they need the marketing consent besides the privacy
# consent, and a person can leave them and still get the rest.
PURPOSES: dict[str, Purpose] = {"campaign": Purpose.MARKETING}


def refusal(kind: str) -> ColumnElement[str | None]:
    """SQL over contacts: why one must not get a mail of this kind, NULL where it may."""
    reasons: list[tuple[ColumnElement[bool], str]] = [
        (~Contact.privacy_consent, "no_privacy_consent"),
        (Contact.email_key == "", "no_valid_address"),
    ]
    if purpose := PURPOSES.get(kind):
        reasons.append((_suppressed(purpose), "unsubscribed"))
        reasons.append((~Contact.marketing_consent, "no_marketing_consent"))
    return case(*reasons, else_=null())


def _suppressed(purpose: Purpose) -> ColumnElement[bool]:
    return exists().where(
        Suppression.address_hash == Contact.address_hash, Suppression.purpose == purpose
    )


def count_eligible(kind: str) -> int:
    """How many contacts may get a mail of this kind now; reads a covering index only."""
    return db.session.scalar(select(func.count()).where(refusal(kind).is_(None))) or 0


def new_address_key() -> Sealed:
    """The key of the suppression list's hashes, for set-up to keep in the practice's row."""
    return vault().seal(secrets.token_hex(32), KEY_PLACE)


def address_hash(email: str) -> str:
    """The keyed hash by which an address is suppressed; "" for no address."""
    if not email:
        return ""
    return hmac.new(_address_key(), email.lower().encode(), hashlib.sha256).hexdigest()


def _address_key() -> bytes:
    if "address_key" not in g:
        practice = db.session.get_one(Practice, 1)
        g.address_key = vault().open(practice.address_key, KEY_PLACE).encode()
    return cast(bytes, g.address_key)


def unsubscribe(contact: Contact, purpose: Purpose) -> None:
    """Take back the consent, which goes with the person to another address, and suppress the
    address, which outlives the person's record. The caller commits."""
    if contact.marketing_consent:
        contact.marketing_consent, contact.marketing_consent_at = False, now()
    if contact.email:
        suppress(contact.email, purpose, "unsubscribed")


def suppress(email: str, purpose: Purpose, reason: str) -> None:
    """Stop mails for a purpose to an address; again is fine. The caller commits."""
    insert_ignoring(
        Suppression,
        [{"address_hash": address_hash(email), "purpose": purpose, "reason": reason}],
    )


def is_suppressed(contact: Contact, purpose: Purpose) -> bool:
    query = select(Suppression.id).where(
        Suppression.address_hash == contact.address_hash, Suppression.purpose == purpose
    )
    return db.session.scalar(query) is not None


def add_tokens(contact_ids: Iterable[int], purpose: Purpose) -> None:
    """Give each contact that has none a token for its unsubscribe link. The caller commits."""
    insert_ignoring(
        UnsubscribeToken,
        [
            {"token": secrets.token_urlsafe(32), "contact_id": contact_id, "purpose": purpose}
            for contact_id in contact_ids
        ],
    )


def insert_ignoring(model: Any, rows: list[dict[str, Any]]) -> None:
    """Insert rows, passing over those that a unique index has already."""
    if not rows:
        return
    postgres = db.engine.dialect.name == "postgresql"
    insert = postgresql_insert if postgres else sqlite_insert
    db.session.execute(insert(model).on_conflict_do_nothing(), rows)
