"""Secrets at rest: encrypted, and bound to the place where they are kept."""

import hashlib
import json
from dataclasses import dataclass
from typing import cast

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import current_app

from portal.extensions import settings


class Unreadable(Exception):
    """No key of ENCRYPTION_KEYS opens the secret, or it was sealed for another place."""


@dataclass(frozen=True)
class Sealed:
    """A ciphertext and the id of the key that made it (never the key itself)."""

    ciphertext: str
    key_id: str


class Vault:
    """Seals and opens short texts under ENCRYPTION_KEYS, newest first."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self.key_id = hashlib.sha256(keys[0].encode()).hexdigest()[:12]

    def seal(self, secret: str, place: str) -> Sealed:
        """Encrypt for a place such as "mail_settings/3/password".

        Fernet has no associated data, so the place goes inside: a ciphertext copied to another
        row or field doesn't open there."""
        text = json.dumps({"place": place, "secret": secret})
        return Sealed(self._fernet.encrypt(text.encode()).decode(), self.key_id)

    def open(self, ciphertext: str, place: str) -> str:
        """The secret. Raises Unreadable."""
        try:
            content = json.loads(self._fernet.decrypt(ciphertext.encode()))
        except InvalidToken as error:
            raise Unreadable("No encryption key opens this secret.") from error
        if content["place"] != place:
            raise Unreadable("This secret was stored for another place.")
        return str(content["secret"])


def vault() -> Vault:
    """The application's vault."""
    if "vault" not in current_app.extensions:
        current_app.extensions["vault"] = Vault(settings().encryption_keys)
    return cast(Vault, current_app.extensions["vault"])
