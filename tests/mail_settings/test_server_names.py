"""Servers whose names have letters beyond ASCII."""

import socket
from typing import Any

import pytest
from flask import Flask

from portal.admin.service import find_user
from portal.mail import alternatives
from portal.mail.addresses import ascii_host
from portal.mail_settings import service
from portal.models import AccountStatus
from tests.conftest import ON_SQLITE, JobRunner
from tests.mail_settings import form
from tests.people import ADMIN, Visitor
from tests.processes import free_port
from tests.scripted_smtp import ScriptedServer
from tests.smtp_server import HOST, authority

TYPED = "correo.straße.example"
A_LABELS = "correo.xn--strae-oqa.example"


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that were looked up, of which the DNS of this test knows one."""
    names: list[str] = []
    look_up = socket.getaddrinfo

    def answer(host: str, *arguments: Any, **named: Any) -> Any:
        names.append(host)
        return look_up(HOST if host == A_LABELS else host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return names


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("smtp.example.com", "smtp.example.com"),
        ("192.0.2.1", "192.0.2.1"),
        ("correo.Clínica.example", "correo.xn--clnica-4va.example"),
        (TYPED, A_LABELS),
        ("ｃｏｒｒｅｏ.example", "correo.example"),
    ],
)
def test_a_name_is_meant_as_idna_2008_has_it(typed: str, meant: str) -> None:
    assert ascii_host(typed) == meant


@ON_SQLITE
def test_the_server_is_found_verified_and_offered_by_what_its_name_means(
    app: Flask,
    admin: Visitor,
    run_jobs: JobRunner,
    monkeypatch: pytest.MonkeyPatch,
    looked_up: list[str],
) -> None:
    with ScriptedServer(tls="ssl", certificate=authority().issue_cert(A_LABELS)) as server:
        monkeypatch.setattr(alternatives, "USUAL_PORTS", ((server.port, "ssl"),))
        form.save(admin, smtp_server=TYPED, smtp_port=str(free_port()), security="tls")
        run_jobs()
        [check] = form.checks(app)
        assert check.field == "smtp_port"
        assert check.alternative == {"host": TYPED, "port": server.port, "security": "ssl"}
        with app.app_context():
            by = find_user(ADMIN)
            assert by
            assert service.use_alternative(by), "the password is for the same server"
        run_jobs()
    assert form.account(app).status is AccountStatus.WORKING
    assert A_LABELS in looked_up
    assert not {name for name in looked_up if "strasse" in name or "ß" in name}
