"""Signing in and out, and the language of the person."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask

from portal import passwords
from tests.conftest import ON_SQLITE, make_app
from tests.people import ADMIN, PASSWORD, STAFF, VIEWER, Visitor

pytestmark = ON_SQLITE


def attempt(visitor: Visitor, email: str, password: str, query: str = "") -> tuple[int, str, str]:
    page = visitor.send(f"/login{query}", {"email": email, "password": password})
    return page.status, page.location, page.error("password") if page.status == 422 else ""


def test_the_right_password_opens_the_home_page(stranger: Visitor) -> None:
    assert attempt(stranger, STAFF, PASSWORD)[:2] == (302, "/")
    assert stranger.get("/").status == 200


def test_the_address_is_known_in_any_letter_case(stranger: Visitor) -> None:
    assert attempt(stranger, f" {STAFF.upper()} ", PASSWORD)[0] == 302


def test_a_wrong_password_and_an_unknown_person_get_the_same_words(stranger: Visitor) -> None:
    wrong = attempt(stranger, STAFF, "three wrong words")
    assert wrong == (422, "", "The address or the password is not right.")
    assert attempt(stranger, "nobody@clinica.example.com", PASSWORD) == wrong
    assert stranger.get("/").status == 302


def test_what_was_typed_stays_but_for_the_password(stranger: Visitor) -> None:
    page = stranger.send("/login", {"email": STAFF, "password": "three wrong words"})
    assert page.one("#email")["value"] == STAFF
    assert "three wrong words" not in page.response.text


def test_empty_fields_are_said_on_each(stranger: Visitor) -> None:
    page = stranger.send("/login", {"email": "", "password": ""})
    assert page.status == 422
    assert page.error("email")
    assert page.error("password")


def test_the_limit_of_attempts_holds_for_an_address_and_lets_others_in(
    app: Flask, tmp_path: Path, database_url: str, queue_url: str
) -> None:
    limited = Visitor(make_app(tmp_path, database_url, queue_url, LOGIN_LIMIT="3 per minute"))
    for _ in range(3):
        assert attempt(limited, STAFF, "three wrong words")[0] == 422
    page = limited.send("/login", {"email": STAFF.upper(), "password": PASSWORD})
    assert page.status == 429
    assert "too many attempts" in page.text
    assert limited.get("/login").status == 200
    assert attempt(limited, VIEWER, PASSWORD)[0] == 302


def test_a_network_address_that_tries_many_people_is_limited_too(
    app: Flask, tmp_path: Path, database_url: str, queue_url: str
) -> None:
    limited = Visitor(make_app(tmp_path, database_url, queue_url, LOGIN_LIMIT="1 per 2 minutes"))
    for number in range(10):
        assert attempt(limited, f"ana{number}@example.com", "three wrong words")[0] == 422
    fields = {"email": STAFF, "password": PASSWORD}
    assert limited.send("/login", fields).status == 429
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    fields["csrf_token"] = limited.token("/login")
    answer = limited.client.post("/login", data=fields, environ_overrides=elsewhere)
    assert answer.status_code == 302


class WritingHasher:
    """Somebody else writes while a password is hashed."""

    def __init__(self, database: Path, hasher: PasswordHasher) -> None:
        self._database, self._hasher = database, hasher

    def verify(self, password_hash: str, password: str) -> bool:
        with closing(sqlite3.connect(self._database, timeout=0.1)) as other, other:
            other.execute("UPDATE users SET language = 'it'")
        return self._hasher.verify(password_hash, password)


def test_others_may_write_while_a_password_is_compared(
    stranger: Visitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasher = WritingHasher(tmp_path / "portal.db", passwords.hasher)
    monkeypatch.setattr(passwords, "hasher", hasher)
    assert attempt(stranger, STAFF, PASSWORD)[0] == 302
    assert stranger.get("/").one("html")["lang"] == "it"


def test_two_portals_on_one_machine_leave_each_other_signed_in(
    app: Flask, staff: Visitor, tmp_path: Path, database_url: str, queue_url: str
) -> None:
    other_dir = tmp_path / "other"
    other = Visitor(make_app(other_dir, database_url, queue_url)).sign_in(VIEWER).client
    for cookie in other._cookies.values():  # browsers send them to every port of the machine
        staff.client.set_cookie(cookie.key, cookie.value)
    assert STAFF in staff.get("/").text
    again = make_app(other_dir, database_url, queue_url).test_client()
    for cookie in other._cookies.values():
        again.set_cookie(cookie.key, cookie.value)
    assert VIEWER in again.get("/").text


def test_the_limit_holds_while_the_queue_server_is_away(
    app: Flask, tmp_path: Path, database_url: str
) -> None:
    away = f"unix://{tmp_path}/nobody.sock"
    limited = Visitor(make_app(tmp_path, database_url, away, LOGIN_LIMIT="2 per minute"))
    statuses = [attempt(limited, STAFF, "three wrong words")[0] for _ in range(2)]
    assert statuses == [422, 422]
    assert limited.send("/login", {"email": STAFF, "password": PASSWORD}).status == 429


@pytest.mark.parametrize("inside", ["/sent", "/sent?sort=subject&dir=desc", "/contacts/7"])
def test_signing_in_leads_on_to_the_page_that_was_wanted(stranger: Visitor, inside: str) -> None:
    asked = stranger.get(inside)
    assert asked.status == 302
    page = stranger.send(asked.location, {"email": STAFF, "password": PASSWORD})
    assert page.location == inside


@pytest.mark.parametrize(
    "outside",
    [
        "https://example.net/",
        "//example.net/",
        "/\\example.net",
        "\\\\example.net",
        "/%09/example.net",
        "/%0A/example.net",
        "/%09\\example.net",
        "https:example.net",
        "javascript:alert(1)",
        "sent",
    ],
)
def test_signing_in_never_leads_outside(stranger: Visitor, outside: str) -> None:
    assert attempt(stranger, STAFF, PASSWORD, f"?next={outside}")[:2] == (302, "/")


def test_signing_out_ends_the_session(staff: Visitor) -> None:
    assert staff.send("/logout", form_at="/").location == "/login"
    assert staff.get("/contacts").status == 302
    assert staff.get("/logout").status in {302, 405}


def test_a_disabled_person_is_out_at_the_next_request(admin: Visitor, viewer: Visitor) -> None:
    assert viewer.get("/sent").status == 200
    admin.send("/settings/users/3/disable", form_at="/settings/users")
    assert viewer.get("/sent").location.startswith("/login")
    assert attempt(viewer, VIEWER, PASSWORD)[0] == 422
    admin.send("/settings/users/3/enable", form_at="/settings/users")
    assert viewer.get("/sent").status == 200


def test_a_person_chooses_the_language_and_stays_on_the_page(staff: Visitor) -> None:
    chosen = staff.send("/language?next=/contacts", {"language": "es"}, form_at="/contacts")
    assert chosen.location == "/contacts"
    assert staff.get("/contacts").one("html")["lang"] == "es"
    staff.send("/logout", form_at="/")
    assert staff.sign_in(STAFF).get("/").one("html")["lang"] == "es"


def test_an_unknown_language_changes_nothing(staff: Visitor) -> None:
    assert staff.send("/language", {"language": "tlh"}, form_at="/").status == 400
    assert staff.get("/").one("html")["lang"] == "en"


def test_a_stranger_reads_the_language_of_the_browser(stranger: Visitor) -> None:
    page = stranger.get("/login", Accept_Language="it-IT,it;q=0.9")
    assert page.one("html")["lang"] == "it"


def test_passwords_are_kept_as_argon2_hashes_only(app: Flask, tmp_path: Path) -> None:
    stored = (tmp_path / "portal.db").read_bytes() + (tmp_path / "portal.db-wal").read_bytes()
    assert PASSWORD.encode() not in stored
    assert b"$argon2id$" in stored
    assert ADMIN.encode() in stored


def test_no_shared_cache_keeps_a_page(viewer: Visitor) -> None:
    assert viewer.get("/sent").response.headers["Cache-Control"] == "no-store"
