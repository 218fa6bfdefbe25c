"""The page of the mailbox: saving it, checking it, and what its form fills in."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user

from portal.forms import text
from portal.mail import providers
from portal.mail_settings import accounts, checks, fill, service
from portal.mail_settings.completing import Completed
from portal.mail_settings.forms import MailSettingsForm
from portal.mail_settings.server_texts import filled_sentence, mended_sentences, password_missing
from portal.mail_settings.showing import (
    check_context,
    other_fields,
    server_context,
    settings_page,
)
from portal.models import MailSettings
from portal.oauth.forms import TenantForm
from portal.pages import is_fragment_wanted
from portal.permissions import requires

bp = Blueprint("mail_settings", __name__, url_prefix="/settings/email")


@bp.route("", methods=["GET", "POST"])
@requires("mail-settings")
def page() -> ResponseReturnValue:
    return _save() if request.method == "POST" else _page()


def _save() -> ResponseReturnValue:
    form = MailSettingsForm(data=other_fields(current_user))
    completed = form.complete(accounts.latest_settings())
    if form.validate():
        try:
            service.save(form.draft(), current_user)
        except service.PasswordNeeded:
            _ask_for_password(form)
        else:
            _say_what_was_done(completed, text(form.email))
            return redirect(url_for("mail_settings.page"))
    return settings_page(form, completed.part, mended_sentences(completed.mended))


def _say_what_was_done(completed: Completed, address: str) -> None:
    if completed.part.found:
        flash(filled_sentence(completed.part, address))
    for said in mended_sentences(completed.mended):
        flash(said)


def _ask_for_password(form: MailSettingsForm) -> None:
    form.password.errors = [password_missing(providers.load().get(form.host.data))]


def _page() -> ResponseReturnValue:
    form, part = _first_form()
    return settings_page(
        form,
        part,
        tenant_form=TenantForm.of(request.args.get("tenant", "")),
        withdraw=request.args.getlist("withdraw"),
    )


def _first_form() -> tuple[MailSettingsForm, fill.Part]:
    """What was saved, or what is known from the person's own address; or what a link has."""
    saved = accounts.latest_settings()
    others = other_fields(current_user)
    address = saved.email if saved else current_user.email
    sent = {**dict(parse_qsl(request.args.get("shown", ""))), **request.args}
    if (host := sent.get("host", "")) in providers.load():
        part = _form_before_them(sent, sent.get("email", address)).choose(host)
        named = ("email", "username", "sender_name")
        others = {**others, **{name: sent[name] for name in named if name in sent}}
    else:
        part = fill.for_address(address, saved) if saved else fill.for_own_address(address)
    return MailSettingsForm.showing(part, **others), part


@bp.get("/host")
@requires("mail-settings")
def host() -> ResponseReturnValue:
    key = request.args.get("host", fill.OTHER)
    known = key == fill.FIND_IT or key in providers.load()
    shown = _form_before_them(request.args, request.args.get("email", ""))
    return _server(shown.choose(key if known else fill.OTHER))


@bp.get("/detect")
@requires("mail-settings")
def detect() -> ResponseReturnValue:
    return _server(_form_before_them(request.args, request.args.get("email", "")).look_up())


def _form_before_them(sent: Mapping[str, str], address: str) -> fill.Form:
    """The server's part as the browser shows it."""
    shown = {name: sent.get(name, "") for name in fill.FIELDS}
    if shown["host"] not in providers.load():
        shown["host"] = fill.FIND_IT
    filled = fill.unpack(sent.get("filled", ""))
    return fill.Form(shown, filled, address, accounts.latest_settings())


def _server(part: fill.Part) -> ResponseReturnValue:
    form = MailSettingsForm.showing(
        part,
        email=request.args.get("email", ""),
        username=request.args.get("username", ""),
        allow_unencrypted="allow_unencrypted" in request.args,
    )
    return render_template("mail_settings/_filled.html", **server_context(form, part))


@bp.route("/check", methods=["GET", "POST"])
@requires("mail-settings")
def check() -> ResponseReturnValue:
    if request.method == "POST":
        return _started(checks.start_check())
    if is_fragment_wanted():
        return render_template("mail_settings/_check.html", **check_context(polled=True))
    return _page()


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
    form = MailSettingsForm.showing(part, **other_fields(current_user))
    _ask_for_password(form)
    return settings_page(form, part)
