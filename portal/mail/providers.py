"""The catalogue of mail hosts that the settings page offers."""

import datetime
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from portal.mail.smtp import Security

_CATALOGUE = Path(__file__).with_name("providers.toml")


@dataclass(frozen=True)
class Provider:
    """What to fill in for one provider's outgoing mail, and where and when that was read."""

    key: str
    label: str
    port: int
    security: Security
    app_password: bool
    source: str
    date: datetime.date
    host: str | None = None
    help_url: str | None = None


@cache
def load() -> dict[str, Provider]:
    """Return the providers by key, in the page's order; `host` is None where it is typed."""
    with _CATALOGUE.open("rb") as file:
        return {key: Provider(key=key, **entry) for key, entry in tomllib.load(file).items()}
