"""The fields that a step asks for: some of the settings', in place of what is saved."""

from collections.abc import Mapping, Sequence

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import TextAreaField

from portal.forms import at_most, required, strip
from portal.mail_settings import fill, forms
from portal.mail_settings.forms import MailSettingsForm
from portal.models import MailCheck, MailSettings


class NoteForm(FlaskForm):
    note = TextAreaField(
        _l("New note"),
        [required(_l("Write something down first.")), at_most(2000)],
        [strip],
        description=_l("Your colleagues see it too. Leave passwords out."),
    )


def shown(saved: MailSettings, fields: Sequence[str], check: MailCheck | None) -> MailSettingsForm:
    """What is saved; where the last check found the mailbox at another place, that, if all of it is
    among the step's fields."""
    values = dict(fill.of_settings(saved))
    place = check.alternative if check else None
    if place and ("smtp_server" in fields or place["host"] == saved.smtp_server):
        smtp = (place["host"], str(place["port"]), place["security"])
        values.update(zip(fill.SMTP_FIELDS, smtp, strict=True))
    part = fill.Part(values, values)
    form = MailSettingsForm.showing(part, **forms.other_fields(saved, "", saved.email))
    form.username.data = saved.username
    return form


def sent(
    saved: MailSettings,
    others: Mapping[str, object],
    fields: Sequence[str],
    posted: Mapping[str, str],
) -> MailSettingsForm:
    """What is saved, and `others` for the rest of the form, with the step's fields as they were
    sent. Whose server another one is shows when the form is completed, and nobody has allowed it to
    have a password unencrypted."""
    values = {**fill.of_settings(saved), **others, "password": ""}
    values.update({name: posted.get(name, "") for name in fields})
    if values["smtp_server"] != saved.smtp_server:
        values.update(host=fill.FIND_IT, allow_unencrypted=False)
    if "username" in fields:
        is_other = str(values["username"]).strip() != values["email"]
        values["different_user"] = "y" if is_other else ""
    form = MailSettingsForm(formdata=MultiDict(values), meta={"csrf": False})
    form.complete(saved)
    return form


def hidden_errors(form: MailSettingsForm, fields: Sequence[str]) -> list[str]:
    """What is wrong with fields that the step doesn't show."""
    wrong = {name: told for name, told in form.errors.items() if name not in fields}
    return [f"{form[name].label.text}: {told[0]}" for name, told in wrong.items()]
