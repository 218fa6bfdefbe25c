"""The page of sending: limits, what is kept for appointments, mails in doubt."""

from flask import Blueprint, abort, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import forms
from portal.mail_settings import accounts
from portal.mail_settings.fill import OTHER
from portal.models import MailAccount
from portal.outbox.kinds import REPEATED
from portal.outbox.limits import Limits, limits_at, windows_of
from portal.permissions import requires
from portal.sending import service, texts
from portal.sending.forms import FIGURES, UNLIMITED, SendingForm

bp = Blueprint("sending", __name__, url_prefix="/settings/email/sending")


@bp.route("", methods=["GET", "POST"])
@requires("mail-settings")
def page() -> ResponseReturnValue:
    here = accounts.account() or abort(404)
    form = SendingForm.of(here)
    if form.validate_on_submit():
        service.save(here.id, form.limits(), form.reserved(), form.repeated())
        flash(_("Saved."))
        return redirect(url_for("sending.page"))
    return _page(here, form)


def _page(here: MailAccount, form: SendingForm) -> ResponseReturnValue:
    used = accounts.active_settings(here.id) or accounts.latest_settings()
    provider = used.provider if used else OTHER
    known = limits_at(provider)
    form.explain(texts.hints(known))
    return forms.page(
        "sending/page.html",
        form,
        figures=FIGURES,
        ticks=_ticks(known, form),
        kinds=list(REPEATED),
        uses=texts.uses(windows_of(here, limits_at(provider, here.limits))),
        waits=texts.wait_sentence(here),
    )


def _ticks(known: Limits, form: SendingForm) -> dict[str, str]:
    """Those of UNLIMITED that have a limit to lift, or lift one already."""
    return {
        name: tick for name, tick in UNLIMITED.items() if getattr(known, name) or form[tick].data
    }
