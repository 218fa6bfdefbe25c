"""Signing in, and the one-time link for the first administrator."""

import hashlib
import hmac

from portal.admin.service import find_user, has_users
from portal.config import Config
from portal.extensions import db
from portal.models import User
from portal.passwords import verify_password


def setup_token(config: Config) -> str:
    """The token of the set-up link: good until there is a user, on every host of the portal."""
    key = config.secret_key.encode()
    return hmac.new(key, b"set-up of the first administrator", hashlib.sha256).hexdigest()[:40]


def setup_link(config: Config, address: str) -> str | None:
    """The link that makes the first administrator; None once there is a user."""
    return None if has_users() else f"{address}/setup?token={setup_token(config)}"


def is_setup_token(config: Config, token: str) -> bool:
    return hmac.compare_digest(setup_token(config).encode(), token.encode())


def authenticate(email: str, password: str) -> User | None:
    """The user, None when address or password is wrong or the user was disabled."""
    user = find_user(email)
    db.session.commit()  # hashing takes its time, in which others want to write
    if not verify_password(user.password_hash if user else None, password):
        return None
    return user if user and user.active else None
