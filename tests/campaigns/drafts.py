"""Campaigns as a person writes and launches them over the pages."""

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import select

from portal.extensions import db
from portal.models import Message
from tests.people import Page, Visitor

DRAFT = {
    "name": "Otoño",
    "subject": "Novedades para ${nombre}",
    "body": "${saludo} ${first_name}:\n\nLe deseamos un **buen** otoño.",
    "audience": "all",
}
CONSENTS = {"privacy_consent": True, "marketing_consent": True}


def write(visitor: Visitor, **changed: str) -> str:
    """Returns the address of the draft's page."""
    page = visitor.send("/campaigns/new", {**DRAFT, **changed})
    assert page.status == 302, page.text
    return page.location


def launch(visitor: Visitor, campaign: str, confirm: str | None = None) -> Page:
    number = confirm or str(visitor.get(campaign).one("input[name=confirm]")["value"])
    return visitor.send(f"{campaign}/launch", {"confirm": number}, form_at=campaign)


def status(page: Page) -> str:
    return str(page.one("[data-campaign-status]")["data-campaign-status"])


def messages(app: Flask) -> list[Message]:
    with app.app_context():
        return list(db.session.scalars(select(Message).order_by(Message.id)))


def steer(visitor: Visitor, campaign: str, step: str) -> Page:
    """Press a button of the campaign's page."""
    return visitor.send(f"{campaign}/{step}", form_at=campaign)


def local(at: datetime) -> str:
    """A time as the form has it, in the practice's zone."""
    return at.astimezone(ZoneInfo("Europe/Madrid")).strftime("%Y-%m-%dT%H:%M")
