"""The page behind the unsubscribe link of every mail."""

import pytest
from flask import Flask
from sqlalchemy import select

from portal.contacts import service as contacts
from portal.extensions import db
from portal.models import Campaign, Contact, Message, Suppression
from tests.outbox.line import Line, launched
from tests.people import Visitor


@pytest.fixture
def line(app: Flask) -> Line:
    """A campaign to ana and bea was launched."""
    return launched(app, "ana", "bea")


@pytest.fixture
def link(line: Line) -> str:
    """Ana's link."""
    return f"/unsubscribe/{line.messages()['ana'].unsubscribe_token}"


def suppressions(app: Flask) -> int:
    with app.app_context():
        return len(db.session.scalars(select(Suppression)).all())


def test_to_look_asks_and_changes_nothing(app: Flask, stranger: Visitor, link: str) -> None:
    page = stranger.get(link)
    assert page.status == 200
    assert "Clínica Ñandú" in page.text
    assert page.has("main form[method=post] button")
    assert suppressions(app) == 0


def test_to_post_acts_without_cookie_or_token(app: Flask, link: str) -> None:
    page = Visitor(app).post(link, {"List-Unsubscribe": "One-Click"})
    assert page.status == 200
    assert "You have unsubscribed" in page.text
    assert not page.has("main form")
    assert suppressions(app) == 1
    again = Visitor(app).post(link)
    assert again.status == 200
    assert "You have unsubscribed" in again.text
    assert suppressions(app) == 1
    assert "You have unsubscribed" in Visitor(app).get(link).text


def test_an_unknown_link_is_not_found(app: Flask, stranger: Visitor, link: str) -> None:
    for unknown in ("/unsubscribe/preview", f"{link}x", "/unsubscribe/%C3%B1", link.upper()):
        assert stranger.get(unknown).status == 404
        assert stranger.post(unknown).status == 404
    assert suppressions(app) == 0


def test_it_tells_strangers_nothing_of_the_person(stranger: Visitor, link: str) -> None:
    page = stranger.get(link)
    assert "ana@example.com" not in page.response.text
    assert page.response.headers["Cache-Control"] == "no-store"
    assert page.response.headers["Referrer-Policy"] == "same-origin"


def test_the_consent_is_taken_back_and_goes_with_the_person_to_another_address(
    line: Line, stranger: Visitor, link: str
) -> None:
    stranger.post(link)
    with line.app.app_context():
        ana = db.session.scalars(select(Contact).filter_by(first_name="ana")).one()
        assert not ana.marketing_consent
        assert ana.marketing_consent_at
        kept = {name: getattr(ana, name) for name in contacts.CONSENTS}
        contacts.save(ana, {**kept, "email": "ana.new@example.com"})
        db.session.commit()
    line.launch()
    assert line.messages()["ana.new"].reason == "no_marketing_consent"


def test_a_campaign_then_skips_the_person_though_both_consents_are_ticked_again(
    line: Line, stranger: Visitor, link: str
) -> None:
    stranger.post(link)
    line.change(Contact, privacy_consent=True, marketing_consent=True)
    line.launch()
    with line.app.app_context():
        second = select(Message).where(Message.campaign_id == 2).order_by(Message.id)
        found = [(str(m.status), m.reason) for m in db.session.scalars(second)]
        assert found == [("skipped", "unsubscribed"), ("queued", None)]
        assert db.session.get_one(Campaign, 2).total == 1


def test_it_outlives_the_persons_record_and_a_change_of_letter_case(
    line: Line, staff: Visitor, stranger: Visitor, link: str
) -> None:
    stranger.post(link)
    staff.send("/contacts/new", {"email": "ANA@Example.com", "last_name": "Again"})
    assert "has unsubscribed" in staff.get("/contacts/3").text
