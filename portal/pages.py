"""What every page gets: its navigation, its warning, its assets, and the rules of its safety."""

import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import Flask, Response, request, url_for
from flask_babel import format_datetime, get_locale
from flask_login import current_user

from portal.admin.service import LANGUAGES, practice
from portal.campaigns.texts import STATUS_NAMES as CAMPAIGN_STATUS_NAMES
from portal.config import Config
from portal.extensions import talisman
from portal.mail_settings.warning import warning
from portal.outbox.texts import KIND_NAMES, STATUS_NAMES
from portal.permissions import may, menu

STATIC = Path(__file__).parent / "static"


def content_security_policy(config: Config) -> dict[str, str]:
    """Nothing inline and nothing from elsewhere but htmx, whose bytes the page names: its own
    address alone, since a CDN serves everybody's scripts. A policy knows no queries."""
    htmx = urlsplit(config.htmx_url)
    return {
        "default-src": "'none'",
        "script-src": f"'self' {htmx.scheme}://{htmx.netloc}{htmx.path}",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "frame-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }


# For views that answer with a mail's HTML, to be shown in a frame of one of our pages. A mail
# brings its own styles and may reach for anything; here it gets none of it.
framed = talisman(
    content_security_policy={
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "sandbox": "allow-popups",
        "frame-ancestors": "'self'",
    },
    frame_options="SAMEORIGIN",
)


def is_fragment_wanted() -> bool:
    """Whether htmx asks for the part of the page that moves, not for the page."""
    return request.headers.get("HX-Request") == "true"


def local_iso(at: datetime) -> str:
    """A time in the practice's zone, ISO 8601 with offset."""
    return _local(at).isoformat(timespec="seconds")


def _local(at: datetime) -> datetime:
    here = practice()
    return at.astimezone(ZoneInfo(here.time_zone if here else "UTC"))


def short_time(at: datetime) -> str:
    """A time as a list shows it, in the practice's zone and the reader's language."""
    return str(format_datetime(at, "short"))


def init_app(app: Flask, config: Config) -> None:
    app.context_processor(lambda: _context(config))
    app.add_template_filter(local_iso)
    app.add_template_filter(short_time)
    app.add_template_global(_versioned, "versioned")
    app.after_request(_vary)


def _context(config: Config) -> dict[str, Any]:
    reader = current_user if current_user and current_user.is_authenticated else None
    return {
        "htmx_url": config.htmx_url,
        "htmx_integrity": config.htmx_integrity,
        "language": str(get_locale()),
        "languages": LANGUAGES,
        "practice": practice(),
        "menu": menu(),
        "may": may,
        "mail_warning": warning(reader) if reader else None,
        "status_names": STATUS_NAMES,
        "campaign_status_names": CAMPAIGN_STATUS_NAMES,
        "kind_names": KIND_NAMES,
    }


def _versioned(filename: str) -> str:
    """The address of a static file, which changes with its content, so that browsers may keep
    what they have."""
    return url_for("static", filename=filename, v=_digest(filename))


@cache
def _digest(filename: str) -> str:
    return hashlib.sha256((STATIC / filename).read_bytes()).hexdigest()[:8]


def _vary(response: Response) -> Response:
    """One address may answer with a page or a fragment; pages with people's data stay out of
    every shared cache."""
    response.vary.add("HX-Request")
    if request.endpoint not in {"static", "bootstrap.static"}:
        response.headers.setdefault("Cache-Control", "no-store")
    return response
