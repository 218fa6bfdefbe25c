"""People on file."""

from typing import Any

from sqlalchemy import select

from portal import consent
from portal.extensions import db
from portal.lists import Order, Page, fetch_page
from portal.models import Contact
from portal.models.base import now

# What the list can be sorted by: each the columns of an index.
ORDERS = {
    "last_name": (Contact.last_name, Contact.id),
    "first_name": (Contact.first_name, Contact.id),
    "email": (Contact.email_key, Contact.id),
    "privacy_consent": (Contact.privacy_consent, Contact.id),
    "marketing_consent": (Contact.marketing_consent, Contact.id),
}
CONSENTS = ("privacy_consent", "marketing_consent")


def page(sort: str, direction: str, *, after: str, before: str) -> tuple[Page, Order]:
    """One page of the list; unknown sorts fall back to the last name."""
    key = sort if sort in ORDERS else "last_name"
    order = Order(key, ORDERS[key], descending=direction == "desc")
    return fetch_page(select(Contact), order, after=after, before=before), order


def save(contact: Contact, fields: dict[str, Any]) -> Contact:
    """Add or change a contact; a consent that changes is dated. The caller commits."""
    for name in CONSENTS:
        if fields[name] != bool(getattr(contact, name)):
            setattr(contact, f"{name}_at", now())
    for name, value in fields.items():
        setattr(contact, name, value)
    contact.email_key = contact.email.lower()
    contact.address_hash = consent.address_hash(contact.email)
    db.session.add(contact)
    return contact


def add_many(rows: list[dict[str, Any]]) -> None:
    """Add contacts in bulk, each with every field of the form. The caller commits."""
    at = now()
    for row in rows:
        row["email_key"] = row["email"].lower()
        row["address_hash"] = consent.address_hash(row["email"])
        row["privacy_consent_at"] = at if row["privacy_consent"] else None
        row["marketing_consent_at"] = at if row["marketing_consent"] else None
    if rows:
        db.session.bulk_insert_mappings(Contact.__mapper__, rows)
