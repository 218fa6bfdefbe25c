"""The sent list: every message once, in every order, by index; its export and its filters."""

import base64
import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, event, select, text, update

from portal.extensions import db
from portal.lists import BadCursor
from portal.models import Campaign, Message, MessageStatus, TemplateVersion
from portal.outbox import sent
from portal.outbox.export import CSV_COLUMNS
from portal.outbox.transitions import add
from tests.conftest import ON_SQLITE
from tests.contacts.people import following, row_ids, walk
from tests.people import Visitor

START = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)  # in Madrid the day on which summer time ends
SUBJECTS = ("Novedades", "novedades", "Ñandú", "=1+1", "", "Zeta", "Álava")
STATUSES = tuple(MessageStatus)
NAMES = {1: "Otoño", 2: "Älteres", 3: "Otoño"}
KEYS: dict[str, Callable[[Message], tuple[Any, ...]]] = {
    "date": lambda m: (m.status_at, m.id),
    "recipient": lambda m: (m.recipient, m.id),
    "subject": lambda m: (m.subject, m.id),
    "kind": lambda m: (m.kind, m.status_at, m.id),
    "campaign": lambda m: (m.campaign_name, m.status_at, m.id),
    "status": lambda m: (str(m.status), m.status_at, m.id),
}


def row(number: int) -> dict[str, Any]:
    campaign = 1 + number % 3
    return {
        "account_id": 1,
        "kind": "campaign",
        "campaign_id": campaign,
        "campaign_name": NAMES[campaign],
        "template_version_id": 1,
        "template_values": {},
        "recipient": f"ana{number % 40}@example.com" if number % 9 else "",
        "recipient_name": "Ana",
        "subject": SUBJECTS[number % len(SUBJECTS)],
        "message_id": f"<{number}@example.com>",
        "status": STATUSES[number * 7 % len(STATUSES)],
        "status_at": START + timedelta(minutes=30 * (number % 11)),
        "reply": '250 ok, "queued"\nas 7' if number % 5 == 0 else None,
        "attempts": number % 4,
    }


@pytest.fixture
def sent_mail(app: Flask) -> list[Message]:
    """130 messages with many ties."""
    with app.app_context():
        for number, name in NAMES.items():
            db.session.add(Campaign(id=number, name=name, subject="s", body="b"))
        db.session.add(TemplateVersion(kind="campaign", language="es", subject="s", body="b"))
        db.session.flush()
        add([row(number) for number in range(130)])
        db.session.commit()
        return list(db.session.scalars(select(Message).order_by(Message.id)))


def exported(visitor: Visitor, query: str = "") -> list[dict[str, str]]:
    answer = visitor.client.get(f"/sent.csv?{query}")
    assert answer.status_code == 200
    assert answer.content_type == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_every_sort_agrees_with_a_plain_sort_of_all_rows_and_with_the_export(
    viewer: Visitor, sent_mail: list[Message], direction: str
) -> None:
    assert set(KEYS) == set(sent.ORDERS)
    for sort, key in KEYS.items():
        query = f"sort={sort}&dir={direction}"
        pages = walk(viewer, f"/sent?{query}")
        assert [len(row_ids(page)) for page in pages] == [50, 50, 30]
        expected = sorted(sent_mail, key=key, reverse=direction == "desc")
        assert [n for page in pages for n in row_ids(page)] == [m.id for m in expected], sort
        ids = [line["message_id"] for line in exported(viewer, query)]
        assert ids == [message.message_id for message in expected], sort


def test_the_newest_come_first_unless_asked_otherwise(
    viewer: Visitor, sent_mail: list[Message]
) -> None:
    newest = sorted(sent_mail, key=KEYS["date"], reverse=True)
    for query in ("", "sort=nothing", "sort=date&dir=sideways"):
        assert row_ids(viewer.get(f"/sent?{query}")) == [m.id for m in newest[:50]]


def test_cursors_lead_back_the_way_they_came(viewer: Visitor, sent_mail: list[Message]) -> None:
    there = walk(viewer, "/sent?sort=status&dir=desc")
    back = walk(viewer, following(there[-1], "before"), "before")
    assert [row_ids(p) for p in [there[-1], *back]] == [row_ids(p) for p in reversed(there)]
    assert not following(there[-1], "after")
    assert not following(back[-1], "before")


def test_filters_narrow_the_list_and_the_export_alike(
    viewer: Visitor, sent_mail: list[Message]
) -> None:
    filters: dict[str, Callable[[Message], bool]] = {
        "status=sent": lambda m: m.status is MessageStatus.SENT,
        "campaign=2": lambda m: m.campaign_id == 2,
        "campaign=3&status=failed": lambda m: (m.campaign_id, m.status) == (3, "failed"),
        "campaign=4711": lambda m: False,
        "kind=campaign": lambda m: True,
        "kind=invoice": lambda m: False,
        "status=&campaign=": lambda m: True,
        "campaign=99999999999999999999": lambda m: True,
    }
    for query, wanted in filters.items():
        pages = walk(viewer, f"/sent?sort=recipient&dir=asc&{query}")
        expected = [m for m in sorted(sent_mail, key=KEYS["recipient"]) if wanted(m)]
        assert [n for page in pages for n in row_ids(page)] == [m.id for m in expected], query
        lines = exported(viewer, f"sort=recipient&dir=asc&{query}")
        assert [line["message_id"] for line in lines] == [m.message_id for m in expected]


