"""Saving the mailbox: when the password is kept or asked anew, and that it never shows."""

import logging
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis
from rq import Queue

from portal.queue import CONTROL
from tests.conftest import ON_SQLITE, JobRunner
from tests.mail_settings.form import (
    PAGE,
    everything_saved,
    last_saved,
    password_of,
    save,
    save_for,
)
from tests.people import Visitor
from tests.smtp_server import PASSWORD, MailServer


@ON_SQLITE
@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"smtp_port": "587"},
        {"security": "tls"},
        {"smtp_port": "587", "security": "tls"},
        {"sender_name": "Clínica"},
        {"legal_notice": "Otro aviso."},
        {"different_user": "y", "username": "clinic@example.test"},
    ],
)
def test_an_empty_password_keeps_the_stored_one(
    app: Flask, admin: Visitor, changed: dict[str, str]
) -> None:
    save(admin)
    assert save(admin, password="", **changed).status == 302
    assert len(everything_saved(app)) == 2
    assert password_of(app, last_saved(app)) == PASSWORD


@ON_SQLITE
@pytest.mark.parametrize(
    "changed",
    [
        {"smtp_server": "smtp.example.net"},
        {"host": "gmail", "smtp_server": ""},
        {"email": "another@example.test"},
        {"different_user": "y", "username": "clinic-7"},
        {"security": "none", "smtp_port": "587"},
        {"allow_unencrypted": "y"},
        {"security": "none", "smtp_port": "587", "allow_unencrypted": "y"},
    ],
)
def test_where_the_password_would_go_elsewhere_it_is_asked_anew(
    app: Flask, admin: Visitor, changed: dict[str, str]
) -> None:
    save(admin)
    page = save(admin, password="", **changed)
    assert page.status == 422
    assert "Enter the password" in page.error("password")
    assert len(everything_saved(app)) == 1
    assert save(admin, **{**changed, "password": "otherwords"}).status == 302
    assert password_of(app, last_saved(app)) == "otherwords"


@ON_SQLITE
def test_a_password_that_no_key_opens_is_asked_anew(
    app: Flask, admin: Visitor, database_url: str
) -> None:
    save(admin)
    app.extensions.pop("vault")
    config = app.config["PORTAL"]
    object.__setattr__(config, "encryption_keys", ("A" * 43 + "=",))
    page = save(admin, password="")
    assert page.status == 422
    assert "Enter the password" in page.error("password")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_password_shows_nowhere(
    app: Flask,
    admin: Visitor,
    queue_url: str,
    tmp_path: Path,
    run_jobs: JobRunner,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with MailServer(password="dead giveaway") as server:
        save_for(admin, server, password="dead giveaway!")
        with Redis.from_url(queue_url) as connection:
            [job] = Queue(CONTROL, connection=connection).get_jobs()
            assert job.args == (1,)
            assert not job.kwargs
            kept = [connection.hgetall(job.key), job.description, job.meta]
        run_jobs()
    pages = [admin.get(path).response.text for path in (PAGE, f"{PAGE}/check", "/sent", "/")]
    stored = [file.read_bytes() for file in tmp_path.glob("portal.db*")]
    for written in (*pages, *map(repr, kept), *map(repr, stored), caplog.text):
        assert "dead giveaway" not in written
    assert not admin.get(PAGE).one("#password").get("value")


def test_an_umlaut_in_the_password_survives(app: Flask, admin: Visitor) -> None:
    save(admin, password="contraseña 密码")
    assert password_of(app, last_saved(app)) == "contraseña 密码"
