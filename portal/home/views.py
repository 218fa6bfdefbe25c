"""The home page, the way to ask an administrator for help, and the sign of life."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.exceptions import HTTPException

from portal.campaigns.texts import day_and_time
from portal.home import service
from portal.mail_settings.help import ask
from portal.outbox import planning
from portal.permissions import requires

bp = Blueprint("home", __name__)


@bp.get("/")
@requires("home")
def index() -> ResponseReturnValue:
    return render_template(
        "home/index.html",
        home=service.overview(),
        forecast_of=planning.sentence,
        day_and_time=day_and_time,
    )


@bp.post("/ask-administrator")
@requires("home")
def ask_administrator() -> ResponseReturnValue:
    if ask(current_user):
        flash(_("The administrators see on their home page that you asked."))
    else:
        flash(_("Nothing is wrong with the mailbox any more."))
    return redirect(_page_before())


def _page_before() -> str:
    """The page of this portal that the person asked from, without its query; the home page where
    it is none that can be opened again. Built anew, so that it never leads elsewhere."""
    pages = current_app.url_map.bind("")
    try:
        endpoint, arguments = pages.match(request.args.get("next", ""), method="GET")
    except HTTPException:
        return url_for("home.index")
    return url_for(endpoint, **arguments)


@bp.get("/healthz")
def healthz() -> ResponseReturnValue:
    return "alive\n", 200, {"Content-Type": "text/plain"}
