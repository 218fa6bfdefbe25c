"""What was sent of the settings, mended and completed: posted fields win, empty ones are filled."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.mail import providers
from portal.mail.detection import Found
from portal.mail.providers import Endpoint
from portal.mail_settings.fill import (
    FIND_IT,
    OTHER,
    SMTP_FIELDS,
    USUAL,
    Form,
    Part,
    Values,
    domain_of,
    endpoints_of,
    filled_by,
    find,
    for_host,
)
from portal.mail_settings.mending import (
    Mended,
    Smtp,
    mend,
    mend_app_password,
    mend_pair,
    without_spaces,
)


@dataclass(frozen=True)
class Completed:
    """What was sent, as it is to be saved or shown again, and what was mended in it."""

    part: Part
    password: str
    mended: Sequence[Mended]


def complete(form: Form, password: str) -> Completed:
    """Return what was sent, mended, and its empty fields filled in; those too that were filled in
    for another host. A host that doesn't exist fills in nothing."""
    sent, mended = mend(_sent(form), port_typed=_is_port_typed(form))
    target = _target(form, sent)
    whole, pair = mend_pair(_filled(sent, target.endpoints))
    bare, spaces = _password(password, target, whole, form.address)
    shown = {
        "host": target.host,
        **dict(zip(SMTP_FIELDS, (whole.server, whole.port, whole.security), strict=True)),
        "different_user": form.shown["different_user"],
    }
    part = Part(shown, _filled_for(target, form.filled) or shown, target.found)
    # A protocol that nobody typed was not mended.
    return Completed(part, bare, [*mended, *(pair if sent.security else ()), *spaces])


@dataclass(frozen=True)
class _Target:
    """The host that is meant, its servers, and what was found where none was chosen."""

    host: str
    endpoints: Sequence[Endpoint] = ()
    found: Found | None = None


def _filled_for(target: _Target, before: Values | None) -> Values | None:
    """What the portal fills in for the host; None where it has nothing."""
    if before and before["for_host"] == target.host:
        return before
    return filled_by(providers.load()[target.host], target.endpoints) if target.endpoints else None


def _sent(form: Form) -> Smtp:
    """The SMTP fields; none where a person changed the host and left the catalogue's server of
    the one before it standing."""
    shown, before = form.shown, form.filled["for_host"] if form.filled else FIND_IT
    typed = Smtp(shown["smtp_server"], shown["smtp_port"], shown["security"])
    if before in {FIND_IT, shown["host"]}:
        return typed
    known = providers.load()[before].endpoints_for(domain_of(form.address))
    places = {(place.host, str(place.port), place.security) for place in known}
    return Smtp() if (typed.server, typed.port, typed.security) in places else typed


def _is_port_typed(form: Form) -> bool:
    host = form.shown["host"] if form.shown["host"] in providers.load() else FIND_IT
    filled = form.filled or for_host(host, form.address, form.saved)
    return form.shown["smtp_port"] not in {"", filled["smtp_port"]}


def _target(form: Form, smtp: Smtp) -> _Target:
    host, domain = form.shown["host"], domain_of(form.address)
    if host == FIND_IT and smtp.server:
        named = providers.by_server(smtp.server)
        host = named.key if named else OTHER
    if host in providers.load():
        return _Target(host, endpoints_of(host, domain))
    if host != FIND_IT or not domain:
        return _Target(host)
    found = find(form.address)
    return _Target(found.provider.key, found.endpoints or USUAL, found)


def _filled(smtp: Smtp, endpoints: Sequence[Endpoint]) -> Smtp:
    """With the empty fields from the server that has most of what was typed: the name counts
    before the port, the port before the protocol."""
    typed = {"host": smtp.server, "port": smtp.port, "security": smtp.security}
    for name, value in typed.items():
        endpoints = [e for e in endpoints if str(getattr(e, name)) == value] or endpoints
    if not endpoints:
        return smtp
    first = endpoints[0]
    return Smtp(
        smtp.server or first.host, smtp.port or str(first.port), smtp.security or first.security
    )


def _password(password: str, target: _Target, smtp: Smtp, address: str) -> tuple[str, list[Mended]]:
    if without_spaces(password) == password or not _takes_app_password(target, smtp, address):
        return password, []
    return mend_app_password(password)


def _takes_app_password(target: _Target, smtp: Smtp, address: str) -> bool:
    """Whether spaces in the password mean nothing: by the host, for `other` by the server's name
    or by where the address's domain has its mail."""
    provider = providers.load().get(target.host)
    if provider and target.host == OTHER:
        found = providers.by_server(smtp.server)
        provider = found or (target.found or find(address)).provider
    return bool(provider and provider.app_password_only)
