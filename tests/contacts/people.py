"""Contacts as the tests of pages put them into the database, and read them back."""

from collections.abc import Sequence
from typing import Any

from flask import Flask
from sqlalchemy import select

from portal.contacts import service
from portal.extensions import db
from portal.models import Contact
from tests.people import Page, Visitor

EMPTY: dict[str, Any] = {
    "first_name": "",
    "last_name": "",
    "email": "",
    "greeting": "",
    "phone": "",
    "language": "",
    "privacy_consent": False,
    "marketing_consent": False,
}


def add(app: Flask, *people: dict[str, Any]) -> None:
    with app.app_context():
        service.add_many([{**EMPTY, **person} for person in people])
        db.session.commit()


def everyone(app: Flask) -> Sequence[Contact]:
    """All contacts in the order in which they were added."""
    with app.app_context():
        return db.session.scalars(select(Contact).order_by(Contact.id)).all()


def by_address(app: Flask) -> dict[str, Contact]:
    return {contact.email: contact for contact in everyone(app)}


def following(page: Page, cursor: str) -> str:
    """The link of the pager that carries the cursor, "" where there is none."""
    links = [str(link["href"]) for link in page.html.select(".pager a")]
    return next((link for link in links if f"{cursor}=" in link), "")


def walk(visitor: Visitor, path: str, cursor: str = "after") -> list[Page]:
    """The pages of a list, one after the other."""
    pages = []
    while path:
        pages.append(visitor.get(path))
        assert pages[-1].status == 200, path
        path = following(pages[-1], cursor)
    return pages


def row_ids(page: Page) -> list[int]:
    """Whom the rows of a list link to."""
    links = page.html.select("#list tbody tr td:first-child a")
    return [int(str(link["href"]).rpartition("/")[2]) for link in links]
