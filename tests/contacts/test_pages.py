"""The contacts' pages: the list, one person, and the dates of their consents."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.contacts.service import ORDERS
from portal.extensions import db
from portal.models import Contact
from tests.conftest import ON_SQLITE
from tests.contacts.people import add, everyone, following, row_ids, walk
from tests.people import Visitor

NAMES = ("García", "garcía", "Álvarez", "Zubiri", "", "Ñíguez", "de la Cruz", "D'Angelo")
KEYS: dict[str, Callable[[Contact], tuple[object, int]]] = {
    "last_name": lambda contact: (contact.last_name, contact.id),
    "first_name": lambda contact: (contact.first_name, contact.id),
    "email": lambda contact: (contact.email.lower(), contact.id),
    "privacy_consent": lambda contact: (contact.privacy_consent, contact.id),
    "marketing_consent": lambda contact: (contact.marketing_consent, contact.id),
}
FIELDS = {
    "first_name": "Íñigo",
    "last_name": "D'Angelo",
    "email": "Inigo@Example.com",
    "greeting": "Estimado",
    "phone": "+34 600 000 000",
    "language": "es",
    "privacy_consent": "y",
}


@pytest.fixture
def crowd(app: Flask) -> list[Contact]:
    """130 people, many of one name, some without a name or an address."""
    add(
        app,
        *(
            {
                "last_name": NAMES[number % len(NAMES)] if number > 60 else "García",
                "first_name": f"Ana {number % 7}",
                "email": f"Ana{number % 50}@example.com" if number % 10 else "",
                "privacy_consent": number % 3 == 0,
                "marketing_consent": number % 4 == 0,
            }
            for number in range(130)
        ),
    )
    return list(everyone(app))


@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_every_sort_shows_everyone_once_in_order(
    staff: Visitor, crowd: list[Contact], direction: str
) -> None:
    assert set(KEYS) == set(ORDERS)
    for sort, key in KEYS.items():
        pages = walk(staff, f"/contacts?sort={sort}&dir={direction}")
        assert [len(row_ids(page)) for page in pages] == [50, 50, 30]
        found = [number for page in pages for number in row_ids(page)]
        expected = sorted(crowd, key=key, reverse=direction == "desc")
        assert found == [contact.id for contact in expected], sort
        head = pages[0].one("th[aria-sort]")
        assert head["aria-sort"] == ("ascending" if direction == "asc" else "descending")


def test_the_pages_are_the_same_on_the_way_back(staff: Visitor, crowd: list[Contact]) -> None:
    there = walk(staff, "/contacts?sort=last_name")
    back = walk(staff, following(there[-1], "before"), "before")
    assert [row_ids(page) for page in [there[-1], *back]] == [row_ids(p) for p in reversed(there)]
    assert not following(back[-1], "before")


def test_a_page_stays_where_it_is_when_people_are_added(
    app: Flask, staff: Visitor, crowd: list[Contact]
) -> None:
    first = staff.get("/contacts?sort=last_name")
    second = row_ids(staff.get(following(first, "after")))
    add(app, {"last_name": ""}, {"last_name": "A"})
    assert row_ids(staff.get(following(first, "after"))) == second


@pytest.mark.parametrize("cursor", ["x", "W10", "WzEsMl0", "bnVsbA", "%F1", "WyJhIiwgImIiXQ"])
def test_a_broken_cursor_is_a_bad_request(staff: Visitor, cursor: str) -> None:
    for name in ("after", "before"):
        assert staff.get(f"/contacts?{name}={cursor}").status == 400


@ON_SQLITE
def test_an_unknown_sort_falls_back_and_odd_arguments_do_no_harm(
    staff: Visitor, crowd: list[Contact]
) -> None:
    for query in ("sort=password&dir=up", "endpoint=x&_scheme=y&_external=1&_method=z&self=1"):
        page = staff.get(f"/contacts?{query}")
        assert page.status == 200
        assert row_ids(page) == row_ids(staff.get("/contacts?sort=last_name&dir=asc"))
        assert staff.get(following(page, "after")).status == 200


def test_an_added_person_is_in_the_list_as_typed(app: Flask, staff: Visitor) -> None:
    assert staff.send("/contacts/new", FIELDS).location == "/contacts"
    assert "Íñigo D'Angelo was added" in staff.get("/contacts").text
    [contact] = everyone(app)
    page = staff.get(f"/contacts/{contact.id}")
    for name in ("first_name", "last_name", "greeting", "phone"):
        assert page.one(f"#{name}")["value"] == FIELDS[name]
    assert page.one("#language option[selected]")["value"] == "es"
    assert page.one("#email")["value"] == "Inigo@example.com"
    assert page.one("#privacy_consent").has_attr("checked")
    assert not page.one("#marketing_consent").has_attr("checked")


def test_a_text_that_was_not_sent_stays_and_a_box_that_was_not_sent_is_a_no(
    app: Flask, staff: Visitor
) -> None:
    staff.send("/contacts/new", FIELDS)
    assert staff.send("/contacts/1", {"phone": "", "last_name": "Nuñez"}).status == 302
    [contact] = everyone(app)
    assert (contact.first_name, contact.last_name, contact.phone) == ("Íñigo", "Nuñez", "")
    assert (contact.email, contact.language) == ("Inigo@example.com", "es")
    assert not contact.privacy_consent
    assert staff.send("/contacts/new", {"first_name": "Ana"}).status == 302
    assert [ana.last_name for ana in everyone(app) if ana.first_name == "Ana"] == [""]


def test_an_error_of_the_database_tells_nothing_of_a_person(app: Flask) -> None:
    query = text("SELECT 1 FROM nowhere WHERE email = :email")
    with app.app_context(), pytest.raises(DBAPIError) as caught:
        db.session.execute(query, {"email": "ana@example.com"})
    assert "nowhere" in str(caught.value)
    assert "ana@example.com" not in str(caught.value)


def test_a_consent_is_dated_when_it_changes_and_only_then(app: Flask, staff: Visitor) -> None:
    staff.send("/contacts/new", FIELDS)
    [added] = everyone(app)
    given = added.privacy_consent_at
    assert given
    assert datetime.now(UTC) - given < timedelta(minutes=1)
    assert added.marketing_consent_at is None
    staff.send("/contacts/1", {**FIELDS, "phone": "1"})
    assert everyone(app)[0].privacy_consent_at == given
    staff.send("/contacts/1", {**FIELDS, "privacy_consent": "", "marketing_consent": "y"})
    staff.send("/contacts/1", {k: v for k, v in FIELDS.items() if k != "privacy_consent"})
    [withdrawn] = everyone(app)
    assert not withdrawn.privacy_consent
    assert withdrawn.privacy_consent_at
    assert withdrawn.privacy_consent_at > given
    assert withdrawn.marketing_consent_at


@ON_SQLITE
def test_a_family_may_share_an_address_when_entered_by_hand(app: Flask, staff: Visitor) -> None:
    for name in ("Íñigo", "Ainhoa"):
        assert staff.send("/contacts/new", {**FIELDS, "first_name": name}).status == 302
    assert len(everyone(app)) == 2


@ON_SQLITE
@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("email", "inigo@", "complete e-mail address"),
        ("email", "a@example.com, b@example.com", "complete e-mail address"),
        ("email", "inigo@localhost", "complete e-mail address"),
        ("first_name", "Íñigo\r\nBcc: x@example.com", "one line"),
        ("last_name", "x" * 101, "100 characters"),
        ("greeting", "x" * 61, "60 characters"),
        ("phone", "6\t00", "one line"),
        ("language", "tlh", "valid choice"),
    ],
)
def test_what_is_wrong_is_said_on_its_field_and_the_rest_stays(
    app: Flask, staff: Visitor, field: str, value: str, words: str
) -> None:
    page = staff.send("/contacts/new", {**FIELDS, field: value})
    assert page.status == 422
    assert words.lower() in page.error(field).lower()
    assert page.one("#privacy_consent").has_attr("checked")
    assert everyone(app) == []


@ON_SQLITE
def test_a_person_needs_a_name_or_an_address(staff: Visitor) -> None:
    page = staff.send("/contacts/new", {"phone": "600"})
    assert page.status == 422
    assert "name or an address" in page.error("last_name")
    assert staff.send("/contacts/new", {"last_name": "García"}).status == 302


@ON_SQLITE
def test_names_are_text_in_every_page(staff: Visitor) -> None:
    staff.send("/contacts/new", {**FIELDS, "last_name": "<script>x</script>&amp;"})
    for path in ("/contacts", "/contacts/1"):
        page = staff.get(path)
        assert not page.has("main script")
        assert "<script>x</script>&amp;" in f"{page.text} {page.one('h1').text}"


@ON_SQLITE
def test_the_page_says_that_a_person_has_unsubscribed(app: Flask, staff: Visitor) -> None:
    from portal.models import Purpose
    from tests.outbox.line import Line

    line = Line(app)
    line.add_contacts("ana")
    assert "has unsubscribed" not in staff.get("/contacts/1").text
    line.suppress("ANA@example.com", Purpose.MARKETING)
    assert "has unsubscribed" in staff.get("/contacts/1").text


@ON_SQLITE
@pytest.mark.parametrize("word", ["", "0", "no", "off", "false"])
def test_a_consent_that_was_answered_with_no_is_not_given(
    app: Flask, staff: Visitor, word: str
) -> None:
    staff.send("/contacts/new", {"email": "ana@example.com", "privacy_consent": word})
    assert not everyone(app)[0].privacy_consent
