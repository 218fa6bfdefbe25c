"""What the mailbox's states and faults are called, in sentences that say what to do."""

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.models import CheckState, MailCheck

PHASE_NAMES = {
    "dns": _l("Name found"),
    "connect": _l("Connected"),
    "tls": _l("Secured"),
    "greeting": _l("Greeted"),
    "auth": _l("Signed in"),
    "sender": _l("Sender accepted"),
}

SENTENCES: dict[str, Any] = {
    "unknown_host": _l("There is no server of this name. Compare it with your provider's help."),
    "name_lookup_failed": _l(
        "The server's name could not be looked up just now. This passes by itself; check again in "
        "some minutes."
    ),
    "private_address": _l(
        "This server is in a private network, where the portal may not connect. Enter your "
        "provider's public server."
    ),
    "port_not_allowed": _l("The portal may not use this port. Providers use 465 or 587."),
    "connection_refused": _l(
        "The server does not answer on this port. Try 465 with SSL/TLS or 587 with STARTTLS."
    ),
    "connection_timeout": _l(
        "No answer came on this port. Try 465 with SSL/TLS or 587 with STARTTLS."
    ),
    "unreachable": _l(
        "The server can't be reached from here just now. Check again in some minutes."
    ),
    "connection_lost": _l("The server closed the connection. Check again in some minutes."),
    "server_silent": _l(
        "The server connected but said nothing. With port 465 choose SSL/TLS, with 587 STARTTLS."
    ),
    "not_smtp": _l(
        "What answers there does not speak as a mail server. With port 465 choose SSL/TLS, with "
        "587 STARTTLS."
    ),
    "wrong_security": _l(
        "The server does not expect this protocol on this port. With port 587 choose STARTTLS, "
        "with 465 SSL/TLS."
    ),
    "starttls_missing": _l("The server offers no STARTTLS. Try port 465 with SSL/TLS."),
    "tls_failed": _l(
        "The encrypted connection failed: portal and server could not agree on one. Ask your "
        "provider whether the server supports TLS 1.2."
    ),
    "certificate_name": _l(
        "The server's certificate is for another name. Enter the name that your provider gives."
    ),
    "certificate_expired": _l("The server's certificate has expired. Your provider must renew it."),
    "certificate_untrusted": _l(
        "The server's certificate is not from a known authority. Check the server's name, or ask "
        "your provider."
    ),
    "server_refused": _l("The server refused the connection. Ask your provider why."),
    "try_later": _l("The server asks to try again later. Check again in some minutes."),
    "unencrypted": _l(
        "The server offers no encryption, so the password was not sent. Choose another protocol, "
        "or tick this box if the server is inside your own network."
    ),
    "encryption_required": _l(
        "The server asks for encryption first. Choose SSL/TLS with port 465 or STARTTLS with 587."
    ),
    "auth_missing": _l(
        "The server offers no sign-in with a password. Ask your provider how programs sign in."
    ),
    "password_sign_in_gone": _l(
        "This provider no longer lets programs sign in with a password (since 16 September 2024)."
    ),
    "password_refused": _l(
        "The server refused user name or password. Many providers want an app password here "
        "instead of your own."
    ),
    "password_unreadable": _l("The stored password can't be read any more. Enter it again."),
    "sender_refused": _l(
        "The server does not let this account send from this address. Enter the account's own."
    ),
    "recipient_refused": _l("The server knows no such recipient."),
    "delivery_refused": _l("The server refused to pass on a mail."),
    "content_refused": _l("The server refused a mail for what it contains."),
    "unconfirmed": _l("The connection broke after the mail was handed over."),
    "check_unfinished": _l("The check did not finish. Check again in a minute."),
}


def sentence(cause: str | None, reply: str | None = None) -> str:
    """What to tell a person, with the server's own words behind it."""
    text = str(SENTENCES.get(cause or "", _("The mailbox does not work.")))
    return f"{text} {_('The server says:')} {reply}" if reply else text


@dataclass(frozen=True)
class PhaseRow:
    """One line of the check: `state` is waiting, running, passed, failed or skipped."""

    name: str
    label: Any
    state: str
    seconds: float | None


def phase_rows(check: MailCheck | None) -> list[PhaseRow]:
    """The six lines of a check, in the order of the page."""
    found = check.phases if check else {}
    missing = _missing_state(check)
    return [
        PhaseRow(
            name,
            label,
            found.get(name, {}).get("state", missing),
            found[name]["ms"] / 1000 if "ms" in found.get(name, {}) else None,
        )
        for name, label in PHASE_NAMES.items()
    ]


def _missing_state(check: MailCheck | None) -> str:
    """A phase that left no trace: not needed in a check that passed (an unencrypted connection
    was allowed), else not reached."""
    return "skipped" if check and check.state is CheckState.PASSED else "waiting"
