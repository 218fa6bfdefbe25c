"""How much may be sent, and what is sent once more by itself."""

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, Form, StringField
from wtforms.validators import ValidationError

from portal.forms import TickField, required, strip, text, whole_number
from portal.models import MOST_SESSIONS, MailAccount
from portal.outbox.kinds import REPEATED, repeated_kinds

MOST_MAILS = 1_000_000
MOST_RESERVED = 90  # percent
RESERVED_MESSAGE = _l("Enter a whole number from 0 to 90.")
# The figures, by name of mail.providers.Limits. All but the last may have no limit at all.
UNLIMITED = {
    "messages_per_day": "no_limit_per_day",
    "messages_per_hour": "no_limit_per_hour",
    "messages_per_minute": "no_limit_per_minute",
    "messages_per_connection": "no_limit_per_connection",
}
FIGURES = (*UNLIMITED, "connections")


def within(least: int, most: int, message: Any) -> Callable[[Form, Field], None]:
    """A validator: digits alone, of a number within these bounds; nothing at all is well."""

    def check(_form: Form, field: Field) -> None:
        if not text(field):
            return
        number = whole_number(text(field))
        if number is None or not least <= number <= most:
            raise ValidationError(message)

    return check


mails = within(1, MOST_MAILS, _l("Enter a whole number from 1 to 1000000, such as 500."))


class SendingForm(FlaskForm):
    """Empty figures are the provider's."""

    messages_per_day = StringField(_l("Mails a day"), [mails], [strip])
    no_limit_per_day = TickField(_l("No limit a day"))
    messages_per_hour = StringField(_l("Mails an hour"), [mails], [strip])
    no_limit_per_hour = TickField(_l("No limit an hour"))
    messages_per_minute = StringField(_l("Mails a minute"), [mails], [strip])
    no_limit_per_minute = TickField(_l("No limit a minute"))
    messages_per_connection = StringField(_l("Mails per connection"), [mails], [strip])
    no_limit_per_connection = TickField(_l("No limit per connection"))
    connections = StringField(
        _l("Connections at once"),
        [within(1, MOST_SESSIONS, _l("Enter a whole number from 1 to 10."))],
        [strip],
    )
    reserved_percent = StringField(
        _l("Kept for appointments and invoices (%)"),
        [required(RESERVED_MESSAGE), within(0, MOST_RESERVED, RESERVED_MESSAGE)],
        [strip],
        description=_l("Campaigns leave this part of the mails a day and an hour alone."),
    )
    repeats_appointment_reminder = TickField(_l("Appointment reminders"))
    repeats_appointment_status = TickField(_l("Changes of appointments"))
    repeats_video_link = TickField(_l("Links to video visits"))
    repeats_invoice = TickField(_l("Invoices"))
    repeats_campaign = TickField(_l("Campaigns"))

    @classmethod
    def of(cls, account: MailAccount) -> "SendingForm":
        """With what was sent, else with what the account has of its own."""
        own = account.limits or {}
        repeated = repeated_kinds(account.repeated_kinds)
        return cls(
            data={
                **{name: str(figure) for name, figure in own.items() if figure},
                **{tick: name in own and own[name] is None for name, tick in UNLIMITED.items()},
                "reserved_percent": str(account.reserved_percent),
                **{f"repeats_{kind}": repeated[kind] for kind in REPEATED},
            }
        )

    def explain(self, hints: Mapping[str, str]) -> None:
        """Put a hint under each figure."""
        for name, hint in hints.items():
            self[name].description = hint

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        is_valid = super().validate(extra_validators)
        for name, tick in UNLIMITED.items():
            if text(self[name]) and self[tick].data:
                self[name].errors = [_l("Enter a number or tick the box below it, not both.")]
                is_valid = False
        return bool(is_valid)

    def limits(self) -> dict[str, int | None]:
        """What differs from the provider's figures; None is no limit. Of a valid form."""
        typed = {name: int(text(self[name])) for name in FIGURES if text(self[name])}
        unlimited = {name: None for name, tick in UNLIMITED.items() if self[tick].data}
        return {**typed, **unlimited}

    def reserved(self) -> int:
        """Percent. Of a valid form."""
        return int(text(self.reserved_percent))

    def repeated(self) -> dict[str, bool]:
        """By kind, whether one in doubt is sent once more."""
        return {kind: bool(self[f"repeats_{kind}"].data) for kind in REPEATED}
