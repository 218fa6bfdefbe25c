"""The way out of a mailbox's trouble, one plain page for each kind."""

from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from portal.mail import providers
from portal.mail_settings import accounts, service
from portal.mail_settings.server_texts import notices
from portal.oauth.offer import offer_again
from portal.permissions import requires
from portal.troubleshooting.steps import GUIDES, guide_of

bp = Blueprint("troubleshooting", __name__, url_prefix="/settings/email/troubleshoot")


@bp.get("")
@requires("mail-settings")
def index() -> ResponseReturnValue:
    """The way for what is the matter now; every way when nothing is."""
    if trouble := service.trouble():
        return redirect(url_for("troubleshooting.guide", guide=guide_of(trouble.cause)))
    return render_template("troubleshooting/index.html", guides=GUIDES)


@bp.get("/<guide>")
@requires("mail-settings")
def guide(guide: str) -> ResponseReturnValue:
    if guide not in GUIDES:
        abort(404)
    saved = accounts.latest_settings()
    provider = providers.load().get(saved.provider) if saved else None
    return render_template(
        "troubleshooting/guide.html",
        guide=GUIDES[guide],
        provider=provider,
        notices=notices(provider, str(get_locale())) if provider else None,
        offer=offer_again(saved) if guide == "oauth2" else None,
    )
