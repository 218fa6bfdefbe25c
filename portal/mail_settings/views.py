"""The page of the mailbox: its form on the left, the live check on the right."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user

from portal.forms import text
from portal.mail import providers
from portal.mail.providers import Endpoint
from portal.mail.smtp import Security
from portal.mail_settings import accounts, checks, fill, service
from portal.mail_settings.accounts import Trouble
from portal.mail_settings.completing import Completed
from portal.mail_settings.forms import DEFAULT_LEGAL_NOTICE, MailSettingsForm, other_fields
from portal.mail_settings.phases import phase_rows, state_shown
from portal.mail_settings.server_texts import (
    SECURITY_NAMES,
    filled_sentence,
    found_sentence,
    kept_sentences,
    label,
    mended_sentences,
    notices,
)
from portal.mail_settings.texts import correction, reason, sentence
from portal.models import AccountStatus, CheckState, MailAccount, MailSettings, SettingsState
from portal.pages import is_fragment_wanted
from portal.permissions import requires
from portal.troubleshooting.steps import guide_of

bp = Blueprint("mail_settings", __name__, url_prefix="/settings/email")


@bp.route("", methods=["GET", "POST"])
@requires("mail-settings")
def page() -> ResponseReturnValue:
    return _save() if request.method == "POST" else _page(*_first_form())


def _save() -> ResponseReturnValue:
    form = MailSettingsForm(data=_other_fields())
    completed = form.complete(accounts.latest_settings())
    if form.validate():
        try:
            service.save(form.draft(), current_user)
        except service.PasswordNeeded:
            _ask_for_password(form)
        else:
            _say_what_was_done(completed, text(form.email))
            return redirect(url_for("mail_settings.page"))
    return _page(form, completed.part, mended_sentences(completed.mended))


def _say_what_was_done(completed: Completed, address: str) -> None:
    if completed.part.found:
        flash(filled_sentence(completed.part, address))
    for said in mended_sentences(completed.mended):
        flash(said)


def _ask_for_password(form: MailSettingsForm) -> None:
    form.password.errors = [
        _(
            "Enter the password: for another server or user name, or for less encryption, it is "
            "asked anew."
        )
    ]


def _other_fields() -> Mapping[str, object]:
    here = accounts.account()
    notice = accounts.legal_notice(here) if here else ""
    return other_fields(accounts.latest_settings(), notice, current_user.email)


def _first_form() -> tuple[MailSettingsForm, fill.Part]:
    """What was saved, or what is known from the person's own address; or the host of a link."""
    saved = accounts.latest_settings()
    address = saved.email if saved else current_user.email
    if (host := request.args.get("host", "")) in providers.load():
        values = fill.for_host(host, address, saved)
        part = fill.Part(values, values)
    else:
        part = fill.for_address(address, saved) if saved else fill.for_own_address(address)
    return MailSettingsForm.showing(part, **_other_fields()), part


def _page(
    form: MailSettingsForm, part: fill.Part, mended: Sequence[str] = ()
) -> ResponseReturnValue:
    """The page with the form; a new one shows what is the matter on its field."""
    context = _check_context(polled=False)
    found = context["trouble"]
    if not form.is_submitted() and found and found.field:
        form.mark(found.field, context["correction"])
    html = render_template(
        "mail_settings/page.html",
        status=service.status_shown(),
        hosts={key: label(key) for key in providers.load()},
        default_notice=DEFAULT_LEGAL_NOTICE,
        saved=accounts.latest_settings(),
        mended=mended,
        **_server_context(form, part),
        **context,
    )
    return html, 422 if form.is_submitted() else 200


def _server_context(form: MailSettingsForm, part: fill.Part) -> dict[str, Any]:
    """What the server's part shows, on the page and by itself."""
    host = providers.load().get(part.shown["host"])
    return {
        "form": form,
        "found": found_sentence(part.found, text(form.email)) if part.found else "",
        "kept": kept_sentences(part),
        "notices": notices(host, str(get_locale())) if host else None,
    }


@bp.get("/host")
@requires("mail-settings")
def host() -> ResponseReturnValue:
    key = request.args.get("host", fill.OTHER)
    known = key == fill.FIND_IT or key in providers.load()
    return _server(_form_before_them().choose(key if known else fill.OTHER))


