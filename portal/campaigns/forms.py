from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    DateTimeLocalField,
    Field,
    Form,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Optional, ValidationError

from portal.admin.service import practice
from portal.forms import at_most, choices, one_line, required, strip, text, whole_number
from portal.models.base import now

FARTHEST_START = timedelta(days=366)


def time_zone() -> ZoneInfo:
    """The practice's, in which people give times."""
    here = practice()
    return ZoneInfo(here.time_zone if here else "UTC")


def ahead(_form: Form, field: Field) -> None:
    """A validator: a time that is still to come, and that the clocks will show."""
    if field.data is None:  # it was no time at all, and that has been said
        return
    if field.data <= now():
        raise ValidationError(_l("This time has passed. Choose a later one."))
    if field.data > now() + FARTHEST_START:
        raise ValidationError(_l("Choose a time within the next twelve months."))
    shown = field.data.astimezone(UTC).astimezone(field.data.tzinfo)
    if shown.replace(tzinfo=None) != field.data.replace(tzinfo=None):
        raise ValidationError(
            _l("The clocks go forward over this time on that day. Choose another time.")
        )


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
    scheduled_at = DateTimeLocalField(  # type: ignore[call-arg] # newer than its types
        _l("Start by itself on"),
        [Optional(), ahead],
        format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        tz=time_zone,
        invalid_value_message=_l("Give a day and a time."),
        description=_l("Leave it empty to send as soon as you launch."),
    )


class LaunchForm(FlaskForm):
    """`confirm` is the number of recipients that the person saw."""

    confirm = HiddenField()

    def confirmed(self) -> int:
        """The number, -1 where none was sent that could be right."""
        number = whole_number(text(self.confirm))
        return -1 if number is None else number
