"""The home page, and the sign of life."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from portal.home import service
from portal.permissions import requires

bp = Blueprint("home", __name__)


@bp.get("/")
@requires("home")
def index() -> ResponseReturnValue:
    return render_template("home/index.html", home=service.overview())


@bp.get("/healthz")
def healthz() -> ResponseReturnValue:
    return "alive\n", 200, {"Content-Type": "text/plain"}
