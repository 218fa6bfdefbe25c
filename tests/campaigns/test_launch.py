"""The launch of a campaign: what stands in its way, and the messages that it makes, once."""

from collections import Counter
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.extensions import db
from portal.models import AccountStatus, Campaign, CampaignStatus, MailAccount
from portal.models.base import now
from tests.campaigns.drafts import CONSENTS, DRAFT, launch, messages, status, write
from tests.conftest import ON_SQLITE
from tests.contacts.people import add
from tests.outbox.line import Line
from tests.people import Visitor


@ON_SQLITE
def test_an_unknown_keyword_is_named_before_and_at_the_launch(staff: Visitor, line: Line) -> None:
    campaign = write(staff, subject="Hola ${nombree}", body="${name} y $ ${fecha_cita}")
    page = staff.get(campaign)
    for keyword in ("nombree", "name", "fecha_cita"):
        assert keyword in page.one("#launch").text
    refused = launch(staff, campaign)
    assert refused.status == 422
    assert "nombree" in refused.text
    assert status(refused) == "draft"
    assert messages(line.app) == []


@pytest.mark.parametrize("confirm", ["1", "3", "", "two", "-2", "٢", "9" * 23, "9" * 5000])
def test_a_missing_or_outdated_number_answers_with_the_form(
    staff: Visitor, line: Line, confirm: str
) -> None:
    campaign = write(staff)
    page = staff.send(f"{campaign}/launch", {"confirm": confirm}, form_at=campaign)
    assert page.status == 422
    assert "number of recipients has changed" in page.text
    assert page.one("input[name=confirm]")["value"] == "2"
    assert messages(line.app) == []
    assert status(staff.get(campaign)) == "draft"


@ON_SQLITE
def test_a_campaign_for_nobody_is_not_launched(app: Flask, staff: Visitor) -> None:
    Line(app).configure(port=465)
    page = launch(staff, write(staff))
    assert page.status == 422
    assert "no contact has given both consents" in page.text
    assert messages(app) == []


def test_a_launch_makes_one_message_per_contact_with_the_reason(
    app: Flask, staff: Visitor, line: Line
) -> None:
    add(
        app,
        {"email": "noprivacy@example.com", "marketing_consent": True},
        {"email": "nomarketing@example.com", "privacy_consent": True},
        {"first_name": "Nadie", **CONSENTS},
        {"email": "bea@example.com", "first_name": "Bea's mother", **CONSENTS},
    )
    campaign = write(staff)
    assert staff.get(campaign).one("input[name=confirm]")["value"] == "3"
    assert launch(staff, campaign).location == campaign
    found = messages(app)
    assert [message.contact_id for message in found] == [1, 2, 3, 4, 5, 6]
    assert [message.reason for message in found] == [
        None,
        None,
        "no_privacy_consent",
        "no_marketing_consent",
        "no_valid_address",
        None,
    ]
    assert Counter(str(message.status) for message in found) == {"queued": 3, "skipped": 3}
    assert found[0].subject == "Novedades para ana"
    assert len({message.message_id for message in found}) == 6
    assert all(m.message_id.endswith("@clinica.example.com>") for m in found)
    page = staff.get(campaign)
    assert status(page) == "running"
    assert "0 of 3" in page.text
    with app.app_context():
        kept = db.session.scalars(select(Campaign)).one()
        assert (kept.queued_count, kept.skipped_count, kept.total) == (3, 3, 3)
        assert kept.status is CampaignStatus.RUNNING


def test_a_second_launch_is_refused_and_makes_nothing(staff: Visitor, line: Line) -> None:
    campaign = write(staff)
    token = staff.token(campaign)
    fields = {"csrf_token": token, "confirm": "2"}
    assert staff.post(f"{campaign}/launch", fields).status == 302
    again = staff.post(f"{campaign}/launch", fields)
    assert again.status == 422
    assert "launched already" in again.text
    assert len(messages(line.app)) == 2


@ON_SQLITE
def test_a_campaign_can_be_launched_while_the_provider_limits_the_mailbox(
    app: Flask, staff: Visitor, line: Line
) -> None:
    with app.app_context():
        account = db.session.scalars(select(MailAccount)).one()
        account.status, account.limited_until = AccountStatus.LIMITED, now() + timedelta(hours=1)
        db.session.commit()
    campaign = write(staff)
    assert launch(staff, campaign).location == campaign
    page = staff.get(campaign)
    assert "The provider takes no mail until" in page.one("#progress").text


@ON_SQLITE
def test_a_launched_text_no_longer_changes(app: Flask, staff: Visitor, line: Line) -> None:
    campaign = write(staff)
    token = staff.token(campaign)
    launch(staff, campaign)
    page = staff.post(campaign, {**DRAFT, "body": "Another", "csrf_token": token})
    assert page.status == 409
    with app.app_context():
        assert db.session.scalars(select(Campaign)).one().body == DRAFT["body"]


@ON_SQLITE
def test_htmx_gets_the_progress_alone(staff: Visitor, line: Line) -> None:
    campaign = write(staff)
    launch(staff, campaign)
    part = staff.get(f"{campaign}/progress", HX_Request="true")
    assert not part.has("html")
    assert status(part) == "running"
