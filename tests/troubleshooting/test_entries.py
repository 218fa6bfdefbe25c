"""From what a server said to the step that helps."""

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jobs.mail_check import OWN_MAILBOX_BUSY, UNCONFIRMED
from portal.mail import providers
from portal.mail.diagnosis import diagnose, diagnose_outcome
from portal.mail.faults import STEPS, Cause, Outcome, Result, SmtpFault
from portal.mail.findings import MEANINGS, Finding
from portal.mail.oauth_faults import fault_of
from portal.mail.redaction import Secrets
from portal.mail.smtp import Server
from portal.mail_settings.accounts import PASSWORD_UNREADABLE, PERMISSION_UNREADABLE, UNFINISHED
from portal.troubleshooting import entries
from portal.troubleshooting.entries import entry
from portal.troubleshooting.paths import Place, step_at
from tests.mail.played import reply

TABLE = tomllib.loads(Path(__file__).with_name("replies.toml").read_text())
OWN = {
    *(PASSWORD_UNREADABLE.cause, PERMISSION_UNREADABLE.cause),
    *(UNFINISHED.cause, UNCONFIRMED.cause, OWN_MAILBOX_BUSY),
}
CAUSES = [*map(str, Finding), *sorted(OWN), "named_so_years_ago"]
KINDS = {meaning.kind for meaning in MEANINGS.values()}
KEYS = [*providers.load(), "", "left_the_catalogue"]
# The names of servers, as they are typed where the provider is "other".
SERVERS = ["", "mail.clinica.es", "smtp.gmail.com", "smtp.ionos.es", "smtp.mail.me.com"]
LANGUAGES = ("en", "es", "it")

Row = dict[str, Any]


def rows(kind: str) -> list[Any]:
    """The rows of a kind, each named by what is the matter."""
    return [pytest.param(row, id=_name(row)) for row in TABLE[kind]]


def _name(row: Row) -> str:
    words = [str(value) for name, value in row.items() if name not in ("leads", "source")]
    return " ".join(words)[:90]


def settings(row: Row) -> Server:
    return Server(
        row.get("server", "mail.clinica.es"),
        row.get("port", 465),
        row.get("security", "ssl"),
        "clinic",
        "secret",
        access_token="token" if row.get("token") else None,
    )


def refused_in_setting_up(row: Row, fault: SmtpFault) -> str:
    """The cause that a check puts down."""
    found = diagnose(fault, settings(row), row["provider"])
    return OWN_MAILBOX_BUSY if found.scope == "recipient" else found.cause


def refused_in_a_mail(row: Row) -> str:
    outcome = Outcome(Result.refused, row["step"], reply(row["text"]), Cause.rejected, False)
    return diagnose_outcome(outcome, row["provider"]).cause


def place(cause: str, row: Row) -> str:
    return str(entry(cause, row["provider"], settings(row).host))


@pytest.mark.parametrize("row", rows("reply"))
def test_a_reply_leads_to_its_step(row: Row) -> None:
    if row["step"] in ("data", "dot") or row.get("in_a_mail"):
        cause = refused_in_a_mail(row)
    else:
        fault = SmtpFault.rejected(row["step"], reply(row["text"]))
        cause = refused_in_setting_up(row, fault)
    assert place(cause, row) == row["leads"], cause


@pytest.mark.parametrize("row", rows("fault"))
def test_a_fault_without_a_reply_leads_to_its_step(row: Row) -> None:
    cause = refused_in_setting_up(row, SmtpFault(row["phase"], Cause(row["cause"])))
    assert place(cause, row) == row["leads"], cause


@pytest.mark.parametrize("row", rows("permission"))
def test_a_permission_that_has_ended_leads_to_its_step(row: Row) -> None:
    answer = {"error": row["error"], "error_description": row.get("description", "")}
    cause = fault_of(answer, "refresh", Secrets(), timedelta(days=90)).finding
    assert place(cause, row) == row["leads"], cause


@pytest.mark.parametrize("row", rows("cause"))
def test_a_cause_of_the_portals_own_leads_to_its_step(row: Row) -> None:
    assert place(row["cause"], row) == row["leads"]


def test_the_table_has_every_step_of_the_conversation_and_every_cause_of_the_portals_own() -> None:
    assert {row["step"] for row in TABLE["reply"]} == set(STEPS)
    assert {row["cause"] for row in TABLE["cause"]} >= OWN


def test_every_step_of_the_table_is_there() -> None:
    leads = {Place.of(row["leads"]) for kind in TABLE.values() for row in kind}
    assert not [str(place) for place in leads if not step_at(place, "en")]


@pytest.mark.parametrize("cause", CAUSES)
def test_every_cause_at_every_provider_leads_to_a_step_in_every_language(cause: str) -> None:
    places = {entry(cause, key, server) for key in KEYS for server in SERVERS}
    missing = [
        f"{to} ({language})" for to in places for language in LANGUAGES if not step_at(to, language)
    ]
    assert not missing


@pytest.mark.parametrize("found", entries.entries())
def test_an_entry_is_for_a_known_cause_or_kind_and_known_providers(found: str) -> None:
    assert found in KINDS | set(Finding) | OWN
    assert set(entries.entries()[found]) <= {*providers.load(), "app_password", "relay", "any"}


def test_every_kind_of_trouble_has_an_entry_for_all_other_providers() -> None:
    assert not [kind for kind in KINDS if "any" not in entries.entries().get(kind, {})]


def test_no_entry_is_never_used(monkeypatch: pytest.MonkeyPatch) -> None:
    marked = {
        found: {name: f"{found}/{name}" for name in told}
        for found, told in entries.entries().items()
    }
    monkeypatch.setattr(entries, "entries", lambda: marked)
    used = {
        str(entry(cause, key, server)) for cause in CAUSES for key in KEYS for server in SERVERS
    }
    assert {mark for told in marked.values() for mark in told.values()} == used
