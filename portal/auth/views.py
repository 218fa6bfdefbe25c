"""Set-up, signing in and out, and the language of the person."""

import re

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_limiter.util import get_remote_address
from flask_login import current_user, login_user, logout_user
from limits import parse
from werkzeug import Response
from werkzeug.urls import iri_to_uri

from portal import forms
from portal.admin import service as practice
from portal.auth import service
from portal.auth.forms import LoginForm, SetupForm
from portal.config import is_base_url
from portal.extensions import limiter, settings
from portal.permissions import requires

bp = Blueprint("auth", __name__)

# A path; what browsers take for the start of another site's address is none.
INSIDE = re.compile(r"/(?!/)[^\x00-\x20\\]*")


@bp.route("/setup", methods=["GET", "POST"])
def setup() -> ResponseReturnValue:
    if practice.has_users() or not service.is_setup_token(settings(), _token()):
        abort(404)
    form = SetupForm(data=_proposals(), token=_token())
    if form.validate_on_submit():
        user = practice.set_up(
            email=forms.text(form.email),
            password=forms.text(form.password),
            name=forms.text(form.practice_name),
            language=form.language.data,
            time_zone=forms.text(form.time_zone),
            address=_address(),
        )
        login_user(user)
        return redirect(url_for("home.index"))
    return forms.page("auth/setup.html", form, zones=practice.TIME_ZONES)


def _token() -> str:
    return request.values.get("token", "")


def _address() -> str:
    """Where the portal was reached, as a mail's header can hold it: its host as IDNA."""
    try:
        reached = iri_to_uri(request.url_root)
    except ValueError:
        reached = ""
    return reached if is_base_url(reached) else practice.bound_address()


def _proposals() -> dict[str, str]:
    """What the form starts from; the zone follows a language that was sent without one."""
    language = request.form.get("language", "")
    if language not in practice.LANGUAGES:
        language = str(get_locale())
    return {"language": language, "time_zone": practice.TIME_ZONES[language]}


def _limit_of_network() -> str:
    """For all sign-in attempts from a network address, so that nobody tries many addresses there:
    ten times what a single one is allowed, since a practice shares its network address."""
    limit = parse(settings().login_limit)
    return f"{limit.amount * 10} per {limit.multiples} {limit.GRANULARITY.name}"


def _attempt() -> str:
    """Whose sign-in attempts are counted together: an address from one network address."""
    return f"{request.form.get('email', '').strip().lower()} {get_remote_address()}"


@bp.route("/login", methods=["GET", "POST"])
@limiter.limit(_limit_of_network, methods=["POST"])
@limiter.limit(lambda: settings().login_limit, methods=["POST"], key_func=_attempt)
def login() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(url_for("home.index"))
    form = LoginForm()
    if form.validate_on_submit():
        if user := service.authenticate(forms.text(form.email), forms.text(form.password)):
            login_user(user)
            return redirect(_next_page())
        form.password.errors = [_("The address or the password is not right.")]
    return forms.page("auth/login.html", form)


def _next_page() -> str:
    """Where the person wanted to go, if that is a page of this portal."""
    target = request.args.get("next", "")
    return target if INSIDE.fullmatch(target) else url_for("home.index")


@bp.post("/logout")
@requires("home")
def logout() -> Response:
    logout_user()
    return redirect(url_for("auth.login"))


@bp.post("/language")
@requires("home")
def language() -> Response:
    chosen = request.form.get("language", "")
    if chosen not in practice.LANGUAGES:
        abort(400)
    practice.change_language(current_user, chosen)
    return redirect(_next_page())
