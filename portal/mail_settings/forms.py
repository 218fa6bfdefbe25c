from collections.abc import Mapping
from typing import Any, Self

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import (
    EmailField,
    HiddenField,
    PasswordField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Optional, ValidationError

from portal.forms import (
    TickField,
    address,
    at_most,
    choices,
    one_line,
    required,
    strip,
    text,
    whole_number,
)
from portal.mail import providers
from portal.mail.detection import How
from portal.mail_settings.completing import Completed, complete
from portal.mail_settings.fill import (
    FIELDS,
    FIND_IT,
    LINK_FIELDS,
    SMTP_FIELDS,
    Form,
    Part,
    is_strangers,
    pack,
    unpack,
)
from portal.mail_settings.mending import is_server_name
from portal.mail_settings.server_texts import label
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
    )
    host = SelectField(_l("Host"), validate_choice=False)
    smtp_server = StringField(_l("Server (SMTP)"), [one_line, at_most(253)])
    smtp_port = StringField(_l("Port"))
    security = SelectField(_l("Protocol"), validate_choice=False)
    filled = HiddenField()
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
        self.completed: Completed | None = None
        self.sent_by_link = False
        self.host.choices = choices(host_labels())
        self.security.choices = choices(SECURITY_LABELS)

    @classmethod
    def showing(cls, part: Part, **others: object) -> Self:
        """A form that nobody has sent, with this in its server's part."""
        form = cls(formdata=None, data={**part.shown, "filled": pack(part), **others})
        form._offer_nothing_chosen()
        return form

    @classmethod
    def of_link(cls, sent: MultiDict[str, str], others: Mapping[str, object]) -> Self:
        """A form that a link has sent, with `others` where the link says nothing. No token comes
        with it: by itself it saves nothing."""
        form = cls(formdata=sent, data=others, meta={"csrf": False})
        form.sent_by_link = True
        return form

    def is_submitted(self) -> bool:
        return self.sent_by_link or super().is_submitted()

    def link_fields(self) -> dict[str, str]:
        """What a link is to carry: the server's part, and whose mailbox it is. A sender's name that
        was emptied is carried too, in the place of the saved one."""
        fields = [self[name] for name in LINK_FIELDS]
        values = {field.name: "y" if field.data is True else text(field) for field in fields}
        named = {} if self.sender_name.data is None else {"sender_name": self.sender_name.data}
        return {name: value for name, value in values.items() if value} | named

    def _offer_nothing_chosen(self) -> None:
        """While the host is to be found, so is the protocol."""
        if self.security.data not in SECURITY_LABELS:
            self.security.choices = choices({"": _l("Found from the address"), **SECURITY_LABELS})

    def mark(self, name: str, message: str) -> None:
        """Say on its field what is wrong. A user name that is the address has none to show till
        then."""
        self[name].errors = [message]
        if name == "username" and not self.different_user.data:
            self.different_user.data, self.username.data = True, self.email.data

    def complete(self, saved: MailSettings | None) -> Completed:
        """Mend what was sent and fill in what is empty, so that the form has what would be
        saved. The DNS may be asked."""
        shown = {name: text(self[name]) for name in FIELDS[:4]}
        shown["different_user"] = "y" if self.different_user.data else ""
        form = Form(shown, unpack(text(self.filled)), text(self.email), saved)
        self.completed = completed = complete(form, text(self.password))
        for name in ("host", *SMTP_FIELDS):
            self[name].data = completed.part.shown[name]
        self.password.data, self.filled.data = completed.password, pack(completed.part)
        self._offer_nothing_chosen()
        return completed

    @property
    def _how(self) -> How | None:
        """What the server was found by, if it was to be found."""
        found = self.completed.part.found if self.completed else None
        return found.how if found else None

    def validate_username(self, field: StringField) -> None:
        if self.different_user.data and not field.data:
            raise ValidationError(_("Enter the user name that you sign in with."))

    def validate_host(self, field: SelectField) -> None:
        if field.data not in {FIND_IT, *providers.load()}:
            raise ValidationError(_("Choose a host from the list."))

    def validate_smtp_server(self, field: StringField) -> None:
        """Of a host that is still to be found, the address is what is wrong."""
        if self.host.data == FIND_IT:
            return
        if self._how is How.guess:
            raise ValidationError(
                _("This is a guess from your address. Check it with your provider, then save.")
            )
        if self._how is How.srv and is_strangers(text(field), text(self.email)):
            raise ValidationError(
                _(
                    "Your domain names this server of another company. Compare it with your "
                    "provider's help, then enter the password and save again."
                )
            )
        if not field.data:
            raise ValidationError(_("Enter your provider's server, such as smtp.example.com."))
        if "@" in field.data:
            raise ValidationError(
                _("This is an address. Enter the server's name, such as smtp.example.com.")
            )
        if not is_server_name(field.data):
            raise ValidationError(
                _(
                    "No server can be called this. A name looks like smtp.example.com; the port "
                    "has its own field."
                )
            )

    def validate_smtp_port(self, field: StringField) -> None:
        if self.host.data == FIND_IT and not text(field):
            return
        number = whole_number(text(field))
        if number is None or not 1 <= number <= 65535:
            raise ValidationError(_("Enter a number from 1 to 65535, usually 465 or 587."))

    def validate_security(self, field: SelectField) -> None:
        if self.host.data == FIND_IT and not field.data:
            return
        if field.data not in SECURITY_LABELS:
            raise ValidationError(_("Choose a protocol from the list."))

    def draft(self) -> Draft:
        """What was sent. Only for a form that was completed and is valid."""
        return Draft(
            email=text(self.email),
            sender_name=text(self.sender_name),
            different_user=self.different_user.data,
            username=text(self.username),
            password=text(self.password),
            provider=self.host.data,
            smtp_server=text(self.smtp_server),
            smtp_port=int(text(self.smtp_port)),
            security=self.security.data,
            allow_unencrypted=self.allow_unencrypted.data,
            legal_notice=text(self.legal_notice),
        )


def host_labels() -> dict[str, Any]:
    """The hosts to choose from; the first stands for one that is still to be found."""
    return {
        FIND_IT: _l("Find it from the address"),
        **{key: label(key) for key in providers.load()},
    }


def other_fields(
    saved: MailSettings | None, legal_notice: str, own_address: str
) -> Mapping[str, object]:
    """What the rest of the form shows at first: what was saved, or a start from the person's own
    address."""
    if saved is None:
        return {"email": own_address, "legal_notice": str(DEFAULT_LEGAL_NOTICE)}
    return {
        "email": saved.email,
        "sender_name": saved.sender_name,
        "username": saved.username if saved.different_user else "",
        "allow_unencrypted": saved.allow_unencrypted,
        "legal_notice": legal_notice,
    }
