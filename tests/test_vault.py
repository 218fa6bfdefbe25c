"""Secrets at rest: bound to their place, readable under each of the keys, never by others."""

import pytest
from cryptography.fernet import Fernet

from portal.vault import Sealed, Unreadable, Vault

OLD, NEW, FOREIGN = (Fernet.generate_key().decode() for _ in range(3))
PLACE = "mail_settings/3/password"


def open_with(keys: tuple[str, ...], sealed: Sealed, place: str = PLACE) -> str:
    return Vault(keys).open(sealed.ciphertext, place)


def test_a_secret_opens_in_its_place_alone() -> None:
    sealed = Vault((OLD,)).seal("contraseña", PLACE)
    assert open_with((OLD,), sealed) == "contraseña"
    for place in ("mail_settings/4/password", "mail_settings/3/username", "practice/1/address_key"):
        with pytest.raises(Unreadable):
            open_with((OLD,), sealed, place)


def test_the_newest_key_seals_and_older_ones_still_open() -> None:
    before = Vault((OLD,)).seal("contraseña", PLACE)
    after = Vault((NEW, OLD)).seal("contraseña", PLACE)
    assert before.key_id != after.key_id
    assert open_with((NEW, OLD), before) == open_with((NEW, OLD), after) == "contraseña"
    assert open_with((NEW,), after) == "contraseña"
    with pytest.raises(Unreadable):
        open_with((NEW,), before)


def test_what_no_key_opens_is_unreadable() -> None:
    sealed = Vault((OLD,)).seal("contraseña", PLACE)
    changed = Sealed(sealed.ciphertext[:-6] + "AAAA==", sealed.key_id)
    for wrong in (sealed, Sealed("", ""), Sealed("no ciphertext", ""), changed):
        with pytest.raises(Unreadable):
            open_with((FOREIGN,), wrong)
    with pytest.raises(Unreadable):
        open_with((OLD,), changed)


def test_neither_ciphertext_nor_key_id_tells_the_secret_or_the_key() -> None:
    first, second = (Vault((OLD,)).seal("contraseña", PLACE) for _ in "ab")
    assert first.ciphertext != second.ciphertext
    assert first.key_id == second.key_id
    assert first.key_id not in OLD
    assert "contrase" not in first.ciphertext
