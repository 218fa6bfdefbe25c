"""What a mail server may do, from the save to the field that is marked on the page."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from jobs import mail_check
from portal.mail import alternatives
from tests.certificates import CERTIFICATES
from tests.conftest import ON_SQLITE, JobRunner
from tests.mail_settings.form import PAGE, save
from tests.people import Page, Visitor
from tests.scripted_smtp import Fault, Plays, ScriptedServer
from tests.smtp_server import HOST, USER, Tls

pytestmark = ON_SQLITE


@dataclass(frozen=True)
class Case:
    """What a server does, and what the page then shows: `marked` is the field, None for none;
    `words` are the server's own."""

    plays: Mapping[str, Plays] = field(default_factory=dict)
    marked: str | None = None
    words: str = ""
    tls: Tls = "ssl"
    certificate: str = "good"
    chosen: Tls | None = None  # the security in the form, unless it is the server's own
    status: str = "failing"


def says(step: str, words: str, marked: str | None, **others: str) -> Case:
    return Case({step: words}, marked, words, **others)  # type: ignore[arg-type]


LONG = "550-5.7.1 Not you\r\n550 5.7.1 " + "x" * 600

CASES = {
    "silent when connected, TLS": Case({"connect": Fault.SILENT}, "smtp_port"),
    "silent when connected, STARTTLS": Case({"connect": Fault.SILENT}, "security", tls="tls"),
    "drips": Case({"banner": Fault.DRIP}, "security", tls="tls"),
    "garbage": Case({"banner": b"\0\xffgarbage\r\n" * 9}, "security", tls="tls"),
    "another protocol": Case(
        {"banner": "* OK IMAP4rev1 <ready>"}, "security", "* OK IMAP4rev1 <ready>", tls="tls"
    ),
    "no reply to the sender": Case({"mail": "9999 what?"}, None, "9999 what?"),
    "banner refuses": says("banner", "554 mail.example.test No SMTP <b>here</b> & now", None),
    "banner asks to wait": says("banner", "421 4.3.2 Too busy, try again later", None),
    "no hello": says("ehlo", "421 4.7.0 Closing, try again later", None),
    "no STARTTLS offered": Case(marked="security", tls="none", chosen="tls"),
    "STARTTLS fails": says("starttls", "454 4.7.0 TLS not available just now", None, tls="tls"),
    "TLS on a STARTTLS port": Case(marked="security", tls="tls", chosen="ssl"),
    "STARTTLS on a TLS port": Case(marked="security", tls="ssl", chosen="tls"),
    "unencrypted": Case(marked="allow_unencrypted", tls="none"),
    "certificate of another name": Case({}, "smtp_server", certificate="wrong_name"),
    "certificate expired": Case({}, None, certificate="expired"),
    "certificate self-signed": Case({}, "smtp_server", certificate="self_signed"),
    "certificate of a stranger": Case({}, None, certificate="unknown_authority"),
    "password refused": says("auth", "535 5.7.8 Credenciales no válidas", "password"),
    "app password": says("auth", "534 5.7.9 Application-specific password required", "password"),
    "another step asked for": Case({"auth": ("334 ", "334 YWdhaW4=")}, "password", "334 YWdhaW4="),
    "sign-in not now": says("auth", "454 4.7.0 Temporary authentication failure", None),
    "hangs up at the sign-in": Case({"auth": Fault.DROP}),
    "silent at the sign-in": Case({"auth": Fault.SILENT}),
    "sender refused": says("mail", f"553 5.7.1 <{USER}>: not owned by user", "email"),
    "sender refused at RCPT": says("rcpt", "550 5.7.60 May not send as this sender", "email"),
    "greylisted": says("rcpt", "451 4.7.1 Greylisted, try again in 5 minutes", None),
    "the day's quota": says(
        "mail", "550 5.4.5 Daily user sending limit exceeded", None, status="limited"
    ),
    "hangs up at the sender": Case({"mail": Fault.DROP}),
    "a long reply": Case({"mail": LONG}, "email", "550 5.7.1 Not you 5.7.1 " + "x" * 476),
}


@pytest.fixture(autouse=True)
def _impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_check, "PHASE_SECONDS", 0.5)
    monkeypatch.setattr(alternatives, "SECONDS", 0.2)


def save_at(visitor: Visitor, port: int, security: Tls) -> None:
    save(visitor, smtp_server=HOST, smtp_port=str(port), security=security)


def marked_fields(page: Page) -> list[str]:
    return [str(control["id"]) for control in page.html.select("[aria-invalid=true]")]


def assert_verdict(page: Page, case: Case) -> None:
    check = page.one("#check")
    assert check["data-check-status"] == "failed"
    assert page.one("main")["data-account-status"] == case.status
    assert marked_fields(page) == ([case.marked] if case.marked else [])
    assert case.words in (page.error(case.marked) if case.marked else check.get_text(" "))
    assert page.one("#email")["value"] == USER


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_page_marks_the_field_and_shows_the_servers_words(
    admin: Visitor, run_jobs: JobRunner, case: Case
) -> None:
    certificate = CERTIFICATES[case.certificate]()
    with ScriptedServer(case.plays, case.tls, certificate) as server:
        save_at(admin, server.port, case.chosen or case.tls)
        run_jobs()
    assert_verdict(admin.get(PAGE), case)
    if case.marked is None:
        assert "No field is wrong" in admin.get(PAGE).one("#check").text


@pytest.mark.parametrize(
    "kind", ["wrong_name", "expired", "self_signed", "own_authority", "unknown_authority"]
)
def test_certificates_are_told_apart_behind_starttls_too(
    admin: Visitor, run_jobs: JobRunner, kind: str
) -> None:
    verdicts = []
    both: tuple[Tls, ...] = ("ssl", "tls")
    for tls in both:
        with ScriptedServer(None, tls, CERTIFICATES[kind]()) as server:
            save_at(admin, server.port, tls)
            run_jobs()
        assert server.commands in ([], ["EHLO [127.0.0.1]", "STARTTLS"])
        verdicts.append(admin.get(PAGE).one(".verdict-bad").text)
    assert verdicts[0] == verdicts[1]


def test_nobody_listens(admin: Visitor, run_jobs: JobRunner) -> None:
    with socket.create_server((HOST, 0)) as closed_soon:
        port = closed_soon.getsockname()[1]
    save_at(admin, port, "ssl")
    run_jobs()
    assert_verdict(admin.get(PAGE), Case(marked="smtp_port"))
