from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    EmailField,
    PasswordField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Optional, ValidationError

from portal.forms import TickField, address, at_most, choices, one_line, required, strip
from portal.mail import providers
from portal.mail_settings.service import Draft
from portal.models import MailSettings

SECURITY_LABELS = {
    "ssl": _l("SSL/TLS: encrypted from the start (usually port 465)"),
    "tls": _l("STARTTLS: encrypted after the greeting (usually port 587)"),
    "none": _l("No encryption, unless the server offers STARTTLS"),
}
DEFAULT_LEGAL_NOTICE = _l(
    "This message is meant for its addressee only and may hold confidential information. If you "
    "received it by mistake, tell us and delete it. We process your data to look after you as "
    "our patient; you can ask to see, correct or erase it by answering this message."
)
SMTP_FIELDS = ("smtp_server", "smtp_port", "security")


def lower(text: str | None) -> str | None:
    return text.lower() if text else text


class MailSettingsForm(FlaskForm):
    """The mailbox. Empty SMTP fields are filled from the host; an empty password keeps the
    stored one."""

    email = EmailField(
        _l("Email address"),
        [required(_l("Enter the address that patients will see.")), address, at_most(254)],
        [strip],
        description=_l("Your mails come from this address."),
    )
    sender_name = StringField(
        _l("Sender name"),
        [Optional(), one_line, at_most(120)],
        [strip],
        description=_l("Patients see it before the address. Left empty: the practice's name."),
    )
    different_user = TickField(
        _l("Different user"),
        description=_l("Tick it if you sign in to this mailbox with a user name, not the address."),
    )
    username = StringField(_l("User name"), [one_line, at_most(254)], [strip])
    password = PasswordField(
        _l("Password"),
        [at_most(500)],
        description=_l(
            "The mailbox's password, not that of this portal. It is stored encrypted and never "
            "shown."
        ),
    )
    host = SelectField(_l("Host"), validate_choice=False)
    smtp_server = StringField(_l("Server (SMTP)"), [one_line, at_most(253)], [strip])
    smtp_port = StringField(_l("Port"), [at_most(5)], [strip])
    security = SelectField(_l("Protocol"), filters=[lower], validate_choice=False)
    allow_unencrypted = TickField(
        _l("Send the password unencrypted if the server offers no encryption"),
        description=_l("Only for a server inside your own network: others could read it."),
    )
    legal_notice = TextAreaField(
        _l("Legal notice"),
        [at_most(5000)],
        [strip],
        description=_l("It is added below every mail."),
    )

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.host.choices = choices(host_labels())
        self.security.choices = choices(SECURITY_LABELS)

    def validate_username(self, field: StringField) -> None:
        if self.different_user.data and not field.data:
            raise ValidationError(_("Enter the user name that you sign in with."))

    def validate_host(self, field: SelectField) -> None:
        if field.data not in providers.load():
            raise ValidationError(_("Choose a host from the list."))

    def validate_smtp_server(self, field: StringField) -> None:
        if not field.data and not self._preset("smtp_server"):
            raise ValidationError(_("Enter your provider's server, such as smtp.example.com."))

    def validate_smtp_port(self, field: StringField) -> None:
        text = field.data or str(self._preset("smtp_port"))
        if not text.isdecimal() or not 0 < int(text) < 65536:
            raise ValidationError(_("Enter a number from 1 to 65535, usually 465 or 587."))

    def validate_security(self, field: SelectField) -> None:
        if (field.data or self._preset("security")) not in SECURITY_LABELS:
            raise ValidationError(_("Choose a protocol from the list."))

    def _preset(self, name: str) -> str:
        return preset(self.host.data)[name]

    def draft(self) -> Draft:
        """What was sent, complete. Only for a form that is valid."""
        fields = preset(self.host.data)
        smtp = {name: self[name].data or fields[name] for name in SMTP_FIELDS}
        return Draft(
            email=self.email.data or "",
            sender_name=self.sender_name.data or "",
            different_user=self.different_user.data,
            username=self.username.data or "",
            password=self._password(),
            provider=self.host.data,
            smtp_server=smtp["smtp_server"],
            smtp_port=int(smtp["smtp_port"]),
            security=smtp["security"],
            allow_unencrypted=self.allow_unencrypted.data,
            legal_notice=self.legal_notice.data or "",
        )

    def _password(self) -> str:
        """As typed; app passwords are shown in groups, and their spaces mean nothing."""
        typed = self.password.data or ""
        app_password = providers.load()[self.host.data].app_password
        return "".join(typed.split()) if app_password else typed


def host_labels() -> dict[str, Any]:
    """The hosts to choose from. Their names are their own but for the one that is none."""
    return {key: found.label for key, found in providers.load().items()} | {"other": _("Other")}


def preset(key: str | None) -> dict[str, str]:
    """What a host fills into the SMTP fields."""
    provider = providers.load().get(key or "", providers.load()["other"])
    return {
        "smtp_server": provider.host or "",
        "smtp_port": str(provider.port),
        "security": provider.security,
    }


def swapped(key: str, shown: dict[str, str], saved: MailSettings | None) -> dict[str, str]:
    """The SMTP fields for another host: those a person has typed stay, that is, those that
    neither a host nor what was saved would have filled in."""
    filled = [preset(other) for other in providers.load()]
    fresh = preset(key)
    if saved:
        filled.append(_smtp_data(saved))
        fresh = _smtp_data(saved) if key == saved.provider else fresh
    return {
        name: fresh[name]
        if not shown.get(name) or any(shown[name] == known[name] for known in filled)
        else shown[name]
        for name in SMTP_FIELDS
    }


def _smtp_data(saved: MailSettings) -> dict[str, str]:
    return {name: str(getattr(saved, name)) for name in SMTP_FIELDS}


def form_data(saved: MailSettings | None, legal_notice: str, own_address: str) -> dict[str, object]:
    """What the form shows at first: what was saved, or a start from the person's own address."""
    if saved is None:
        host = _host_of(own_address)
        return {
            "email": own_address,
            "host": host,
            "legal_notice": str(DEFAULT_LEGAL_NOTICE),
            **preset(host),
        }
    return {
        "email": saved.email,
        "sender_name": saved.sender_name,
        "different_user": saved.different_user,
        "username": saved.username if saved.different_user else "",
        "host": saved.provider,
        **_smtp_data(saved),
        "allow_unencrypted": saved.allow_unencrypted,
        "legal_notice": legal_notice,
    }


def _host_of(email: str) -> str:
    """The host that an address names by itself, such as gmail for ana@gmail.com."""
    name = email.rpartition("@")[2].partition(".")[0]
    return name if name in providers.load() else "other"