def test_the_chip_carries_the_status_and_reads_as_words(
    viewer: Visitor, sent_mail: list[Message]
) -> None:
    page = viewer.get("/sent?status=sent")
    assert {str(chip["data-status"]) for chip in page.html.select("#list .chip")} == {"sent"}
    assert set(page.texts("#list .chip")) == {"accepted by the server"}


def cursor(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


BROKEN = {
    "no base64": "%F1!",
    "no JSON": "YWJj",
    "too few": cursor("a@example.com"),
    "too many": cursor("a", 1, 1),
    "wrong types": cursor(1, "a"),
    "no id": cursor("a", 10**30),
    "zero byte": cursor("a\0b", 1),
    "half a pair": cursor("a\ud800", 1),
    "null": cursor(None, None),
    "deep": base64.urlsafe_b64encode(b"[" * 5000).decode(),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_broken_cursor_is_a_bad_request(app: Flask, broken: str) -> None:
    order = sent.order_of("recipient", "asc")
    with app.app_context():
        for place in ({"after": broken, "before": ""}, {"after": "", "before": broken}):
            with pytest.raises(BadCursor):
                sent.page(sent.Filters(), order, **place)


@ON_SQLITE
def test_what_can_not_be_asked_is_a_bad_request(viewer: Visitor) -> None:
    times = [cursor("0001-01-01T00:00:00+14:00", 1), cursor("yesterday", 1), cursor(5, 1)]
    for query in ("status=lost", "after=x", *(f"after={time}" for time in times)):
        assert viewer.get(f"/sent?{query}").status == 400, query


def test_the_export_has_the_columns_of_the_contract_and_times_with_their_offset(
    viewer: Visitor, sent_mail: list[Message]
) -> None:
    lines = exported(viewer, "sort=date&dir=asc")
    assert tuple(lines[0]) == CSV_COLUMNS
    assert ",".join(CSV_COLUMNS) == (
        "date,recipient,subject,kind,campaign,status,attempts,reply,message_id"
    )
    days = sorted({line["date"] for line in lines}, key=datetime.fromisoformat)
    assert days[0] == "2026-10-25T00:00:00+02:00"
    assert days[-1] == "2026-10-25T04:00:00+01:00"
    assert {line["status"] for line in lines} == {str(status) for status in MessageStatus}
    assert 'ok, "queued"\nas 7' in {line["reply"][4:] for line in lines}


def test_the_export_shows_one_moment_whatever_is_sent_meanwhile(
    app: Flask, viewer: Visitor, sent_mail: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sent, "EXPORT_ROWS", 10)
    chunks = viewer.client.get("/sent.csv?sort=date&dir=asc").iter_encoded()
    begun = [next(chunks) for _ in range(5)]
    earliest = START - timedelta(days=1)
    with app.app_context(), db.engine.begin() as other:
        other.execute(update(Message).values(status_at=earliest, reply="changed"))
    lines = b"".join([*begun, *chunks]).decode()
    rows = list(csv.DictReader(io.StringIO(lines, newline="")))
    in_order = sorted(sent_mail, key=KEYS["date"])
    assert [row["message_id"] for row in rows] == [m.message_id for m in in_order]
    assert "changed" not in {row["reply"] for row in rows}
    assert {row["reply"] for row in exported(viewer)} == {"changed"}


@ON_SQLITE
def test_no_cell_of_the_export_is_a_formula(viewer: Visitor, sent_mail: list[Message]) -> None:
    subjects = {line["subject"] for line in exported(viewer)}
    assert "'=1+1" in subjects
    assert "=1+1" not in subjects


@pytest.mark.parametrize("filters", [sent.Filters(), sent.Filters(status=MessageStatus.SENT)])
def test_no_page_of_a_sort_sorts_the_table(
    app: Flask, sent_mail: list[Message], filters: sent.Filters
) -> None:
    for sort in sent.ORDERS if filters == sent.Filters() else ("date", "status"):
        for direction in ("asc", "desc"):
            order = sent.order_of(sort, direction)
            with app.app_context():
                edge = sent.page(filters, order, after="", before="").after or ""
            for place in ({"after": "", "before": ""}, {"after": edge, "before": ""}):
                plan = explained(app, filters, order, **place)
                assert "ix_messages" in plan, f"{sort}: {plan}"
                assert "TEMP B-TREE" not in plan, f"{sort}: {plan}"
                assert "Sort" not in plan, f"{sort}: {plan}"


def explained(app: Flask, filters: sent.Filters, order: Any, after: str, before: str) -> str:
    """The plan of the query that a page makes; PostgreSQL is told that the table is large."""
    asked: list[tuple[str, Any]] = []

    def listen(c: Connection, cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", listen)
        try:
            sent.page(filters, order, after=after, before=before)
        finally:
            event.remove(db.engine, "before_cursor_execute", listen)
        [(statement, parameters)] = [one for one in asked if "FROM messages" in one[0]]
        sqlite = db.engine.dialect.name == "sqlite"
        connection = db.session.connection()
        for name in () if sqlite else ("seqscan", "bitmapscan", "sort"):
            connection.execute(text(f"SET LOCAL enable_{name} = off"))
        words = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"
        plan = connection.exec_driver_sql(f"{words} {statement}", parameters)
        return "\n".join(str(line[-1]) for line in plan)