@bp.get("/detect")
@requires("mail-settings")
def detect() -> ResponseReturnValue:
    return _server(_form_before_them().look_up())


def _form_before_them() -> fill.Form:
    """The server's part as the browser shows it."""
    sent = request.args
    shown = {name: sent.get(name, "") for name in fill.FIELDS}
    if shown["host"] not in providers.load():
        shown["host"] = fill.FIND_IT
    filled = fill.unpack(sent.get("filled", ""))
    return fill.Form(shown, filled, sent.get("email", ""), accounts.latest_settings())


def _server(part: fill.Part) -> ResponseReturnValue:
    form = MailSettingsForm.showing(
        part,
        email=request.args.get("email", ""),
        username=request.args.get("username", ""),
        allow_unencrypted="allow_unencrypted" in request.args,
    )
    return render_template("mail_settings/_server.html", **_server_context(form, part))


@bp.route("/check", methods=["GET", "POST"])
@requires("mail-settings")
def check() -> ResponseReturnValue:
    if request.method == "POST":
        return _started(checks.start_check())
    if is_fragment_wanted():
        return render_template("mail_settings/_check.html", **_check_context(polled=True))
    return _page(*_first_form())


@bp.post("/test")
@requires("mail-settings")
def test() -> ResponseReturnValue:
    return _started(checks.start_test(current_user.email, str(get_locale())))


def _started(started: object) -> ResponseReturnValue:
    if not started:
        flash(_("Save the settings first."), "warning")
    return redirect(url_for("mail_settings.page"))


@bp.post("/alternative")
@requires("mail-settings")
def alternative() -> ResponseReturnValue:
    """Take what the check found. Another server asks for the password anew."""
    saved, check = accounts.latest_settings(), checks.latest_check()
    try:
        used = service.use_alternative(current_user)
    except service.PasswordNeeded:
        used = None
        if saved and check and check.alternative:
            return _form_with(saved, check.alternative)
    if not used:
        flash(_("There is nothing to take over any more: check again."), "warning")
    return redirect(url_for("mail_settings.page"))


def _form_with(saved: MailSettings, place: Mapping[str, Any]) -> ResponseReturnValue:
    smtp = (place["host"], str(place["port"]), place["security"])
    values = {**fill.of_settings(saved), **dict(zip(fill.SMTP_FIELDS, smtp, strict=True))}
    part = fill.Part(values, values)
    form = MailSettingsForm.showing(part, **_other_fields())
    _ask_for_password(form)
    return _page(form, part)


def _check_context(*, polled: bool) -> dict[str, Any]:
    """What the fragment shows. Only one that was polled for fetches the page once it is done."""
    check, here, saved = checks.latest_check(), accounts.account(), accounts.latest_settings()
    state = state_shown(check)
    trouble = None if state is CheckState.RUNNING else service.trouble()
    limited = here if here and here.status is AccountStatus.LIMITED else None
    instead = check.alternative if check and state is CheckState.FAILED else None
    return {
        "check": check,
        "check_state": state,
        "polled": polled,
        "phases": phase_rows(check),
        "trouble": trouble,
        "instead": instead,
        **_verdict(trouble, saved, instead),
        "guide": guide_of(trouble.cause) if trouble else "",
        "limited_until": limited.limited_until if limited else None,
        "others_at_work": _others_at_work(here, saved),
        "checked_server": saved.smtp_server if saved else "",
        "security_names": SECURITY_NAMES,
    }


def _others_at_work(here: MailAccount | None, saved: MailSettings | None) -> bool:
    """Whether mail goes out by settings before the ones shown."""
    works = here is not None and here.status is AccountStatus.WORKING
    return works and saved is not None and saved.state is SettingsState.CANDIDATE


def _verdict(
    trouble: Trouble | None, saved: MailSettings | None, instead: Mapping[str, Any] | None
) -> dict[str, str]:
    """What is the matter, for the panel, and what to do, for the field to correct."""
    if not trouble or not saved:
        return {"verdict": "", "correction": ""}
    if not instead:
        told = sentence(trouble.cause), sentence(trouble.cause, trouble.reply)
    else:
        security = cast(Security, saved.security)
        places = Endpoint(saved.smtp_server, saved.smtp_port, security), Endpoint(**instead)
        told = reason(trouble.cause, *places), correction(trouble.cause, trouble.reply, *places)
    return dict(zip(("verdict", "correction"), told, strict=True))
