"""The page of the mailbox: its form on the left, the live check on the right."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from portal.mail import providers
from portal.mail_settings import accounts, checks, service
from portal.mail_settings.forms import (
    DEFAULT_LEGAL_NOTICE,
    SMTP_FIELDS,
    MailSettingsForm,
    form_data,
    host_labels,
    preset,
    swapped,
)
from portal.mail_settings.texts import phase_rows, sentence
from portal.pages import is_fragment_wanted
from portal.permissions import requires

bp = Blueprint("mail_settings", __name__, url_prefix="/settings/email")


@bp.route("", methods=["GET", "POST"])
@requires("mail-settings")
def page() -> ResponseReturnValue:
    form = _form()
    if form.validate_on_submit():
        try:
            service.save(form.draft(), current_user)
        except service.PasswordNeeded:
            form.password.errors = [
                _("Enter the password: it is needed for a new server or user name.")
            ]
        else:
            return redirect(url_for("mail_settings.page"))
    return _page(form)


def _form() -> MailSettingsForm:
    """What was sent, over what the page shows at first. SMTP fields that were not sent are empty,
    to be filled from the host that was: what was saved belongs to another."""
    here = accounts.account()
    notice = accounts.legal_notice(here) if here else ""
    shown = form_data(accounts.latest_settings(), notice, current_user.email)
    if (host := request.args.get("host", "")) in providers.load():
        shown |= {"host": host, **preset(host)}
    if request.method == "POST":
        shown = {name: value for name, value in shown.items() if name not in SMTP_FIELDS}
    return MailSettingsForm(data=shown)


def _page(form: MailSettingsForm) -> ResponseReturnValue:
    """The page with the form; a new one shows what is the matter on its field."""
    context = _check_context(polled=False)
    found = context["trouble"]
    if not form.is_submitted() and found and found.field:
        form[found.field].errors = [sentence(found.cause, found.reply)]
    html = render_template(
        "mail_settings/page.html",
        form=form,
        status=service.status_shown(),
        hosts=host_labels(),
        default_notice=DEFAULT_LEGAL_NOTICE,
        saved=accounts.latest_settings(),
        **context,
    )
    return html, 422 if form.is_submitted() else 200


@bp.get("/host")
@requires("mail-settings")
def host() -> ResponseReturnValue:
    key = request.args.get("host", "other")
    shown = {name: request.args.get(name, "") for name in SMTP_FIELDS}
    fields = swapped(key, shown, accounts.latest_settings())
    form = MailSettingsForm(formdata=None, data={"host": key, **fields})
    return render_template("mail_settings/_smtp_fields.html", form=form)


@bp.route("/check", methods=["GET", "POST"])
@requires("mail-settings")
def check() -> ResponseReturnValue:
    if request.method == "POST":
        if not checks.start_check():
            flash(_("Save the settings first."), "warning")
        return redirect(url_for("mail_settings.page"))
    if is_fragment_wanted():
        return render_template("mail_settings/_check.html", **_check_context(polled=True))
    return _page(_form())


def _check_context(*, polled: bool) -> dict[str, Any]:
    """What the fragment shows. Only one that was polled for fetches the page once it is done."""
    check, trouble = checks.latest_check(), service.trouble()
    return {
        "check": check,
        "polled": polled,
        "phases": phase_rows(check),
        "trouble": trouble,
        "verdict": sentence(trouble.cause) if trouble else "",
    }
