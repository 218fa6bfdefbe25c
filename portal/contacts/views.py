"""Contacts: the list, one person, and the import of a file."""

from itertools import islice
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from portal import consent, forms
from portal.contacts import imports, service
from portal.contacts.forms import FIELDS, ConfirmForm, ContactForm, UploadForm
from portal.contacts.reading import NotAContactFile
from portal.contacts.texts import cell_sentence, file_sentence
from portal.extensions import db
from portal.lists import BadCursor
from portal.models import Contact, ContactImport, ImportProblem, ImportState, Purpose
from portal.pages import is_fragment_wanted
from portal.permissions import requires

bp = Blueprint("contacts", __name__, url_prefix="/contacts")

SAMPLE_ROWS = 5
SHOWN_PROBLEMS = 500


@bp.get("")
@requires("contacts")
def index() -> ResponseReturnValue:
    args = request.args
    try:
        page, order = service.page(
            args.get("sort", ""),
            args.get("dir", ""),
            after=args.get("after", ""),
            before=args.get("before", ""),
        )
    except BadCursor:
        abort(400)
    return render_template("contacts/index.html", page=page, order=order)


@bp.route("/new", methods=["GET", "POST"])
@requires("contacts")
def new() -> ResponseReturnValue:
    form = ContactForm()
    if form.validate_on_submit():
        contact = service.save(Contact(), form.fields())
        db.session.commit()
        flash(_("%(name)s was added.", name=contact.full_name or contact.email))
        return redirect(url_for("contacts.index"))
    return forms.page("contacts/edit.html", form, contact=None)


@bp.route("/<int:contact_id>", methods=["GET", "POST"])
@requires("contacts")
def edit(contact_id: int) -> ResponseReturnValue:
    contact = db.session.get(Contact, contact_id) or abort(404)
    form = ContactForm(data={name: getattr(contact, name) for name in FIELDS})
    if form.validate_on_submit():
        service.save(contact, form.fields())
        db.session.commit()
        flash(_("Saved."))
        return redirect(url_for("contacts.edit", contact_id=contact.id))
    unsubscribed = consent.is_suppressed(contact, Purpose.MARKETING)
    return forms.page("contacts/edit.html", form, contact=contact, unsubscribed=unsubscribed)


@bp.route("/import", methods=["GET", "POST"])
@requires("contacts")
def upload() -> ResponseReturnValue:
    form = UploadForm()
    if form.validate_on_submit():
        sent: FileStorage = form.file.data
        try:
            found = imports.upload(sent.filename or "", sent.read(), current_user)
        except NotAContactFile as error:
            form.file.errors = [file_sentence(error)]
        else:
            return redirect(url_for("contacts.import_page", import_id=found.id))
    return forms.page("contacts/upload.html", form)


@bp.route("/import/<int:import_id>", methods=["GET", "POST"])
@requires("contacts")
def import_page(import_id: int) -> ResponseReturnValue:
    found = db.session.get(ContactImport, import_id) or abort(404)
    form = ConfirmForm()
    if form.validate_on_submit():
        imports.confirm(found, form.allow_shared.data)
        return redirect(url_for("contacts.import_page", import_id=found.id))
    if is_fragment_wanted():
        return render_template("contacts/_import.html", **_import_context(found))
    return forms.page("contacts/import.html", form, **_import_context(found))


def _import_context(found: ContactImport) -> dict[str, Any]:
    problems: list[ImportProblem] = []
    if found.state is ImportState.FINISHED:
        query = select(ImportProblem).where(ImportProblem.import_id == found.id)
        by_row = query.order_by(ImportProblem.row, ImportProblem.id)
        problems = list(db.session.scalars(by_row.limit(SHOWN_PROBLEMS)))
    file = imports.file_of(found) if found.state is ImportState.UPLOADED else None
    return {
        "found": found,
        "file": file,
        "sample": list(islice(file.rows(), SAMPLE_ROWS)) if file else [],
        "problems": problems,
        "cell_sentence": cell_sentence,
    }
