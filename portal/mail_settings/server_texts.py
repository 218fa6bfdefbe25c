"""What the server's part of the form says: what was found, what was mended, what stays as it was
typed, and what there is to know of the provider."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import format_decimal, to_user_timezone
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.mail import oauth, providers
from portal.mail.detection import Found, How
from portal.mail.providers import Provider
from portal.mail_settings.fill import OTHER, Part, is_strangers
from portal.mail_settings.mending import Mended
from portal.models.base import now

SECURITY_NAMES = {"ssl": "SSL/TLS", "tls": "STARTTLS", "none": _l("No encryption")}

FOUND_SENTENCES: dict[How, Any] = {
    How.domain: _l("This address is at %(provider)s."),
    How.mx: _l("Your domain's mail is at %(provider)s."),
    How.srv: _l("Your domain names its server: %(server)s."),
    How.guess: _l(
        "This is only a guess: your domain has a server called %(servers)s. Compare it with your "
        "provider's help before you save."
    ),
    How.nothing: _l(
        "No provider was found for this address. Whoever set up your mail knows the server (SMTP), "
        "its port and protocol; so does your provider's help, under “outgoing mail”."
    ),
}
STRANGERS_SENTENCE = _l(
    "Your domain names a server of another company: %(server)s. Compare it with your provider's "
    "help before you save."
)
KEPT_SENTENCES: dict[str, Any] = {
    "host": _l("You chose %(typed)s, which stays; the address is at %(own)s."),
    "smtp_server": _l(
        "You typed %(typed)s, which stays; the server of %(provider)s itself is %(own)s."
    ),
    "smtp_port": _l("You typed port %(typed)s, which stays; %(provider)s has %(own)s."),
    "security": _l("You chose %(typed)s, which stays; %(provider)s has %(own)s."),
}
MENDED_SENTENCES: dict[str, Any] = {
    "password_spaces": _l(
        "The spaces in the app password were left out: they are only there to make it easier to "
        "read."
    ),
    "server_name": _l("You typed “%(typed)s” as the server; it was read as %(mended)s."),
    "server_port": _l("The port was taken from the server's name: %(mended)s."),
    "server_address": _l(
        "You typed the address %(typed)s as the server; it was replaced by its provider's server, "
        "%(mended)s."
    ),
    "port_spaces": _l("You typed “%(typed)s” as the port; it was read as %(mended)s."),
    "security_word": _l("You typed “%(typed)s” as the protocol; it was read as %(mended)s."),
    "security_port": _l(
        "Port %(typed)s goes with %(mended)s only, so the protocol was changed to that."
    ),
}
# What was mended to one of SECURITY_NAMES.
_SECURITY_CODES = frozenset({"security_word", "security_port"})


def found_sentence(found: Found, address: str) -> str:
    """What was found behind the address."""
    servers = list(dict.fromkeys(endpoint.host for endpoint in found.endpoints))
    strangers = found.how is How.srv and is_strangers(servers[0], address)
    return str(STRANGERS_SENTENCE if strangers else FOUND_SENTENCES[found.how]) % {
        "provider": label(found.provider.key),
        "server": servers[0] if servers else "",
        "servers": str(_(" or ")).join(servers),
    }


def filled_sentence(part: Part, address: str) -> str:
    """What was found when it was saved, with what was filled in."""
    shown = part.shown
    filled = _(
        "Filled in: %(server)s, port %(port)s, %(security)s.",
        server=shown["smtp_server"],
        port=shown["smtp_port"],
        security=SECURITY_NAMES[shown["security"]],
    )
    return f"{found_sentence(part.found, address)} {filled}" if part.found else filled


def kept_sentences(part: Part) -> list[str]:
    """One for each thing that a person typed and that something else would have been."""
    return [
        str(KEPT_SENTENCES[name])
        % {
            "typed": _value(name, typed),
            "own": _value(name, part.filled[name]),
            "provider": _whose(part),
        }
        for name, typed in part.kept.items()
        if (_is_provider_found(part) if name == "host" else _whose(part)) and name in KEPT_SENTENCES
    ]


def _is_provider_found(part: Part) -> bool:
    return part.found is not None and part.found.provider.key != OTHER


def _whose(part: Part) -> str:
    """Whose server was filled in; "" where nobody's was, but only what is usual."""
    host = part.shown["host"]
    if host in providers.load() and host != OTHER:
        return label(host)
    return str(_("what was found")) if part.found and part.found.endpoints else ""


