"""What the wizard's texts are filled in with: who they are for, and where they send people."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup, escape

from portal.admin.service import practice
from portal.extensions import settings
from portal.mail_settings.server_texts import label
from portal.models import MailSettings

_HELP_PAGES = Path(__file__).with_name("help_pages.toml")


def values(saved: MailSettings | None) -> dict[str, str]:
    """By the names in the texts."""
    here = practice()
    return {
        "address": saved.email if saved else _("the address of your mailbox"),
        "provider": str(label(saved.provider)) if saved else _("your provider"),
        "portal": _("Email portal"),
        "practice": here.name if here else "",
        "location": settings().sending_location
        or _("a place that whoever runs this portal can tell you"),
    }


def fill(text: str, named: Mapping[str, str]) -> str:
    return Template(text).substitute(named)


def fill_html(html: str, named: Mapping[str, str]) -> Markup:
    """The texts are the portal's own; what is filled in is not."""
    escaped = {key: escape(text) for key, text in named.items()}
    return Markup(Template(html).substitute(escaped))  # noqa: S704 - see above


def help_page(key: str, language: str) -> str:
    """The address of somebody else's page; raises KeyError for one that help_pages.toml lacks."""
    url = help_pages()[key]["url"]
    return str(url if isinstance(url, str) else url[language])


@cache
def help_pages() -> dict[str, dict[str, Any]]:
    """By key: `url`, one or by language, with its `source` and `date`."""
    return tomllib.loads(_HELP_PAGES.read_text())
