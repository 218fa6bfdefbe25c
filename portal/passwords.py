"""Passwords of people who sign in."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

MIN_LENGTH = 12

hasher = PasswordHasher()


@cache
def _nobody() -> str:
    """A hash to compare with when there is no such user, so that an answer takes as long either
    way. Made by whoever needs it: a worker never does, and it takes 64 MB."""
    return hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    return hasher.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether the password fits; takes the same time where there is no hash."""
    try:
        return hasher.verify(password_hash or _nobody(), password) and password_hash is not None
    except VerificationError:
        return False
