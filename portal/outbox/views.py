"""The sent list, its export, and one message with the mail as it went."""

import csv
import io
from collections.abc import Iterator

from flask import Blueprint, Response, abort, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from portal.extensions import db
from portal.lists import BadCursor, Order, row_id
from portal.mail.compose import Address, Mail
from portal.mail.findings import MEANINGS
from portal.mail_settings import accounts
from portal.models import Campaign, MailSettings, Message, MessageReply, MessageStatus
from portal.outbox import rendering, sent
from portal.outbox.texts import STATUS_NAMES, reason_sentence
from portal.pages import framed, local_iso
from portal.permissions import may, requires
from portal.troubleshooting.entries import entry_for
from portal.troubleshooting.paths import Place

bp = Blueprint("outbox", __name__)

CSV_COLUMNS = (
    "date",
    "recipient",
    "subject",
    "kind",
    "campaign",
    "status",
    "attempts",
    "reply",
    "message_id",
)
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
        stream_with_context(_csv_lines(filters, order)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": "attachment; filename=sent.csv"},
    )


def _csv_lines(filters: sent.Filters, order: Order) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(CSV_COLUMNS)
    for message in sent.export(filters, order):
        writer.writerow([_harmless(cell) for cell in _cells(message)])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _cells(message: Message) -> tuple[str, ...]:
    return (
        local_iso(message.status_at),
        message.recipient,
        message.subject,
        message.kind,
        message.campaign_name,
        message.status,
        str(message.attempts),
        message.reply or "",
        message.message_id,
    )


def _harmless(cell: str) -> str:
    """A cell that a spreadsheet won't run as a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


@bp.get("/sent/<int:message_id>")
@requires("sent")
def message(message_id: int) -> ResponseReturnValue:
    found = _message(message_id)
    earlier = select(MessageReply).where(MessageReply.message_id == found.id)
    return render_template(
        "outbox/message.html",
        message=found,
        mail=_mail(found) if found.recipient else None,
        sender=_sender(found),
        replies=db.session.scalars(earlier.order_by(MessageReply.id)).all(),
        reason_sentence=reason_sentence,
        way_out=_way_out(found) if may("mail-settings") else None,
    )


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
    return rendering.Renderer().compose(found, _sender(found), date, live=False)
