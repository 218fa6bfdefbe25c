from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import EmailField, SelectField, StringField, TelField
from wtforms.validators import Optional, ValidationError

from portal.admin.service import LANGUAGES
from portal.forms import TickField, address, at_most, choices, one_line, strip

FIELDS = (
    "first_name",
    "last_name",
    "email",
    "greeting",
    "phone",
    "language",
    "privacy_consent",
    "marketing_consent",
)


class ContactForm(FlaskForm):
    first_name = StringField(_l("First name"), [one_line, at_most(100)], [strip])
    last_name = StringField(_l("Last name"), [one_line, at_most(100)], [strip])
    email = EmailField(
        _l("Email address"),
        [Optional(), address, at_most(254)],
        [strip],
        description=_l("Without one nothing can be sent."),
    )
    greeting = StringField(
        _l("Greeting"),
        [one_line, at_most(60)],
        [strip],
        description=_l("How your mails address this person, such as Dear or Dear Dr."),
    )
    phone = TelField(_l("Phone"), [one_line, at_most(40)], [strip])
    language = SelectField(
        _l("Language"), choices=choices({"": _l("The practice's"), **LANGUAGES}), default=""
    )
    privacy_consent = TickField(
        _l("May be written to by e-mail"),
        description=_l("The person's privacy consent (GDPR). Without it nothing is sent."),
    )
    marketing_consent = TickField(
        _l("Wants news and offers"),
        description=_l("The person's consent to advertising. Campaigns need it besides."),
    )

    def validate_last_name(self, field: StringField) -> None:
        if not (field.data or self.first_name.data or self.email.data):
            raise ValidationError(_("Enter a name or an address."))

    def fields(self) -> dict[str, Any]:
        """The contact by column. A text that was not sent is what it was, "" for a new contact;
        a consent's box that was not sent is a no, as forms send it."""
        return {name: "" if self[name].data is None else self[name].data for name in FIELDS}


class UploadForm(FlaskForm):
    file = FileField(
        _l("Contact file"),
        [FileRequired(_l("Choose a file."))],
        description=_l(
            "A CSV file with a header row. It needs a column with the e-mail address; names, "
            "greeting, phone, language and the two consents are understood in English, Spanish "
            "and Italian."
        ),
    )


class ConfirmForm(FlaskForm):
    allow_shared = TickField(
        _l("Several people may share an address"),
        description=_l(
            "Families often do. Rows with a known address then come in if the name differs."
        ),
    )
