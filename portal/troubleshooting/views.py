"""The wizard: a page for each step, the live check at its foot, and the letter to somebody who can
help."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user

from portal.extensions import db
from portal.forms import text
from portal.mail import providers
from portal.mail_settings import checks, service
from portal.mail_settings.forms import MailSettingsForm
from portal.mail_settings.server_texts import mended_sentences, password_missing
from portal.mail_settings.showing import other_fields
from portal.pages import is_fragment_wanted
from portal.permissions import requires
from portal.troubleshooting import forms, leading, notes, walks
from portal.troubleshooting.entries import KINDS, entry_for
from portal.troubleshooting.letters import letter
from portal.troubleshooting.paths import Place, Step, load, step_at
from portal.troubleshooting.showing import check_context, step_context, step_url
from portal.troubleshooting.texts import fill, values

bp = Blueprint("troubleshooting", __name__, url_prefix="/settings/email/troubleshoot")


@bp.get("")
@requires("mail-settings")
def index() -> ResponseReturnValue:
    """Where to go on, or begin; every path when there is nothing to begin with."""
    now = walks.as_it_is()
    to = leading.where_to(now)
    return redirect(step_url(to) if to else url_for("troubleshooting.paths"))


@bp.get("/paths")
@requires("mail-settings")
def paths() -> ResponseReturnValue:
    """Every path, for whoever wants to choose."""
    now = walks.as_it_is()
    to = leading.where_to(now)
    every = [path for path in load(str(get_locale())).values() if not path.after_success]
    own = [path for path in every if now.saved and now.saved.provider in path.providers]
    return render_template(
        "troubleshooting/paths.html",
        own=own,
        others=[path for path in every if path not in own],
        go_on=step_at(to, str(get_locale())) if to else None,
        walk=now.walk,
        named=values(now.saved),
        fill=fill,
    )


@bp.get("/<path>")
@requires("mail-settings")
def path(path: str) -> ResponseReturnValue:
    """The path's first step; of a kind of trouble the step that it leads to."""
    found = load(str(get_locale())).get(path)
    if not found and path not in KINDS:
        abort(404)
    to = found.start.place if found else entry_for(path, walks.as_it_is().saved)
    return redirect(step_url(to))


def _step(path: str, step: str) -> Step:
    return step_at(Place(path, step), str(get_locale())) or abort(404)


@bp.route("/<path>/<step>", methods=["GET", "POST"])
@requires("mail-settings")
def step(path: str, step: str) -> ResponseReturnValue:
    found = _step(path, step)
    return _answered(found) if request.method == "POST" else _page(found)


def _page(step: Step, form: MailSettingsForm | None = None, **more: Any) -> ResponseReturnValue:
    """The step; 422 where what was sent can't be taken."""
    now = walks.as_it_is()
    if leading.is_too_early(step.place, now):
        return redirect(url_for("troubleshooting.index"))
    context = {"note_form": forms.NoteForm(formdata=None), "unanswered": False, **more}
    html = render_template("troubleshooting/step.html", **context, **step_context(step, now, form))
    return html, 422 if request.method == "POST" else 200


def _answered(step: Step) -> ResponseReturnValue:
    """Go on by the answer that was pressed, or without a question to the step behind. From an old
    tab that told of a working mailbox nothing is taken once it fails."""
    if leading.is_too_early(step.place, walks.as_it_is()):
        return redirect(url_for("troubleshooting.index"))
    number = request.form.get("answer", default=0, type=int)
    if not 0 <= number <= len(step.answers) or not (number or step.next):
        return _page(step, unanswered=True)
    return redirect(step_url(walks.answer(step, number, current_user)))


@bp.route("/<path>/<step>/check", methods=["GET", "POST"])
@requires("mail-settings")
def check(path: str, step: str) -> ResponseReturnValue:
    """Check now, by what is typed here or was saved; and how that goes. Once it has ended, the
    step leads on."""
    found, starts = _step(path, step), request.method == "POST"
    if not found.is_checked or (starts and found.does.check is None):
        abort(404)
    return _start(found) if starts else _progress(found)


def _start(step: Step) -> ResponseReturnValue:
    saved = walks.as_it_is().saved
    if not saved:
        flash(_("Save the settings first."), "warning")
        return redirect(url_for("mail_settings.page"))
    others, fields = other_fields(current_user), step.does.check
    form = forms.sent(saved, others, fields, request.form) if fields else None
    if form and not form.validate():
        return _page(step, form)
    walks.stay(step, current_user)
    if form and not _save(form):
        return _page(step, form)
    if not form:
        _start_saved(step)
    db.session.commit()
    return redirect(url_for("troubleshooting.check", path=step.place.path, step=step.place.step))


def _save(form: MailSettingsForm) -> bool:
    """Save what was typed, which starts its check. False where the password is needed for that, and
    the form says so."""
    try:
        service.save(form.draft(), current_user)
    except service.PasswordNeeded:
        db.session.rollback()
        form.password.errors = [password_missing(providers.load().get(form.host.data))]
        return False
    for said in mended_sentences(form.completed.mended if form.completed else ()):
        flash(said)
    return True


def _start_saved(step: Step) -> None:
    if step.does.test:
        checks.start_test(current_user.email, str(get_locale()))
    else:
        checks.start_check()


def _progress(step: Step) -> ResponseReturnValue:
    now = walks.as_it_is()
    if not now.is_checking:
        return _led_on(step_url(leading.led_on(step, now)))
    if is_fragment_wanted():
        return render_template("troubleshooting/_check.html", **check_context(step, now))
    return _page(step)


def _led_on(url: str) -> ResponseReturnValue:
    """To another page; htmx would put that into the place of the fragment."""
    if is_fragment_wanted():
        return "", 204, {"HX-Redirect": url}
    return redirect(url)


@bp.get("/<path>/<step>/letter")
@requires("mail-settings")
def letter_page(path: str, step: str) -> ResponseReturnValue:
    """A letter for whoever can help with the step."""
    found, now = _step(path, step), walks.as_it_is()
    return render_template(
        "troubleshooting/letter.html",
        step=found,
        letter=letter(now, found.does.letter),
    )


@bp.route("/<path>/<step>/notes", methods=["GET", "POST"])
@requires("mail-settings")
def write_note(path: str, step: str) -> ResponseReturnValue:
    """Write a note down; the address of one that was refused leads back to the step."""
    found, form = _step(path, step), forms.NoteForm()
    if request.method == "GET":
        return redirect(step_url(found.place))
    if not form.validate():
        return _page(found, note_form=form)
    notes.write(text(form.note), current_user)
    return redirect(step_url(found.place) + "#notes")


@bp.post("/<path>/<step>/notes/<int:note_id>/delete")
@requires("mail-settings")
def delete_note(path: str, step: str, note_id: int) -> ResponseReturnValue:
    found = _step(path, step)
    notes.remove(note_id)
    return redirect(step_url(found.place) + "#notes")