def _value(name: str, value: str) -> str:
    names = {"host": label, "security": _security_name}
    return names[name](value) if name in names else value


def _security_name(security: str) -> str:
    return str(SECURITY_NAMES.get(security, security))


def mended_sentences(mended: Sequence[Mended]) -> list[str]:
    """One for each; none for a protocol that was typed just as the page calls it."""
    told = [
        (one, _security_name(one.mended) if one.code in _SECURITY_CODES else one.mended)
        for one in mended
    ]
    return [
        str(MENDED_SENTENCES[one.code]) % {"typed": one.typed, "mended": name}
        for one, name in told
        if one.code != "security_word" or one.typed.casefold() != name.casefold()
    ]


def label(key: str) -> str:
    """A host's name, which is its own but for the one that is none."""
    return str(_("Other")) if key == OTHER else providers.load()[key].label


def password_hint(provider: Provider | None, *, signed_in: bool, has_password: bool) -> str:
    """What goes into the password's field at this host; `has_password` tells that one is stored."""
    named = _named(provider)
    if signed_in:
        return str(_("Leave it empty to stay signed in with %(provider)s.", **named))
    if provider and provider.oauth and not provider.takes_passwords:
        return str(
            _("%(host)s takes no passwords: use “Sign in with %(provider)s” instead.", **named)
        )
    hint = _(
        "The mailbox's password, not that of this portal. It is stored encrypted and never shown."
    )
    kept = _("Leave it empty to keep the stored one.")
    return f"{hint} {kept}" if has_password else str(hint)


def password_missing(provider: Provider | None) -> str:
    """What to do where a password was asked for and none was entered."""
    named = _named(provider)
    if not provider or not provider.oauth:
        return str(
            _(
                "Enter the password: for another server or user name, or for less encryption, it "
                "is asked anew."
            )
        )
    if provider.takes_passwords:
        return str(_("Enter the password, or use “Sign in with %(provider)s”.", **named))
    return str(_("%(host)s takes no passwords: use “Sign in with %(provider)s”.", **named))


def _named(provider: Provider | None) -> dict[str, str]:
    if not provider or not provider.oauth:
        return {}
    return {"host": provider.label, "provider": oauth.load()[provider.oauth].label}


@dataclass(frozen=True)
class Notices:
    """What to know of a provider before its password is typed, in the reader's language. A cut-off
    is `urgent` while it is still to come, and where it leaves no way in by a password."""

    urgent: Sequence[str]
    note: str
    known: Sequence[str]
    limit: str
    help_url: str | None


def notices(provider: Provider, language: str, *, signed_in: bool = False) -> Notices:
    """Whoever is signed in at the provider needs to know none of its passwords."""
    if signed_in:
        return Notices((), "", (), _limit(provider), provider.help_url)
    today = to_user_timezone(now()).date()
    coming = [change.before[language] for change in provider.changes if today < change.date]
    past = [change.after[language] for change in provider.changes if today >= change.date]
    no_way_in = not provider.takes_passwords
    return Notices(
        urgent=[*past, *coming] if no_way_in else coming,
        note=provider.notes.get(language, ""),
        known=[] if no_way_in else past,
        limit=_limit(provider),
        help_url=provider.help_url,
    )


def _limit(provider: Provider) -> str:
    limits = provider.limits
    if limits.messages_per_day:
        return str(
            _("It takes %(number)s mails a day.", number=format_decimal(limits.messages_per_day))
        )
    if limits.messages_per_hour:
        return str(
            _("It takes %(number)s mails an hour.", number=format_decimal(limits.messages_per_hour))
        )
    return ""
