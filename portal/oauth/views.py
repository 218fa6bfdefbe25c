"""Signing in at Google or Microsoft: the way there and back, the way out, and the page that tells
whoever runs the portal how to register it there."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from portal.admin.service import base_url
from portal.extensions import settings
from portal.forms import text
from portal.mail import oauth
from portal.mail.findings import Finding
from portal.mail.oauth import AuthorizationServer, Client, OAuthFault
from portal.mail_settings import accounts
from portal.mail_settings.forms import MailSettingsForm
from portal.mail_settings.grants import client_of
from portal.mail_settings.server_texts import mended_sentences
from portal.mail_settings.showing import other_fields, settings_page
from portal.mail_settings.texts import sentence
from portal.oauth import offer, service
from portal.oauth.forms import TenantForm
from portal.oauth.registration import is_opened_elsewhere
from portal.oauth.texts import STEPS
from portal.permissions import requires
from portal.troubleshooting.entries import entry
from portal.troubleshooting.paths import Place, step_at

bp = Blueprint("oauth", __name__, url_prefix="/settings/email/sign-in")

KEPT = "oauth"  # the key of the session under which a sign-in on its way is


@bp.get("")
@requires("mail-settings")
def guide() -> ResponseReturnValue:
    """How this portal is registered at the providers, with the values to paste."""
    return render_template(
        "oauth/guide.html",
        servers=oauth.load().values(),
        missing=offer.missing,
        redirect_uri=offer.redirect_uri,
        refusal=offer.refusal_sentence,
        steps=STEPS,
        address=base_url(),
        fixed_address=settings().base_url,
        opened_elsewhere=is_opened_elsewhere(base_url(), request.url_root),
    )


@bp.get("/<issuer>")
@requires("mail-settings")
def start(issuer: str) -> ResponseReturnValue:
    """The way to the provider, with the form's fields to save the mailbox by afterwards; from a
    link on another site, whose fields nobody here has seen, to the form only."""
    server, client = _server(issuer), client_of(issuer)
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        return redirect(url_for("mail_settings.page"))
    if client is None or offer.refusal_sentence(server):
        return redirect(url_for("oauth.guide", _anchor=issuer))
    form, tenant_form = _form_of_link(issuer), _tenant_form(server)
    completed = form.complete(accounts.latest_settings())
    if not (form.validate() and _may_have_token(form, client)) or tenant_form.errors:
        mended = mended_sentences(completed.mended)
        return settings_page(form, completed.part, mended, tenant_form=tenant_form)
    usual = next(iter(server.tenants), "")
    tenant, fields = tenant_form.chosen or usual, form.link_fields()
    at = step_at(Place.of(request.args.get("step", "")), "en")
    began_at = str(at.place) if at and at.does.sign_in else ""
    url, begun = service.begin(client, tenant, fields, began_at, current_user)
    session[KEPT] = asdict(begun)
    return redirect(url)


def _server(issuer: str) -> AuthorizationServer:
    return oauth.load().get(issuer) or abort(404)


def _form_of_link(issuer: str) -> MailSettingsForm:
    """What the link carries; of a bare one, what was saved."""
    saved = accounts.latest_settings()
    bare = "host" not in request.args and saved is not None
    sent = MultiDict(offer.fields_of(saved)) if bare and saved else request.args
    form = MailSettingsForm.of_link(sent, other_fields(current_user))
    form.host.data = service.host_for(issuer, text(form.host), text(form.email))
    return form


def _may_have_token(form: MailSettingsForm, client: Client) -> bool:
    """Whether a token may go to where a valid form has it go; else its fields say so. A stand-in's
    goes anywhere, a provider's to its own servers, and never unencrypted."""
    if client.base:
        return True
    form.allow_unencrypted.data = False
    if not service.is_own_server(client, text(form.smtp_server)):
        form.smtp_server.errors = [_own_server_only(client.server)]
    if form.security.data == "none":
        told = _("The permission goes out encrypted only: choose SSL/TLS or STARTTLS.")
        form.security.errors = [told]
    return not form.errors


