"""Users and practice data."""

from flask import Blueprint, abort, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from portal import forms
from portal.admin import service
from portal.admin.forms import ROLE_NAMES, PracticeForm, UserForm
from portal.extensions import db, settings
from portal.models import User
from portal.permissions import requires

bp = Blueprint("admin", __name__, url_prefix="/settings")


@bp.route("/users", methods=["GET", "POST"])
@requires("users")
def users() -> ResponseReturnValue:
    form = UserForm()
    if form.validate_on_submit():
        try:
            added = service.add_user(
                forms.text(form.email),
                forms.text(form.password),
                form.role.data,
                current_user.language,
            )
        except service.EmailTaken:
            form.email.errors = [_("Someone with this address has an account already.")]
        else:
            flash(_("%(email)s can sign in now.", email=added.email))
            return redirect(url_for("admin.users"))
    everyone = db.session.scalars(select(User).order_by(User.email)).all()
    return forms.page("admin/users.html", form, users=everyone, role_names=ROLE_NAMES)


@bp.post("/users/<int:user_id>/disable", endpoint="disable_user", defaults={"active": False})
@bp.post("/users/<int:user_id>/enable", endpoint="enable_user", defaults={"active": True})
@requires("users")
def set_active(user_id: int, active: bool) -> ResponseReturnValue:
    user = db.session.get(User, user_id) or abort(404)
    try:
        service.set_active(user, active)
    except service.LastAdministrator:
        flash(_("There must be one administrator who can sign in."), "warning")
    return redirect(url_for("admin.users"))


@bp.route("/practice", methods=["GET", "POST"])
@requires("practice")
def practice_page() -> ResponseReturnValue:
    here = service.practice()
    form = PracticeForm(obj=here, data={"practice_name": here.name} if here else None)
    if form.validate_on_submit():
        service.change_practice(
            name=forms.text(form.practice_name),
            language=form.language.data,
            time_zone=forms.text(form.time_zone),
            address=forms.text(form.base_url),
        )
        flash(_("Saved."))
        return redirect(url_for("admin.practice_page"))
    return forms.page("admin/practice.html", form, fixed_address=settings().base_url)
