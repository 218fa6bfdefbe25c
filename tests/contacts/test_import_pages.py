"""The import of a contact file: upload, confirm, report; nothing twice and nothing half."""

import pytest
from flask import Flask
from redis import Redis
from rq import Queue
from sqlalchemy import select

from jobs import contact_import, stopping
from portal.contacts import imports, service
from portal.extensions import db
from portal.models import ContactImport, ImportProblem, ImportState
from portal.queue import BULK, CONTROL, QUEUES, TRANSACTIONAL
from tests.conftest import ON_SQLITE, JobRunner
from tests.contacts.people import add, by_address, everyone
from tests.people import Page, Visitor

UPLOAD = "/contacts/import"
HEAD = "nombre;apellidos;correo electrónico;idioma;rgpd;publicidad\n"
FILE = (
    HEAD
    + "Íñigo;Núñez;inigo@example.com;es;sí;sí\n"
    + ";;no address;es;sí;no\n"
    + "Ana;García;ana@example.com;klingon;no;no\n"
    + "Bea;Ruiz;bea@example.com;it;x;\n"
)


def take_in(visitor: Visitor, run_jobs: JobRunner, text: str, **ticked: str) -> Page:
    """Upload, confirm and wait; the report."""
    page = visitor.upload(UPLOAD, text.encode("cp1252"))
    assert page.status == 302, page.text
    assert visitor.send(page.location, ticked, form_at=page.location).location == page.location
    run_jobs()
    return visitor.get(page.location)


def report(page: Page) -> list[list[str]]:
    """Row, column, content and reason of what was not imported."""
    assert page.one("#import")["data-import-status"] == "finished"
    rows = page.html.select("#import tbody tr")
    return [[cell.get_text(strip=True) for cell in row.select("td")] for row in rows]


def test_good_rows_come_in_and_bad_ones_are_reported(
    app: Flask, staff: Visitor, run_jobs: JobRunner
) -> None:
    page = take_in(staff, run_jobs, FILE)
    problems = report(page)
    assert [problem[:3] for problem in problems] == [
        ["3", "correo electrónico", "no address"],
        ["4", "idioma", "klingon"],
    ]
    assert all(problem[3] for problem in problems)
    assert "imported: 2, not imported: 2." in page.text
    people = by_address(app)
    assert set(people) == {"inigo@example.com", "bea@example.com"}
    inigo, bea = people["inigo@example.com"], people["bea@example.com"]
    assert (inigo.first_name, inigo.last_name, inigo.language) == ("Íñigo", "Núñez", "es")
    assert inigo.privacy_consent_at
    assert inigo.marketing_consent_at
    assert (bea.privacy_consent, bea.marketing_consent) == (True, False)
    assert bea.marketing_consent_at is None


def test_nothing_comes_in_before_it_is_confirmed(app: Flask, staff: Visitor) -> None:
    page = staff.upload(UPLOAD, FILE.encode())
    shown = staff.get(page.location)
    assert "Íñigo" in shown.text
    assert "correo electrónico" in shown.text
    form = shown.one("main form[method=post]")
    assert form.get("action") in {None, page.location}
    assert everyone(app) == []


def test_a_known_address_is_reported_and_no_consent_becomes_a_yes(
    app: Flask, staff: Visitor, run_jobs: JobRunner
) -> None:
    add(app, {"email": "Ana@example.com", "last_name": "García"})
    text = (
        "email;rgpd;publicidad\n"
        "bea@example.com;no;no\n"
        "ANA@EXAMPLE.COM;sí;sí\n"
        "Bea@Example.com;sí;sí\n"
    )
    problems = report(take_in(staff, run_jobs, text))
    assert [(row, column) for row, column, *_ in problems] == [("3", "email"), ("4", "email")]
    assert "on file already" in problems[0][3]
    for contact in everyone(app):
        assert not contact.privacy_consent
        assert not contact.marketing_consent
    assert len(everyone(app)) == 2


def test_a_shared_address_comes_in_when_that_is_ticked_and_the_name_differs(
    app: Flask, staff: Visitor, run_jobs: JobRunner
) -> None:
    add(app, {"email": "casa@example.com", "first_name": "Ana"})
    text = "nombre;email\nANA;casa@example.com\nBea;casa@example.com\nBea;CASA@example.com\n"
    problems = report(take_in(staff, run_jobs, text, allow_shared="y"))
    assert [problem[0] for problem in problems] == ["2", "4"]
    assert [contact.first_name for contact in everyone(app)] == ["Ana", "Bea"]


def test_a_second_confirmation_imports_nothing_more(
    app: Flask, staff: Visitor, run_jobs: JobRunner
) -> None:
    page = staff.upload(UPLOAD, FILE.encode())
    token = staff.token(page.location)
    for _ in "ab":
        assert staff.post(page.location, {"csrf_token": token}).location == page.location
    run_jobs()
    staff.post(page.location, {"csrf_token": token, "allow_shared": "y"})
    run_jobs()
    assert len(everyone(app)) == 2
    assert "imported: 2, not imported: 2." in staff.get(page.location).text


class PulledPlug(Exception):
    pass


