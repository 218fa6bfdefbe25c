"""The command that adds a user: `flask --app wsgi users add`."""

import pytest
from click.testing import Result
from flask import Flask

from tests.conftest import ON_SQLITE, make_app
from tests.people import STAFF, Visitor

WORDS = "three long words"


@pytest.fixture(autouse=True)
def _no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PORTAL_PASSWORD", raising=False)


def add(app: Flask, email: str, role: str = "staff", typed: str = "", password: str = "") -> Result:
    runner = app.test_cli_runner(env={"PORTAL_PASSWORD": password or None})
    return runner.invoke(args=["users", "add", email, "--role", role], input=typed)


def test_the_password_comes_from_the_environment(app: Flask) -> None:
    done = add(app, "Nuria@clinica.example.com", password=WORDS)
    assert (done.exit_code, "can sign in now" in done.output) == (0, True), done.output
    visitor = Visitor(app).sign_in("nuria@clinica.example.com", WORDS)
    assert visitor.get("/contacts").status == 200


@ON_SQLITE
def test_the_password_is_asked_for_twice_and_not_shown(app: Flask) -> None:
    done = add(app, "nuria@clinica.example.com", typed=f"{WORDS}\n{WORDS}\n")
    assert done.exit_code == 0, done.output
    assert WORDS not in done.output
    assert Visitor(app).sign_in("nuria@clinica.example.com", WORDS)
    differing = add(app, "olga@clinica.example.com", typed=f"{WORDS}\nother words here\n")
    assert differing.exit_code == 1


@ON_SQLITE
@pytest.mark.parametrize(
    ("email", "role", "password", "words"),
    [
        ("nuria@clinica.example.com", "staff", "eleven char", "12 characters"),
        ("nuria", "staff", WORDS, "nuria is not an e-mail address"),
        (STAFF.upper(), "staff", WORDS, "is a user already"),
        ("nuria@clinica.example.com", "owner", WORDS, "'owner' is not one of"),
    ],
)
def test_what_is_wrong_is_said_and_nobody_is_added(
    app: Flask, email: str, role: str, password: str, words: str
) -> None:
    done = add(app, email, role, password=password)
    assert done.exit_code != 0
    assert words in done.output
    assert "Traceback" not in done.output


def test_before_any_set_up_the_portal_becomes_usable(bare_app: Flask) -> None:
    done = add(bare_app, "ana@clinica.example.com", "admin", password=WORDS)
    assert done.exit_code == 0, done.output
    admin = Visitor(bare_app).sign_in("ana@clinica.example.com", WORDS)
    assert admin.get("/settings/email").status == 200
    page = admin.get("/settings/practice")
    assert page.one("#practice_name")["value"] == "clinica.example.com"
    assert page.one("#language option[selected]")["value"] == "en"
    assert page.one("#time_zone")["value"] == "UTC"
    assert page.one("#base_url")["value"] == "http://127.0.0.1:8000"
    fields = {name: page.one(f"#{name}")["value"] for name in ("time_zone", "base_url")}
    changed = {**fields, "practice_name": "Clínica Ñandú", "language": "es"}
    assert admin.send("/settings/practice", changed).status == 302
    assert "Clínica Ñandú" in admin.get("/").text


@ON_SQLITE
def test_before_any_set_up_the_fixed_address_is_taken(bare_app: Flask, queue_url: str) -> None:
    config = bare_app.config["PORTAL"]
    address = "https://mail.example.com"
    app = make_app(config.data_dir, config.database_url, queue_url, BASE_URL=address)
    assert add(app, "ana@clinica.example.com", "admin", password=WORDS).exit_code == 0
    admin = Visitor(bare_app).sign_in("ana@clinica.example.com", WORDS)
    assert admin.get("/settings/practice").one("#base_url")["value"] == address


@ON_SQLITE
def test_a_mistake_before_any_set_up_leaves_nothing_behind(bare_app: Flask) -> None:
    assert add(bare_app, "ana", "admin", password=WORDS).exit_code == 1
    assert add(bare_app, "ana@clinica.example.com", "admin", password="short").exit_code == 1
    assert Visitor(bare_app).get("/login").status == 200
    assert add(bare_app, "ana@clinica.example.com", "admin", password=WORDS).exit_code == 0
