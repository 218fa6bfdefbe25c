from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, SelectField, StringField
from wtforms.validators import ValidationError

from portal.auth.forms import PracticeFields, new_password
from portal.config import is_base_url
from portal.forms import address, at_most, choices, required, strip

ROLE_NAMES = {
    "admin": _l("Administrator: everything"),
    "staff": _l("Staff: contacts, campaigns and the sent list"),
    "viewer": _l("Viewer: home page and sent list"),
}


class UserForm(FlaskForm):
    email = EmailField(
        _l("Email address"),
        [required(_l("Enter the person's address.")), address, at_most(254)],
        [strip],
    )
    role = SelectField(_l("Role"), choices=choices(ROLE_NAMES), default="staff")
    password = new_password(_l("First password"))


class PracticeForm(PracticeFields):
    base_url = StringField(
        _l("Address of this portal"),
        [required(), at_most(255)],
        [strip],
        description=_l("Links in your mails begin with it, such as the one to unsubscribe."),
    )

    def validate_base_url(self, field: StringField) -> None:
        if field.data and not is_base_url(field.data):
            raise ValidationError(_l("Enter an address such as https://mail.example.com."))
