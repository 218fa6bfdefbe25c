"""The page of the mailbox as it is shown: its form on the left, the live check on the right."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from portal.extensions import settings
from portal.forms import text
from portal.mail import oauth, providers
from portal.mail.providers import Endpoint
from portal.mail.smtp import Security
from portal.mail_settings import accounts, checks, fill, forms, service
from portal.mail_settings.accounts import Trouble
from portal.mail_settings.forms import DEFAULT_LEGAL_NOTICE, MailSettingsForm
from portal.mail_settings.phases import phase_rows, state_shown
from portal.mail_settings.server_texts import (
    SECURITY_NAMES,
    found_sentence,
    kept_sentences,
    label,
    notices,
    password_hint,
)
from portal.mail_settings.texts import correction, reason, sentence
from portal.models import (
    AccountStatus,
    CheckState,
    MailAccount,
    MailSettings,
    SettingsState,
    User,
)
from portal.oauth.forms import TenantForm
from portal.oauth.offer import offer, offer_again, still_at_work
from portal.oauth.texts import consent_pages, is_said_by_provider
from portal.outbox.planning import moment
from portal.troubleshooting.entries import entry_for, kind_of


def other_fields(reader: User) -> Mapping[str, object]:
    """What the form has beside the server's part, as saved, or to begin with."""
    here = accounts.account()
    notice = accounts.legal_notice(here) if here else ""
    return forms.other_fields(accounts.latest_settings(), notice, reader.email)


def settings_page(
    form: MailSettingsForm,
    part: fill.Part,
    mended: Sequence[str] = (),
    *,
    tenant_form: TenantForm | None = None,
    withdraw: Sequence[str] = (),
) -> ResponseReturnValue:
    """The page with the form; a new one shows what is the matter on its field. `withdraw` names
    the permissions that a person can take back by hand, each as "issuer:tenant"."""
    tenant_form = tenant_form or TenantForm.of("")
    context = check_context(polled=False)
    found = context["trouble"]
    if not form.is_submitted() and found and found.field:
        form.mark(found.field, context["correction"])
    html = render_template(
        "mail_settings/page.html",
        status=service.status_shown(),
        hosts={key: label(key) for key in providers.load()},
        default_notice=DEFAULT_LEGAL_NOTICE,
        mended=mended,
        withdraw=_consent_pages(withdraw),
        **server_context(form, part, tenant_form),
        **context,
    )
    return html, 422 if form.is_submitted() or tenant_form.errors else 200


def _consent_pages(permissions: Sequence[str]) -> dict[str, dict[str, str]]:
    """Where permission is taken back by hand, by the provider's name: the pages' addresses by what
    to call them."""
    pages: dict[str, dict[str, str]] = {}
    for issuer, _, tenant in (permission.partition(":") for permission in permissions):
        if server := oauth.load().get(issuer):
            pages.setdefault(server.label, {}).update(consent_pages(server, tenant))
    return pages


def server_context(
    form: MailSettingsForm, part: fill.Part, tenant_form: TenantForm | None = None
) -> dict[str, Any]:
    """What the server's part and the sign-in show, on the page and by themselves."""
    tenant_form = tenant_form or TenantForm.of("")
    saved, host = accounts.latest_settings(), providers.load().get(part.shown["host"])
    offered = offer(part.shown["host"], form.link_fields(), saved, tenant_form.chosen)
    signed_in = offered is not None and offered.grant is not None
    form.password.description = password_hint(
        host, signed_in=signed_in, has_password=saved is not None and saved.grant_id is None
    )
    return {
        "form": form,
        "found": found_sentence(part.found, text(form.email)) if part.found else "",
        "kept": kept_sentences(part),
        "notices": notices(host, str(get_locale()), signed_in=signed_in) if host else None,
        "offer": offered,
        "at_work": still_at_work(saved),
        "consent_pages": consent_pages,
        "tenant_form": tenant_form,
    }


def check_context(*, polled: bool) -> dict[str, Any]:
    """What the fragment shows. Only one that was polled for fetches the page once it is done."""
    check, here, saved = checks.latest_check(), accounts.account(), accounts.latest_settings()
    state = state_shown(check)
    trouble = None if state is CheckState.RUNNING else service.trouble_of(here, check)
    limit_ends = here.limited_until if here and here.status is AccountStatus.LIMITED else None
    instead = check.alternative if check and state is CheckState.FAILED else None
    kind = kind_of(trouble.cause) if trouble else ""
    return {
        "check": check,
        "check_state": state,
        "polled": polled,
        "phases": phase_rows(check),
        "trouble": trouble,
        "said_by_provider": trouble is not None and is_said_by_provider(trouble.cause),
        "instead": instead,
        **_verdict(trouble, saved, instead),
        "way_out": entry_for(trouble.cause, saved) if trouble else None,
        "location": settings().sending_location if kind == "sign-in-blocked" else "",
        "offer_again": offer_again(saved) if kind == "oauth2" else None,
        "limited_until": moment(limit_ends) if limit_ends else "",
        "others_at_work": _others_at_work(here, saved),
        "checked_server": saved.smtp_server if saved else "",
        "security_names": SECURITY_NAMES,
    }


def _others_at_work(here: MailAccount | None, saved: MailSettings | None) -> bool:
    """Whether mail goes out by settings before the ones shown."""
    works = here is not None and here.status is AccountStatus.WORKING
    return works and saved is not None and saved.state is SettingsState.CANDIDATE


def _verdict(
    trouble: Trouble | None, saved: MailSettings | None, instead: Mapping[str, Any] | None
) -> dict[str, str]:
    """What is the matter, for the panel, and what to do, for the field to correct."""
    if not trouble or not saved:
        return {"verdict": "", "correction": ""}
    if not instead:
        told = sentence(trouble.cause), sentence(trouble.cause, trouble.reply)
    else:
        security = cast(Security, saved.security)
        places = Endpoint(saved.smtp_server, saved.smtp_port, security), Endpoint(**instead)
        told = reason(trouble.cause, *places), correction(trouble.cause, trouble.reply, *places)
    return dict(zip(("verdict", "correction"), told, strict=True))
