"""The letter to whoever has to help: a technician, a provider, an administrator elsewhere. It has
the settings and what the last check found, and no secret: the server's words were rid of those
when they were written down."""

from collections.abc import Iterator
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.admin.service import base_url, practice
from portal.extensions import settings
from portal.mail import providers
from portal.mail_settings.accounts import Trouble
from portal.mail_settings.phases import phase_rows
from portal.mail_settings.server_texts import SECURITY_NAMES, label
from portal.mail_settings.texts import sentence
from portal.models import MailCheck, MailSettings
from portal.pages import short_time
from portal.troubleshooting.entries import kind_of
from portal.troubleshooting.walks import Now

# What is asked for, by what path.toml calls it.
REQUESTS: dict[str, Any] = {
    "server": _l(
        "Tell us for the outgoing mail of this mailbox: the server's name (SMTP), the port, the "
        "protocol (SSL/TLS or STARTTLS), and the user name to sign in with."
    ),
    "certificate": _l(
        "The server's certificate can't be verified. Renew it, or tell us the server's name that "
        "the certificate is for."
    ),
    "programs": _l(
        "Allow other programs to send by this mailbox (authenticated SMTP), and tell us when that "
        "is done."
    ),
    "authenticated_smtp": _l(
        "Switch on “Authenticated SMTP” for this mailbox in the Microsoft 365 admin center (Users, "
        "Active users, the mailbox, Mail, Manage email apps). Where passwords are blocked, as by "
        "security defaults, approve this portal's sign-in with Microsoft for the organization "
        "(OAuth 2.0, admin consent for SMTP.Send). Tell us when that is done."
    ),
    "workspace": _l(
        "In the Google Admin console allow 2-step verification for this account without requiring "
        "security keys, so that it can make an app password; or allow this portal as an app that "
        "signs in with Google (OAuth 2.0, scope https://mail.google.com/). Tell us when that is "
        "done."
    ),
    "sender": _l(
        "Allow the account that signs in to send from this address, as an alias or a verified "
        "sender, and tell us when that is done."
    ),
    "domain_records": _l(
        "Look at the DNS records of the domain: SPF, DKIM and DMARC must let mail through that is "
        "sent by the server of the settings. Tell us what you have changed."
    ),
    "block_list": _l(
        "Mail from the server's network is refused because of a block list; its name is in the "
        "server's words. Have the network removed from that list, or tell us by which server we "
        "can send instead."
    ),
    "sign_in": _l(
        "The sign-in of our portal is held back as an unusual one. Confirm that it is allowed, or "
        "unlock the account, and tell us when that is done."
    ),
    "limit": _l(
        "Tell us how many mails this mailbox may send an hour and a day, and with which plan it "
        "may send more."
    ),
    "password": _l("Set a new password for this mailbox and hand it to us in a safe way."),
    "app_password": _l(
        "Make an app password for this mailbox and hand it to us in a safe way. In other programs "
        "the usual password is refused."
    ),
    "mailbox": _l(
        "Set up a mailbox for us that other programs may send by, and tell us its address, the "
        "server (SMTP), the port, the protocol and how its password is set."
    ),
    "registration": _l(
        "Register the portal for the sign-in at the mailbox's provider. Its page says how, with "
        "every value to paste: %(portal)s/settings/email/sign-in"
    ),
    "refused": _l("Tell us why the server refuses this, and what to change."),
}
# What is asked for where the step doesn't say, by the kind of trouble.
_REQUEST_OF = {
    "app-password": "app_password",
    "password": "password",
    "oauth2": "registration",
    "sign-in-blocked": "sign_in",
    "smtp-disabled": "programs",
    "username": "server",
    "sender": "sender",
    "server": "server",
    "security": "server",
    "certificate": "certificate",
    "limit": "limit",
    "reputation": "block_list",
}


def request_for(saved: MailSettings | None, trouble: Trouble | None, asked: str | None) -> str:
    """What the letter asks for: what the step says, else what is the matter suggests."""
    kind = kind_of(trouble.cause) if trouble else "server"
    provider = providers.load().get(saved.provider) if saved else None
    if kind == "password" and provider and provider.app_password_only:
        kind = "app-password"
    request = REQUESTS[asked or _REQUEST_OF.get(kind, "refused")]
    return str(request) % {"portal": base_url()}


def letter(now: Now, asked: str | None) -> str:
    """The letter as plain text, in the reader's language; `asked` is a key of REQUESTS."""
    here = practice()
    name = here.name if here else ""
    parts = [
        _("Good morning,"),
        _opening(now.saved, now.trouble),
        "\n".join([_("What we ask of you:"), request_for(now.saved, now.trouble, asked)]),
        "\n".join(_settings_lines(now.saved)) if now.saved else "",
        "\n".join(_trouble_lines(now, now.trouble)) if now.trouble else "",
        "\n".join([_("Thank you"), name]),
    ]
    return "\n\n".join(part for part in parts if part)


def _opening(saved: MailSettings | None, trouble: Trouble | None) -> str:
    if saved is None:
        return str(_("we are setting up the mailbox that our practice's portal sends its mail by."))
    if trouble is None:
        return str(
            _(
                "our practice's portal sends its mail by the mailbox %(address)s.",
                address=saved.email,
            )
        )
    return str(
        _(
            "our practice's portal sends its mail by the mailbox %(address)s, which does not work "
            "just now.",
            address=saved.email,
        )
    )


def _settings_lines(saved: MailSettings) -> Iterator[str]:
    yield str(_("The settings:"))
    by_token = saved.grant_id is not None
    lines = {
        _("Address"): saved.email,
        _("Provider"): label(saved.provider),
        _("Server (SMTP)"): saved.smtp_server,
        _("Port"): saved.smtp_port,
        _("Protocol"): SECURITY_NAMES[saved.security],
        _("User name"): saved.username,
        _("Signs in by"): _("permission (OAuth 2.0)") if by_token else _("password"),
        _("Connects from"): settings().sending_location,
    }
    yield from (f"- {name}: {value}" for name, value in lines.items() if value)


def _trouble_lines(now: Now, trouble: Trouble) -> Iterator[str]:
    at = short_time(now.met_at) if now.met_at else ""
    if now.in_sending:
        yield str(_("What was met in sending since %(time)s:", time=at))
    else:
        yield str(_("What the check of %(time)s found:", time=at))
    lines = {
        _("Not reached"): "" if now.in_sending else _failed_phase(now.check),
        _("The server says"): trouble.reply,
        _("The portal tells us"): sentence(trouble.cause),
    }
    yield from (f"- {name}: {value}" for name, value in lines.items() if value)


def _failed_phase(check: MailCheck | None) -> Any:
    return next((row.label for row in phase_rows(check) if row.state == "failed"), "")
