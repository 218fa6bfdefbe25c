"""The page behind every mail's unsubscribe link: GET asks, POST acts. It knows no visitor: mail
programs post to it by themselves, without cookie or token (RFC 8058)."""

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from portal import consent
from portal.extensions import csrf, db
from portal.models import Contact, UnsubscribeToken

bp = Blueprint("unsubscribe", __name__)


@bp.route("/unsubscribe/<token>", methods=["GET", "POST"])
@csrf.exempt
def page(token: str) -> ResponseReturnValue:
    found = db.session.query(UnsubscribeToken).filter_by(token=token).one_or_none() or abort(404)
    contact = db.session.get_one(Contact, found.contact_id)
    done = consent.is_suppressed(contact, found.purpose)
    if request.method == "POST":
        consent.unsubscribe(contact, found.purpose)
        db.session.commit()
        done = True
    return render_template("unsubscribe/page.html", done=done)
