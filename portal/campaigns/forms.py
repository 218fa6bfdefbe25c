from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, StringField, TextAreaField

from portal.forms import at_most, choices, one_line, required, strip

MAX_DIGITS = 18  # more than there are people; Python refuses to read thousands


class CampaignForm(FlaskForm):
    name = StringField(
        _l("Name"),
        [required(_l("Give the campaign a name.")), one_line, at_most(120)],
        [strip],
        description=_l("Only you and your colleagues see it."),
    )
    subject = StringField(
        _l("Subject"),
        [required(_l("Enter the subject that patients will see.")), one_line, at_most(200)],
        [strip],
    )
    body = TextAreaField(
        _l("Text"),
        [required(_l("Write the text of the mail.")), at_most(100_000)],
        description=_l(
            "Leave an empty line between paragraphs. **bold**, *italic*, - lists and "
            "[links](https://example.com) work."
        ),
    )
    audience = SelectField(
        _l("Recipients"),
        choices=choices({"all": _l("Everyone who has given both consents")}),
        default="all",
    )


class LaunchForm(FlaskForm):
    """`confirm` is the number of recipients that the person saw."""

    confirm = HiddenField()

    def confirmed(self) -> int:
        """The number, -1 where none was sent that could be right."""
        text = self.confirm.data or ""
        return int(text) if text.isdecimal() and len(text) <= MAX_DIGITS else -1
