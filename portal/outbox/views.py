"""The sent list, one message with the mail as it went, and the mails in doubt."""

from datetime import datetime
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import or_, select

from portal.extensions import db
from portal.lists import BadCursor, Order, row_id
from portal.mail.compose import Address, Mail
from portal.mail.findings import MEANINGS
from portal.mail_settings import accounts
from portal.models import Campaign, Doubt, MailSettings, Message, MessageReply, MessageStatus
from portal.outbox import lookups, planning, rendering, sent, unconfirmed
from portal.outbox.export import csv_lines
from portal.outbox.texts import (
    LAST_COMMANDS,
    SETTLED_AS,
    STATUS_NAMES,
    WAS_SETTLED,
    mail_heading,
    reason_sentence,
    settled_sentence,
)
from portal.outbox.unconfirmed import Case, Outdated, Seen
from portal.pages import framed
from portal.permissions import may, requires
from portal.troubleshooting.entries import entry_for
from portal.troubleshooting.paths import Place

bp = Blueprint("outbox", __name__)

RECENT_CAMPAIGNS = 200


@bp.get("/sent")
@requires("sent")
def sent_list() -> ResponseReturnValue:
    filters, order = _asked()
    try:
        page = sent.page(
            filters,
            order,
            after=request.args.get("after", ""),
            before=request.args.get("before", ""),
        )
    except BadCursor:
        abort(400)
    recent = select(Campaign).order_by(Campaign.created_at.desc()).limit(RECENT_CAMPAIGNS)
    return render_template(
        "outbox/sent.html",
        page=page,
        order=order,
        filters=filters,
        status_names=STATUS_NAMES,
        campaigns=db.session.scalars(recent).all(),
    )


def _asked() -> tuple[sent.Filters, Order]:
    """Filters and order of the request. An unknown status finds nothing to show: 400."""
    args = request.args
    status = args.get("status") or None
    if status not in {None, *MessageStatus}:
        abort(400)
    filters = sent.Filters(
        status=MessageStatus(status) if status else None,
        campaign_id=args.get("campaign", type=row_id),
        kind=args.get("kind") or None,
    )
    return filters, sent.order_of(args.get("sort", ""), args.get("dir", ""))


@bp.get("/sent.csv")
@requires("sent")
def sent_csv() -> Response:
    filters, order = _asked()
    return Response(
        stream_with_context(csv_lines(filters, order)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": "attachment; filename=sent.csv"},
    )


@bp.get("/sent/<int:message_id>")
@requires("sent")
def message(message_id: int) -> ResponseReturnValue:
    found = _message(message_id)
    earlier = select(MessageReply).where(MessageReply.message_id == found.id)
    return render_template(
        "outbox/message.html",
        message=found,
        mail=_mail(found) if found.recipient else None,
        mail_heading=mail_heading(found),
        sender=_sender(found),
        replies=db.session.scalars(earlier.order_by(MessageReply.id)).all(),
        reason_sentence=reason_sentence,
        next_attempt_at=_next_attempt_at(found),
        moment=planning.moment,
        settled=unconfirmed.settled_doubts(found),
        **_evidence(unconfirmed.case_of(found)),
        way_out=_way_out(found) if may("mail-settings") else None,
    )


def _next_attempt_at(found: Message) -> datetime | None:
    is_refused = found.status is MessageStatus.DEFERRED
    return planning.next_attempt_at(found) if is_refused else None


def _way_out(found: Message) -> Place | None:
    """The step of the troubleshooting for what a server said of the mail."""
    if found.reason not in MEANINGS:
        return None
    return entry_for(found.reason, accounts.latest_settings())


@bp.get("/sent/<int:message_id>/mail")
@framed
@requires("sent")
def mail(message_id: int) -> ResponseReturnValue:
    found = _message(message_id)
    if not found.recipient:
        abort(404)
    return _mail(found).html


def _message(message_id: int) -> Message:
    return db.session.get(Message, message_id) or abort(404)


def _sender(found: Message) -> Address:
    """Whom the mail came from, or will as things stand."""
    settings = db.session.get(MailSettings, found.settings_id) if found.settings_id else None
    return rendering.sender_now() if settings is None else rendering.sender_of(settings)


def _mail(found: Message) -> Mail:
    """The mail as it went, or as it will go, but for its link to unsubscribe."""
    date = found.attempted_at or found.status_at
    return rendering.Renderer().compose(found, _sender(found), date)


def _evidence(case: Case | None = None) -> dict[str, Any]:
    """What the templates need to show a mail in doubt."""
    return {
        "case": case,
        "last_commands": LAST_COMMANDS,
        "settled_as": SETTLED_AS,
        "was_settled": WAS_SETTLED,
        "sent_folder_keeper": lookups.sent_folder_keeper(),
    }


@bp.get("/sent/unconfirmed")
@requires("settle")
def unconfirmed_list() -> ResponseReturnValue:
    return _unconfirmed_list()


def _unconfirmed_list(refused: str | None = None) -> ResponseReturnValue:
    args = request.args
    campaign_id = args.get("campaign", type=row_id)
    try:
        page = unconfirmed.page(
            campaign_id, after=args.get("after", ""), before=args.get("before", "")
        )
    except BadCursor:
        abort(400)
    if not page.rows and {"after", "before"} & set(args):  # the last of a page was settled
        return redirect(url_for("outbox.unconfirmed_list", **_place_in_list("campaign")))
    doubtful = select(Campaign).where(
        or_(Campaign.unconfirmed_count > 0, Campaign.id == campaign_id)
    )
    seen = unconfirmed.seen(campaign_id)
    html = render_template(
        "outbox/unconfirmed.html",
        page=page,
        order=unconfirmed.NEWEST_FIRST,
        seen=seen,
        unrepeatable=unconfirmed.unrepeatable(seen),
        campaigns=db.session.scalars(doubtful.order_by(Campaign.id.desc())).all(),
        refused=refused,
        **_evidence(),
    )
    return html, 422 if refused else 200


@bp.post("/sent/unconfirmed")
@requires("settle")
def settle_all() -> ResponseReturnValue:
    target = _settled_as()
    try:
        settled = unconfirmed.settle_all(_shown(), target, current_user)
    except Outdated:
        return _unconfirmed_list(_("The list has changed in the meantime. Look at it again."))
    flash(settled_sentence(settled, target))
    return redirect(url_for("outbox.unconfirmed_list", **_place_in_list("campaign")))


def _shown() -> Seen:
    """What the person was shown; a missing or wrong number is none that could be right."""
    form = request.form
    newest, count = form.get("newest", -1, type=row_id), form.get("count", -1, type=row_id)
    return Seen(newest, count, request.args.get("campaign", type=row_id))


def _settled_as() -> MessageStatus:
    target = request.form.get("settle")
    if target not in SETTLED_AS:
        abort(400)
    return MessageStatus(target)


def _place_in_list(*names: str) -> dict[str, Any]:
    return {name: request.args[name] for name in names if name in request.args}


@bp.post("/sent/unconfirmed/<int:doubt_id>")
@requires("settle")
def settle(doubt_id: int) -> ResponseReturnValue:
    """Back to the message's page where the person came from there, else to the list."""
    doubt = db.session.get(Doubt, doubt_id) or abort(404)
    message_id, target = doubt.message_id, _settled_as()
    flash(settled_sentence(unconfirmed.settle(doubt_id, target, current_user), target))
    if "message" in request.args:
        return redirect(url_for("outbox.message", message_id=message_id))
    place = _place_in_list("campaign", "after", "before")
    return redirect(url_for("outbox.unconfirmed_list", **place))
