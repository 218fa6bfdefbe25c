"""A campaign's page: written, and looked at as a real person gets it."""

import pytest
from flask import Flask

from portal.extensions import db
from portal.models import Campaign
from tests.campaigns.drafts import CONSENTS, DRAFT, status, write
from tests.conftest import ON_SQLITE
from tests.contacts.people import add
from tests.outbox.line import Line
from tests.people import Visitor


def test_a_draft_keeps_what_was_written_and_shows_the_number(staff: Visitor, line: Line) -> None:
    page = staff.get(write(staff))
    assert status(page) == "draft"
    assert page.one("#name")["value"] == DRAFT["name"]
    assert page.one("#subject")["value"] == DRAFT["subject"]
    assert page.one("#body").text.strip() == DRAFT["body"]
    assert page.one("input[name=confirm]")["value"] == "2"
    staff.send("/campaigns/1", {**DRAFT, "name": "Invierno"})
    assert staff.get("/campaigns/1").one("#name")["value"] == "Invierno"
    assert "Invierno" in staff.get("/campaigns").text


def test_the_preview_is_the_mail_of_a_real_person(staff: Visitor, line: Line) -> None:
    campaign = write(staff)
    page = staff.get(campaign)
    frame = staff.get(str(page.one("#preview iframe")["src"]))
    assert "Novedades para ana" in page.one("#preview").text
    assert "Dear ana:" in frame.text
    assert "Aviso legal" in frame.text
    policy = frame.response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "frame-ancestors 'self'" in policy
    assert frame.response.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert page.one("#preview iframe").has_attr("sandbox")
    following = staff.get(f"{campaign}/preview?contact=2")
    assert "Novedades para bea" in following.text
    assert not following.has("html")


@ON_SQLITE
def test_only_people_who_may_get_it_are_previewed(app: Flask, staff: Visitor, line: Line) -> None:
    add(app, {"email": "carla@example.com", "first_name": "Carla"})
    campaign = write(staff)
    for asked in ("3", "4711", "x", "99999999999999999999"):
        page = staff.get(f"{campaign}?contact={asked}")
        assert page.status == 200
        assert "Carla" not in page.one("#preview").text
    assert staff.get(f"{campaign}/preview/3/mail").status == 404


@ON_SQLITE
def test_html_in_names_stays_text_in_the_preview(app: Flask, staff: Visitor, line: Line) -> None:
    name = "<img src=x onerror=alert(1)>&amp;**b**"
    add(app, {"email": "x@example.com", "first_name": name, **CONSENTS})
    campaign = write(staff)
    page = staff.get(f"{campaign}?contact=3")
    assert not page.has("#preview img")
    frame = staff.get(str(page.one("#preview iframe")["src"]))
    assert name in frame.text
    assert not frame.has("img")
    assert not frame.html.find("strong", string="b")


@ON_SQLITE
@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", ""),
        ("name", "Otoño\r\nBcc: x@example.com", "one line"),
        ("name", "x" * 121, "120 characters"),
        ("subject", "", "subject that patients will see"),
        ("subject", "Novedades\r\nBcc: x@example.com", "one line"),
        ("subject", "Novedades\u2028Bcc: x@example.com", "one line"),
        ("subject", "x" * 201, "200 characters"),
        ("body", "", "Write the text"),
        ("body", "x" * 100_001, "characters"),
        ("audience", "everyone", "valid choice"),
    ],
)
def test_what_is_wrong_is_said_on_its_field(
    app: Flask, staff: Visitor, field: str, value: str, words: str
) -> None:
    page = staff.send("/campaigns/new", {**DRAFT, field: value})
    assert page.status == 422
    assert words.lower() in page.error(field).lower()
    with app.app_context():
        assert db.session.get(Campaign, 1) is None


@ON_SQLITE
def test_a_subject_takes_emoji_and_hard_spaces(staff: Visitor, line: Line) -> None:
    subject = "Novedades\u00a0de otoño 👩‍⚕️"
    page = staff.get(write(staff, subject=subject))
    assert page.one("#subject")["value"] == subject
    assert "👩‍⚕️" in page.one("#preview").text


@ON_SQLITE
def test_the_list_shows_the_newest_first_page_by_page(app: Flask, staff: Visitor) -> None:
    with app.app_context():
        for number in range(60):
            db.session.add(Campaign(name=f"C{number:02}", subject="s", body="b"))
        db.session.commit()
    first = staff.get("/campaigns")
    names = first.texts("#list tbody td:first-child")
    assert names[0] == "C59"
    rest = staff.get(str(first.one(".pager a")["href"]))
    assert names + rest.texts("#list tbody td:first-child") == [
        f"C{n:02}" for n in range(59, -1, -1)
    ]
    assert staff.get("/campaigns?after=x").status == 400
