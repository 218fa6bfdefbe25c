import re
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import StringField
from wtforms.validators import Optional, ValidationError

from portal.forms import strip, text
from portal.mail import oauth

# The id of a directory at Microsoft, or a domain of it.
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.I)


class TenantForm(FlaskForm):
    """Which of Microsoft's accounts may sign in. A form of links: it changes nothing."""

    class Meta:
        csrf = False

    tenant = StringField(
        _l("Your organisation's domain or directory (tenant) ID"),
        [Optional()],
        [strip],
        description=_l("Such as your-practice.com. Your administrator of Microsoft 365 knows it."),
    )

    @classmethod
    def of(cls, tenant: str) -> "TenantForm":
        """The form with what was sent, checked."""
        form = cls(formdata=MultiDict({"tenant": tenant}))
        form.validate()
        return form

    @property
    def chosen(self) -> str:
        """What the provider's addresses take; "" for the usual."""
        return "" if self.errors else text(self.tenant)

    def validate_tenant(self, field: Any) -> None:
        known = oauth.load()["microsoft"].tenants
        if field.data not in known and not (
            _ID.fullmatch(field.data) or _DOMAIN.fullmatch(field.data)
        ):
            raise ValidationError(
                _("Enter a domain such as your-practice.com, or the ID from Microsoft's page.")
            )
