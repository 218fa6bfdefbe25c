"""Campaigns: the list, and one page for draft, launch, progress and result."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from portal import consent, forms
from portal.admin.service import practice
from portal.campaigns import previews, service, steering
from portal.campaigns.forms import CampaignForm, LaunchForm
from portal.campaigns.recipients import KIND
from portal.campaigns.texts import (
    KEYWORD_MEANINGS,
    NOT_POSSIBLE,
    day_and_time,
    refused_sentence,
)
from portal.extensions import db
from portal.lists import BadCursor, Order, fetch_page, row_id
from portal.mail import keywords
from portal.models import Campaign, CampaignStatus, User
from portal.outbox import planning
from portal.pages import framed
from portal.permissions import requires

bp = Blueprint("campaigns", __name__, url_prefix="/campaigns")


@bp.get("")
@requires("campaigns")
def index() -> ResponseReturnValue:
    order = Order("date", (Campaign.created_at, Campaign.id), descending=True)
    try:
        page = fetch_page(
            select(Campaign),
            order,
            after=request.args.get("after", ""),
            before=request.args.get("before", ""),
        )
    except BadCursor:
        abort(400)
    return render_template(
        "campaigns/index.html", page=page, order=order, day_and_time=day_and_time
    )


@bp.route("/new", methods=["GET", "POST"])
@requires("campaigns")
def new() -> ResponseReturnValue:
    form = CampaignForm()
    if form.validate_on_submit():
        campaign = Campaign(created_by_id=current_user.id)
        form.populate_obj(campaign)
        db.session.add(campaign)
        db.session.commit()
        return redirect(url_for("campaigns.page", campaign_id=campaign.id))
    return forms.page("campaigns/new.html", form, keywords=_keywords())


@bp.route("/<int:campaign_id>", methods=["GET", "POST"])
@requires("campaigns")
def page(campaign_id: int) -> ResponseReturnValue:
    campaign = _campaign(campaign_id)
    form = CampaignForm(obj=campaign)
    if form.validate_on_submit():
        _hold(campaign)
        if campaign.status is not CampaignStatus.DRAFT:
            abort(409)
        form.populate_obj(campaign)
        db.session.commit()
        flash(_("Saved."))
        return redirect(url_for("campaigns.page", campaign_id=campaign.id))
    return _page(campaign, form)


@bp.post("/<int:campaign_id>/launch")
@requires("campaigns")
def launch(campaign_id: int) -> ResponseReturnValue:
    return _launched(campaign_id, service.launch)


@bp.post("/<int:campaign_id>/start")
@requires("campaigns")
def start(campaign_id: int) -> ResponseReturnValue:
    return _launched(campaign_id, service.start_now)


def _launched(
    campaign_id: int, launch: Callable[[Campaign, int, User], None]
) -> ResponseReturnValue:
    campaign = _campaign(campaign_id)
    form = LaunchForm()
    if not form.validate_on_submit():
        abort(400)
    _hold(campaign)
    try:
        launch(campaign, form.confirmed(), current_user)
    except service.LaunchRefused as refused:
        return _refused(campaign, refused_sentence(refused))
    return redirect(url_for("campaigns.page", campaign_id=campaign_id))


@bp.post("/<int:campaign_id>/pause")
@requires("campaigns")
def pause(campaign_id: int) -> ResponseReturnValue:
    return _steered(campaign_id, steering.pause)


@bp.post("/<int:campaign_id>/resume")
@requires("campaigns")
def resume(campaign_id: int) -> ResponseReturnValue:
    return _steered(campaign_id, steering.resume)


@bp.post("/<int:campaign_id>/cancel")
@requires("campaigns")
def cancel(campaign_id: int) -> ResponseReturnValue:
    return _steered(campaign_id, steering.cancel)


@bp.post("/<int:campaign_id>/retry")
@requires("campaigns")
def retry(campaign_id: int) -> ResponseReturnValue:
    return _steered(campaign_id, steering.retry)


@bp.post("/<int:campaign_id>/unschedule")
@requires("campaigns")
def unschedule(campaign_id: int) -> ResponseReturnValue:
    return _steered(campaign_id, steering.unschedule)


def _steered(campaign_id: int, steer: Callable[[int], None]) -> ResponseReturnValue:
    campaign = _campaign(campaign_id)
    try:
        steer(campaign_id)
    except steering.NotPossible:
        return _refused(campaign, str(NOT_POSSIBLE[steer]))
    return redirect(url_for("campaigns.page", campaign_id=campaign_id))


@bp.get("/<int:campaign_id>/progress")
@requires("campaigns")
def progress(campaign_id: int) -> ResponseReturnValue:
    return render_template("campaigns/_progress.html", **_progress_context(_campaign(campaign_id)))


@bp.get("/<int:campaign_id>/preview")
@requires("campaigns")
def preview(campaign_id: int) -> ResponseReturnValue:
    campaign = _campaign(campaign_id)
    shown = previews.preview(campaign, request.args.get("contact", type=row_id))
    return render_template("campaigns/_preview.html", campaign=campaign, shown=shown)


@bp.get("/<int:campaign_id>/preview/<int:contact_id>/mail")
@framed
@requires("campaigns")
def preview_mail(campaign_id: int, contact_id: int) -> ResponseReturnValue:
    shown = previews.preview(_campaign(campaign_id), contact_id)
    if not shown or shown.contact.id != contact_id:
        abort(404)
    return shown.mail.html


def _campaign(campaign_id: int) -> Campaign:
    return db.session.get(Campaign, campaign_id) or abort(404)


def _hold(campaign: Campaign) -> None:
    """See the campaign as it is now, and let nobody change it before the transaction ends."""
    db.session.refresh(campaign, with_for_update={"key_share": True})


def _refused(campaign: Campaign, sentence: str) -> ResponseReturnValue:
    """The page as it is now, which may be why."""
    db.session.refresh(campaign)
    return _page(campaign, CampaignForm(formdata=None, obj=campaign), sentence)


def _page(campaign: Campaign, form: CampaignForm, refused: str = "") -> ResponseReturnValue:
    context = _CONTEXTS.get(campaign.status, _progress_context)(campaign)
    html = render_template("campaigns/page.html", form=form, **{**context, "refused": refused})
    return html, 422 if refused or form.is_submitted() else 200


def _draft_context(campaign: Campaign) -> dict[str, Any]:
    return {**_scheduled_context(campaign), "keywords": _keywords()}


def _scheduled_context(campaign: Campaign) -> dict[str, Any]:
    obstacle = service.obstacle(campaign)
    recipients = consent.count_eligible(KIND)
    return {
        "campaign": campaign,
        "obstacle": refused_sentence(obstacle) if obstacle else None,
        "recipients": recipients,
        "launch_form": LaunchForm(formdata=None, data={"confirm": recipients}),
        "starts_at": day_and_time(campaign.scheduled_at) if campaign.scheduled_at else None,
        "shown": previews.preview(campaign, request.args.get("contact", type=row_id)),
        "moves": False,
    }


def _progress_context(campaign: Campaign) -> dict[str, Any]:
    return {
        "campaign": campaign,
        "moves": steering.is_moving(campaign),
        "forecast": planning.sentence(campaign),
        "refused": "",
    }


_CONTEXTS: dict[CampaignStatus, Callable[[Campaign], dict[str, Any]]] = {
    CampaignStatus.DRAFT: _draft_context,
    CampaignStatus.SCHEDULED: _scheduled_context,
}


def _keywords() -> list[tuple[str, Any]]:
    """The keywords to offer, in the practice's language, with their meaning."""
    here = practice()
    names = keywords.available(KIND, here.language if here else "en")
    meanings = [KEYWORD_MEANINGS[name] for name in keywords.AVAILABLE[KIND]]
    return list(zip(names, meanings, strict=True))
