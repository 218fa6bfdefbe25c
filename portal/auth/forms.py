from typing import Any
from zoneinfo import available_timezones

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField, SelectField, StringField
from wtforms.validators import Length, ValidationError

from portal.admin.service import LANGUAGES
from portal.forms import address, at_most, choices, one_line, required, strip
from portal.passwords import MIN_LENGTH


class LoginForm(FlaskForm):
    email = EmailField(_l("Email address"), [required(_l("Enter your address."))], [strip])
    password = PasswordField(_l("Password"), [required(_l("Enter your password."))])


def new_password(label: Any) -> PasswordField:
    """The field for a password that is set."""
    return PasswordField(
        label,
        [
            required(_l("Choose a password.")),
            Length(min=MIN_LENGTH, message=_l("Use at least %(min)d characters.")),
            at_most(200),
        ],
        description=_l("At least 12 characters. Three words are easy to remember."),
    )


def known_time_zone(_form: FlaskForm, field: StringField) -> None:
    """A validator: a name of the time zone database."""
    if field.data not in available_timezones():
        raise ValidationError(_l("Choose a time zone from the list, such as Europe/Madrid."))


class PracticeFields(FlaskForm):
    """What set-up asks of the practice, and its page changes later."""

    practice_name = StringField(
        _l("Name of the practice"),
        [required(_l("Enter the name that patients know.")), one_line, at_most(120)],
        [strip],
    )
    language = SelectField(_l("Language"), choices=choices(LANGUAGES))
    time_zone = StringField(_l("Time zone"), [required(), known_time_zone], [strip])


class SetupForm(PracticeFields):
    token = HiddenField()
    email = EmailField(
        _l("Your email address"),
        [required(_l("Enter your address.")), address, at_most(254)],
        [strip],
        description=_l("You sign in with it."),
    )
    password = new_password(_l("Password"))
