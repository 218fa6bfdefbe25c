"""Taking in a contact file: uploaded, looked at, confirmed, then read by a worker in steps that
each commit, so that a killed import goes on where it stopped."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from itertools import islice

from sqlalchemy import select, update

from portal import queue
from portal.contacts import service
from portal.contacts.reading import CellError, ContactFields, ContactFile, Row, read
from portal.extensions import db
from portal.models import Contact, ContactImport, ImportProblem, ImportState, User
from portal.models.base import now

STEP_ROWS = 200
KNOWN_ADDRESS = "known_address"  # a reason that only the database knows, beside CellReason
# After this without a step, an import is taken to have lost its worker.
DOORBELL_PATIENCE = timedelta(seconds=30)


def upload(filename: str, content: bytes, by: User) -> ContactImport:
    """Keep a file for a person to confirm. Raises NotAContactFile."""
    file = read(content)
    found = ContactImport(
        filename=filename[:255], content=content, total=file.row_count, created_by_id=by.id
    )
    db.session.add(found)
    db.session.commit()
    return found


def file_of(found: ContactImport) -> ContactFile:
    """The uploaded file as it was read; its rows come lazily."""
    return read(found.content or b"")


def confirm(found: ContactImport, allow_shared: bool) -> None:
    """Begin to import; a second confirmation changes nothing."""
    begun = db.session.execute(
        update(ContactImport)
        .where(ContactImport.id == found.id, ContactImport.state == ImportState.UPLOADED)
        .values(state=ImportState.RUNNING, allow_shared=allow_shared, touched_at=now())
    )
    db.session.commit()
    if begun.rowcount:  # type: ignore[attr-defined]
        ring(found.id)


def ring(import_id: int) -> None:
    """A person waits for the report, so it stays out of the bulk queue, where it would have its
    turn only between the slices of a campaign. The worker that never takes bulk may do it too:
    its slices are short, and a check on the control queue comes before the next one."""
    queue.enqueue("jobs.contact_import.run", import_id, queue=queue.TRANSACTIONAL)


def ring_for_imports() -> None:
    """The sweep's part: go on with imports whose worker was lost."""
    stalled = select(ContactImport.id).where(
        ContactImport.state == ImportState.RUNNING,
        ContactImport.touched_at < now() - DOORBELL_PATIENCE,
    )
    for import_id in db.session.scalars(stalled).all():
        ring(import_id)


def run(import_id: int, should_stop: Callable[[], bool] = lambda: False) -> None:
    """Read the rows that are left, or ring for the rest when asked between two steps to stop.
    Each step's contacts, problems and count commit at once."""
    found = db.session.get(ContactImport, import_id)
    if not found or found.state is not ImportState.RUNNING:
        return
    file, done = file_of(found), found.done
    rows = file.rows(skip=done)
    db.session.commit()
    while step := list(islice(rows, STEP_ROWS)):
        if not _take_step(found, file, done, step):
            return
        done += len(step)
        if should_stop():
            ring(import_id)
            return
    _finish(import_id)


def _take_step(found: ContactImport, file: ContactFile, done: int, step: list[Row]) -> bool:
    """Take in the next rows; False when another worker was there first."""
    good, problems = _sort_out(found, file, step)
    taken = db.session.execute(
        update(ContactImport)
        .where(ContactImport.id == found.id, ContactImport.done == done)
        .values(
            done=done + len(step),
            imported=ContactImport.imported + len(good),
            rejected=ContactImport.rejected + len(step) - len(good),
            touched_at=now(),
        )
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        db.session.rollback()
        return False
    service.add_many([asdict(contact) for contact in good])
    db.session.add_all(problems)
    db.session.commit()
    return True


def _sort_out(
    found: ContactImport, file: ContactFile, step: list[Row]
) -> tuple[list[ContactFields], list[ImportProblem]]:
    """The contacts that come in, and what keeps the other rows out."""
    good: list[ContactFields] = []
    problems: list[ImportProblem] = []
    known = _known_people(found, step)
    column = file.columns["email"]
    for row in step:
        if row.contact is None:
            problems += [_problem(found, row, error) for error in row.errors]
        elif (person := _identity(found, row.contact)) in known:
            error = CellError(column, "email", KNOWN_ADDRESS, row.contact.email)
            problems.append(_problem(found, row, error))
        else:
            known.add(person)
            good.append(row.contact)
    return good, problems


def _identity(found: ContactImport, contact: ContactFields) -> tuple[str, ...]:
    """What an import knows a person by: the address, and the name too where people share one."""
    if not found.allow_shared:
        return (contact.email.lower(),)
    return contact.email.lower(), contact.first_name.lower(), contact.last_name.lower()


def _known_people(found: ContactImport, step: list[Row]) -> set[tuple[str, ...]]:
    keys = [row.contact.email.lower() for row in step if row.contact]
    people = db.session.scalars(select(Contact).where(Contact.email_key.in_(keys)))
    return {_identity(found, _fields(person)) for person in people}


def _fields(person: Contact) -> ContactFields:
    return ContactFields(person.email, person.first_name, person.last_name)


def _problem(found: ContactImport, row: Row, error: CellError) -> ImportProblem:
    return ImportProblem(
        import_id=found.id,
        row=row.number,
        column=error.column,
        reason=error.reason,
        value=error.value,
    )


def _finish(import_id: int) -> None:
    """The file is done with: what it held of people who weren't taken in is forgotten."""
    db.session.execute(
        update(ContactImport)
        .where(ContactImport.id == import_id)
        .values(state=ImportState.FINISHED, content=None)
    )
    db.session.commit()
