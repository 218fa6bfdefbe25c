"""What every form shares: stripped text, sentences for what is missing, and the 422."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, Form
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its types
from wtforms.validators import DataRequired, Length, ValidationError

from portal.mail.addresses import valid_address

# Control characters, and the separators of lines and paragraphs.
LINE_BREAKING = frozenset({"Cc", "Zl", "Zp"})
# int() would take signs and the digits of every script too, and raises at thousands of them.
WHOLE_NUMBER = re.compile("[0-9]{1,18}")


def strip(text: str | None) -> str | None:
    """A filter: no blanks around what was typed."""
    return text.strip() if isinstance(text, str) else text


def one_line(_form: Form, field: Field) -> None:
    """A validator: a line break could smuggle a header into a mail."""
    if any(unicodedata.category(character) in LINE_BREAKING for character in field.data or ""):
        raise ValidationError(_l("Use one line of text, without line breaks."))


def address(_form: Form, field: Field) -> None:
    """A validator: an address that mail can be sent to; leaves it in its normal form."""
    try:
        field.data = valid_address(field.data)
    except ValueError:
        raise ValidationError(
            _l("Enter a complete e-mail address, such as name@example.com.")
        ) from None


def required(message: Any = None) -> DataRequired:
    return DataRequired(message or _l("Fill in this field."))


def at_most(length: int) -> Length:
    return Length(max=length, message=_l("Use at most %(max)d characters."))


class TickField(BooleanField):
    """A box to tick. What a script sends for "no" is no too: consents hang on it."""

    false_values = (False, "false", "", "0", "no", "off")


def choices(labels: Mapping[str, Any]) -> list[SelectChoice]:
    """What a select field offers: values with their labels."""
    return [SelectChoice(value, label) for value, label in labels.items()]


def text(field: Field) -> str:
    """What a text field holds; "" where nothing was sent."""
    return field.data or ""


def whole_number(typed: str) -> int | None:
    """What was typed in the digits 0 to 9 alone; None for anything else."""
    return int(typed) if WHOLE_NUMBER.fullmatch(typed) else None


def page(template: str, form: FlaskForm, **context: Any) -> ResponseReturnValue:
    """The page with its form: 200 at first, 422 when what was sent can't be taken."""
    status = 422 if form.is_submitted() else 200
    return render_template(template, form=form, **context), status
