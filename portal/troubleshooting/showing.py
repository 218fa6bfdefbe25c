"""A step of the wizard as it is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import get_locale

from portal.extensions import db
from portal.mail import providers
from portal.mail.providers import Endpoint
from portal.mail_settings.accounts import Trouble
from portal.mail_settings.fill import OTHER, domain_of, endpoints_of
from portal.mail_settings.forms import MailSettingsForm
from portal.mail_settings.phases import phase_rows
from portal.mail_settings.server_texts import SECURITY_NAMES, label, password_hint
from portal.mail_settings.texts import sentence
from portal.models import MailSettings, TroubleshootingWalk, User
from portal.oauth.offer import Offer, offer_again
from portal.oauth.texts import is_said_by_provider
from portal.troubleshooting import forms, leading, notes, walks
from portal.troubleshooting.entries import entry_for
from portal.troubleshooting.paths import Place, Step, WizardPath, load, step_at
from portal.troubleshooting.texts import fill, fill_html, help_page, values
from portal.troubleshooting.walks import Now


def step_url(place: Place) -> str:
    return url_for("troubleshooting.step", path=place.path, step=place.step)


@dataclass(frozen=True)
class Found:
    """What is the matter, as the step tells it. `why` is what that has to do with the step: it is
    "here" for it, "again" what it was before the check, "onward" so too but led on to this step,
    "moved" something else that led here, or "last", which has nothing to do with it. `in_sending`
    tells that no check found it, but sending. `instead` is where the server was found to answer."""

    why: str
    sentence: str
    reply: str | None
    said_by_provider: bool
    at: datetime | None
    in_sending: bool
    instead: Mapping[str, Any] | None


def found_at(step: Step, now: Now) -> Found | None:
    trouble = now.trouble
    if trouble is None:
        return None
    return Found(
        _why(step, now, trouble),
        sentence(trouble.cause),
        trouble.reply,
        is_said_by_provider(trouble.cause),
        now.met_at,
        now.in_sending,
        now.check.alternative if now.check else None,
    )


def _why(step: Step, now: Now, trouble: Trouble) -> str:
    if not leading.is_checked(now):
        return "here" if entry_for(trouble.cause, now.saved) == step.place else "last"
    if leading.where_to(now) != step.place:
        return "last"
    if not leading.is_same(now):
        return "moved"
    return "again" if walks.stands_at(now.walk, step.place) else "onward"


def step_context(step: Step, now: Now, form: MailSettingsForm | None = None) -> dict[str, Any]:
    """What the page shows; `form` is the one that was sent, if any."""
    language = str(get_locale())
    path = load(language)[step.place.path]
    number, count = walks.position(now.walk, step)
    before = walks.before(now.walk, step.place)
    return {
        "step": step,
        "path": path,
        "number": None if path.after_success else number,
        "count": count,
        "named": values(now.saved),
        "fill": fill,
        "fill_html": fill_html,
        "links": _links(step, language),
        "found": found_at(step, now),
        "given": _given(step, now),
        "way": _way(now, language),
        "walk": now.walk,
        "moved_by": _mover(now.walk),
        "back": step_url(before) if before else url_for("troubleshooting.paths"),
        "elsewhere": _elsewhere(step, path, now),
        "places": _places(step, now, language),
        "security_names": SECURITY_NAMES,
        "configured": leading.CONFIGURED,
        "offer": _offer(step, path, now),
        "notes": notes.latest(),
        **check_context(step, now, form),
    }


def check_context(step: Step, now: Now, form: MailSettingsForm | None = None) -> dict[str, Any]:
    """What the step shows of its check: a form that was sent and refused, how a check goes that
    runs, or what to check."""
    asked, was_sent = step.does.check or (), form is not None
    running = step.is_checked and now.is_checking and not was_sent
    if asked and now.saved and not was_sent and not running:
        form = forms.shown(now.saved, asked, now.check)
        _mark(form, step, now)
    if form and now.saved:
        form.password.description = _password_hint(now.saved)
    return {
        "step": step,
        "saved": now.saved,
        "running": running,
        "phases": phase_rows(now.check),
        "form": form,
        "was_refused": was_sent,
        "fields": [form[name] for name in asked] if form else [],
        "hidden_errors": forms.hidden_errors(form, asked) if form else [],
    }


def _mark(form: MailSettingsForm, step: Step, now: Now) -> None:
    """Say on its field what a check found that was pressed, where the field is asked for."""
    found, trouble = found_at(step, now), now.trouble
    if not found or not trouble or found.why in ("here", "last"):
        return
    if trouble.field and trouble.field in (step.does.check or ()):
        form.mark(trouble.field, sentence(trouble.cause, trouble.reply))


def _password_hint(saved: MailSettings) -> str:
    """What goes into the field; not of a stored password, where that can't have been the right
    kind."""
    provider = providers.load().get(saved.provider)
    kept = saved.grant_id is None and not (provider and provider.app_password_only)
    return password_hint(provider, signed_in=False, has_password=kept)


def _links(step: Step, language: str) -> list[dict[str, Any]]:
    return [
        {
            "words": one.words,
            "url": url_for(one.target) if one.own else help_page(one.target, language),
            "own": one.own,
        }
        for one in step.said.links
    ]


def _given(step: Step, now: Now) -> int:
    """The number of the answer that was given before; 0 for none."""
    before = (one.number for one in walks.trail_of(now.walk) if one.place == step.place)
    return next(before, 0)


def _way(now: Now, language: str) -> list[dict[str, str]]:
    """What was gone through, with the answers."""
    steps = [(step_at(one.place, language), one.number) for one in walks.trail_of(now.walk)]
    return [
        {"title": step.said.title, "url": step_url(step.place), "answer": step.answer(number)}
        for step, number in steps
        if step
    ]


def _mover(walk: TroubleshootingWalk | None) -> str:
    mover = db.session.get(User, walk.moved_by_id) if walk and walk.moved_by_id else None
    return mover.email if mover else ""


def _elsewhere(step: Step, path: WizardPath, now: Now) -> str:
    """The provider of a mailbox that the path is not for, where somebody has just chosen it."""
    own = now.saved.provider if now.saved else OTHER
    if own in (OTHER, *path.providers) or not path.providers or step.place != path.start.place:
        return ""
    return "" if leading.where_to(now) == step.place else str(label(own))


def _places(step: Step, now: Now, language: str) -> Sequence[Endpoint]:
    """Where to show that a provider's server answers. Port 25 is for servers among themselves."""
    key, domain = (
        _whose_server(step, now, language),
        domain_of(now.saved.email) if now.saved else "",
    )
    if not key or not providers.load()[key].host:
        return []
    first, *others = endpoints_of(key, domain)
    own = [place for place in others if place.host == first.host and place.port != 25]
    return [first, *own] if first.host else []


def _whose_server(step: Step, now: Now, language: str) -> str:
    """A key of the catalogue; "" for none."""
    named, own, known = step.does.server, now.saved.provider if now.saved else "", providers.load()
    if not named or named in known:
        return named or ""
    if named == "mailbox" or own.startswith(f"{named}_"):
        return own
    return f"{named}_{language}" if f"{named}_{language}" in known else f"{named}_com"


def _offer(step: Step, path: WizardPath, now: Now) -> Offer | None:
    """Signing in at the mailbox's provider, which leads back to the step; None for a mailbox that
    has to be entered first."""
    saved = now.saved
    if not step.does.sign_in or not saved or saved.provider not in path.providers:
        return None
    offered = offer_again(saved)
    back = {"step": str(step.place)}
    return replace(offered, fields={**offered.fields, **back}) if offered else None