def _own_server_only(server: AuthorizationServer) -> str:
    return str(
        _(
            "%(provider)s's permission goes to %(provider)s's own server only: %(servers)s.",
            provider=server.label,
            servers=_(" or ").join(server.smtp_servers),
        )
    )


def _tenant_form(server: AuthorizationServer) -> TenantForm:
    return TenantForm.of(request.args.get("tenant", "") if server.tenants else "")


@bp.get("/<issuer>/return")
@requires("mail-settings")
def back(issuer: str) -> ResponseReturnValue:
    """The way back from the provider. It writes, though it is a GET: `state` proves that this
    browser began it, and what was begun is good for one answer, whatever comes of that. What
    answers something else leaves a sign-in on its way alone."""
    server, kept = _server(issuer), service.fresh(session.get(KEPT), current_user)
    try:
        begun = service.answered(kept, request.args)
        session.pop(KEPT)
        service.check_begun(begun, issuer)
        form = _form_of(begun)
        client, granted = service.redeem(begun, request.args)
        service.keep(begun, client, granted, form.draft(), current_user)
    except OAuthFault as fault:
        return _refused(server, kept, sentence(fault.finding), fault)
    except service.OtherMailbox as other:
        return _refused(server, kept, _other_mailbox(other))
    flash(_("Signed in with %(provider)s.", provider=server.label))
    return redirect(_where_it_began(begun))


def _where_it_began(begun: service.Begun, endpoint: str = "check") -> str:
    """The settings page, or the step of the troubleshooting, where the check is to be seen."""
    if not begun.step:
        return url_for("mail_settings.page")
    at = Place.of(begun.step)
    return url_for(f"troubleshooting.{endpoint}", path=at.path, step=at.step)


def _form_of(begun: service.Begun) -> MailSettingsForm:
    """What the mailbox is to be saved by.

    Raises OAuthFault where that is valid no more, as after an update of the portal."""
    form = MailSettingsForm.of_link(MultiDict(begun.fields), other_fields(current_user))
    if not form.validate():
        raise OAuthFault(Finding.oauth_begun_elsewhere)
    return form


def _other_mailbox(other: service.OtherMailbox) -> str:
    return str(
        _(
            "You signed in as %(signed_in)s, but the mailbox to send from is %(wanted)s. Sign in "
            "again as %(wanted)s. If %(wanted)s is an alias of %(signed_in)s, go back to the "
            "email settings, tick “Different user” and enter %(signed_in)s as the user name.",
            signed_in=other.signed_in,
            wanted=other.wanted,
        )
    )


def _refused(
    server: AuthorizationServer,
    begun: service.Begun | None,
    told: str,
    fault: OAuthFault | None = None,
) -> ResponseReturnValue:
    again: dict[str, Any] = {**begun.fields, "tenant": begun.tenant} if begun else {}
    if begun and begun.step:
        again["step"] = begun.step
    host = service.host_for(server.key, again.get("host", ""), again.get("email", ""))
    html = render_template(
        "oauth/refused.html",
        server=server,
        sentence=told,
        said=fault.said if fault else None,
        is_registration=fault is not None and fault.finding == "oauth_client_refused",
        again=url_for("oauth.start", issuer=server.key, **again),
        back=_where_it_began(begun, "step") if begun else url_for("mail_settings.page"),
        at_step=begun is not None and begun.step,
        way_out=entry(fault.finding if fault else Finding.oauth_refused, host),
    )
    return html, 422


@bp.post("/disconnect")
@requires("mail-settings")
def disconnect() -> ResponseReturnValue:
    by_hand = [f"{gone.issuer}:{gone.tenant}" for gone in service.disconnect()]
    if by_hand:
        flash(_("Disconnected. The permission was forgotten here."))
    else:
        flash(_("Disconnected. The permission was withdrawn and forgotten here."))
    return redirect(url_for("mail_settings.page", withdraw=by_hand))