def test_a_killed_import_goes_on_where_it_stopped(
    app: Flask, staff: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"p{n}@example.com" if n % 10 else "no address" for n in range(50)]
    page = staff.upload(UPLOAD, "\n".join(["email", *rows]).encode())
    staff.send(page.location, form_at=page.location)
    monkeypatch.setattr(imports, "STEP_ROWS", 20)
    add_many = service.add_many
    steps: list[int] = []

    def stopping(found: list[dict[str, object]]) -> None:
        add_many(found)
        steps.append(len(found))
        if len(steps) == 2:
            raise PulledPlug

    monkeypatch.setattr(service, "add_many", stopping)
    with app.app_context(), pytest.raises(PulledPlug):
        imports.run(1)
    assert len(everyone(app)) == 18
    running = staff.get(page.location)
    assert running.one("#import")["data-import-status"] == "running"
    for _ in "ab":  # rung twice
        with app.app_context():
            imports.run(1)
    assert len(by_address(app)) == len(everyone(app)) == 45
    assert [problem[0] for problem in report(staff.get(page.location))] == [
        "2",
        "12",
        "22",
        "32",
        "42",
    ]
    assert "imported: 45, not imported: 5." in staff.get(page.location).text


def confirm_fifty(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A confirmed import of fifty people, in steps of twenty."""
    monkeypatch.setattr(imports, "STEP_ROWS", 20)
    page = visitor.upload(UPLOAD, "\n".join(["email", *map(address, range(50))]).encode())
    visitor.send(page.location, form_at=page.location)


def address(number: int) -> str:
    return f"p{number}@example.com"


def test_an_import_ends_between_steps_and_rings_for_the_rest_but_not_on_the_control_queue(
    app: Flask,
    staff: Visitor,
    run_jobs: JobRunner,
    queue_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    confirm_fifty(staff, monkeypatch)
    with Redis.from_url(queue_url) as connection:
        connection.flushall()
        with app.app_context():
            imports.run(1, should_stop=lambda: True)
        rung = {name: Queue(name, connection=connection).count for name in QUEUES}
    assert rung == {CONTROL: 0, TRANSACTIONAL: 1, BULK: 0}
    assert len(everyone(app)) == 20
    run_jobs()
    assert [contact.email for contact in everyone(app)] == [address(n) for n in range(50)]


@pytest.mark.parametrize(
    ("seconds", "told", "taken"), [(-1.0, False, 20), (60.0, True, 20), (60.0, False, 50)]
)
def test_a_job_imports_for_its_slice_of_time_and_until_told_to_stop(
    app: Flask,
    staff: Visitor,
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    told: bool,
    taken: int,
) -> None:
    confirm_fifty(staff, monkeypatch)
    monkeypatch.setattr(contact_import, "SLICE_SECONDS", seconds)
    monkeypatch.setattr(stopping, "_requested", told)
    with app.app_context():
        contact_import.run(1)
    assert len(everyone(app)) == taken


def test_a_worker_that_comes_late_to_a_step_takes_nothing(app: Flask, staff: Visitor) -> None:
    page = staff.upload(UPLOAD, b"email\nana@example.com\nbea@example.com\n")
    staff.send(page.location, form_at=page.location)
    with app.app_context():
        late = db.session.get_one(ContactImport, 1)
        file = imports.file_of(late)
        step = list(file.rows())
        db.session.commit()
        imports.run(1)
        assert not imports._take_step(late, file, 0, step)
    assert len(everyone(app)) == 2


def test_the_file_is_forgotten_once_it_is_taken_in(
    app: Flask, staff: Visitor, run_jobs: JobRunner
) -> None:
    take_in(staff, run_jobs, FILE)
    with app.app_context():
        found = db.session.get_one(ContactImport, 1)
        assert found.state is ImportState.FINISHED
        assert found.content is None
        assert len(db.session.scalars(select(ImportProblem)).all()) == 2


@ON_SQLITE
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"email\n", "nobody in it"),
        (b"nombre;apellidos\nAna;Garc\xeda\n", "No column has the e-mail addresses"),
        (b"Ana;ana@example.com\nBea;bea@example.com\n", "first row must name the columns"),
        (b"%PDF-1.7\n1 0 obj", "not a contact file"),
        (b"PK\x03\x04 xl/workbook.xml", "spreadsheet"),
        (b'email;nombre\nana@example.com;"Ana\nbea@example.com;Bea\n', "never closed"),
        (b"email\n" + b"a@example.com\n" * 100_001, "more than 100,000 rows"),
    ],
    ids=["empty", "no rows", "no email", "no header", "pdf", "xlsx", "open quote", "too long"],
)
def test_what_is_no_contact_file_is_refused_in_a_sentence(
    app: Flask, staff: Visitor, content: bytes, words: str
) -> None:
    page = staff.upload(UPLOAD, content)
    assert page.status == 422
    assert words in page.error("file")
    with app.app_context():
        assert db.session.get(ContactImport, 1) is None
    assert everyone(app) == []


@ON_SQLITE
def test_no_file_and_a_file_that_is_too_large_are_said(staff: Visitor) -> None:
    assert "Choose a file" in staff.send(UPLOAD).error("file")
    page = staff.upload(UPLOAD, b"email\n" + b"x" * 17_000_000)
    assert page.status == 413
    assert "16 MB" in page.text


@ON_SQLITE
def test_htmx_gets_the_progress_alone(staff: Visitor) -> None:
    page = staff.upload(UPLOAD, FILE.encode())
    staff.send(page.location, form_at=page.location)
    part = staff.get(page.location, HX_Request="true")
    assert not part.has("html")
    assert part.one("#import")["data-import-status"] == "running"
