"""The live check: against real servers, from the save to the verdict on the page."""

import pytest
from flask import Flask

from jobs import mail_check
from portal.mail_settings import checks as service
from portal.mail_settings import rechecks
from portal.models import AccountStatus, CheckState, MailAccount, MailCheck, SettingsState
from portal.models.base import now
from tests.conftest import ON_SQLITE, JobRunner
from tests.mail_settings.form import (
    FIELDS,
    PAGE,
    account,
    checks,
    everything_saved,
    save,
    save_for,
)
from tests.outbox.line import Line
from tests.people import Page, Visitor
from tests.smtp_server import USER, MailServer, Tls

PHASES = ["dns", "connect", "tls", "greeting", "auth", "sender"]
REFUSED = "535 5.7.8 Authentication credentials invalid"


def phases(page: Page) -> dict[str, str]:
    return {str(p["data-phase"]): str(p["data-state"]) for p in page.html.select("[data-phase]")}


def status(page: Page) -> tuple[str, str]:
    """Of the account and of the check."""
    check = page.one("[data-check-status]")["data-check-status"]
    return str(page.one("main")["data-account-status"]), str(check)


@pytest.mark.parametrize("tls", ["ssl", "tls"])
def test_right_settings_pass_every_phase(admin: Visitor, run_jobs: JobRunner, tls: Tls) -> None:
    with MailServer(tls=tls) as server:
        assert save_for(admin, server).location == PAGE
        before = admin.get(PAGE)
        assert status(before) == ("checking", "running")
        assert list(phases(before)) == PHASES
        run_jobs()
    page = admin.get(PAGE)
    assert status(page) == ("working", "passed")
    assert phases(page) == dict.fromkeys(PHASES, "passed")
    assert "configured" in page.one("#check").text
    assert not page.has("#mail-warning")
    assert server.mails == []


def test_a_refused_password_marks_its_field_with_the_servers_words(
    admin: Visitor, run_jobs: JobRunner
) -> None:
    with MailServer() as server:
        save_for(admin, server, password="wrong words")
        run_jobs()
    page = admin.get(PAGE)
    assert status(page) == ("failing", "failed")
    assert REFUSED in page.error("password")
    assert phases(page)["auth"] == "failed"
    assert phases(page)["sender"] == "waiting"
    assert page.one("#email")["value"] == USER
    assert page.status == 200


@ON_SQLITE
def test_a_refused_sender_marks_the_address(admin: Visitor, run_jobs: JobRunner) -> None:
    words = "553 5.7.1 Sender <x> rejected: not owned by user & co"
    with MailServer(refuse={USER: words}) as server:
        save_for(admin, server)
        run_jobs()
    assert words in admin.get(PAGE).error("email")


@ON_SQLITE
@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"security": "ssl"}, "security"),
        ({"smtp_server": "no-such-host.invalid"}, "smtp_server"),
        ({"smtp_server": "10.0.0.1", "smtp_port": "465"}, "smtp_server"),
        ({"smtp_server": "93.184.216.34", "smtp_port": "4444"}, "smtp_port"),
        ({"smtp_port": "1"}, "smtp_port"),
    ],
)
def test_the_field_to_correct_is_marked(
    admin: Visitor, run_jobs: JobRunner, changed: dict[str, str], field: str
) -> None:
    with MailServer(tls="tls") as server:
        save_for(admin, server, **changed)
        run_jobs()
    page = admin.get(PAGE)
    assert status(page) == ("failing", "failed")
    assert page.error(field)
    assert len(page.html.select("[aria-invalid]")) == 1


@ON_SQLITE
def test_a_fault_that_passes_by_itself_marks_no_field(admin: Visitor, run_jobs: JobRunner) -> None:
    with MailServer(refuse={USER: "451 4.3.0 Try again later"}) as server:
        save_for(admin, server)
        run_jobs()
    page = admin.get(PAGE)
    assert status(page) == ("failing", "failed")
    assert not page.has("[aria-invalid]")
    assert "451 4.3.0 Try again later" in page.one("#check").text


def test_working_settings_stay_at_work_until_the_new_ones_pass(
    app: Flask, admin: Visitor, run_jobs: JobRunner
) -> None:
    with MailServer() as server:
        save_for(admin, server)
        run_jobs()
        save_for(admin, server, password="wrong words", sender_name="Another")
        assert status(admin.get(PAGE)) == ("working", "running")
        run_jobs()
        page = admin.get(PAGE)
        assert status(page) == ("working", "failed")
        assert REFUSED in page.error("password")
        assert not page.has("#mail-warning")
        assert "go on by the settings that worked before" in page.one("#check").text
        states = [saved.state for saved in everything_saved(app)]
        assert states == [SettingsState.ACTIVE, SettingsState.CANDIDATE]
        save_for(admin, server, sender_name="Third")
        cleared = admin.get(PAGE)
        assert not cleared.has("[aria-invalid]")
        run_jobs()
    states = [saved.state for saved in everything_saved(app)]
    assert states == [SettingsState.RETIRED, SettingsState.RETIRED, SettingsState.ACTIVE]


def test_a_save_replaces_a_running_check_whose_outcome_is_discarded(
    app: Flask, admin: Visitor, run_jobs: JobRunner
) -> None:
    with MailServer() as server:
        save_for(admin, server)
        with app.app_context():
            older = service.begin(1)
            assert older
        save_for(admin, server, password="wrong words")
        with app.app_context():
            service.record_phases(1, {"dns": {"state": "passed", "ms": 1}})
            assert not service.passed(older)
        assert account(app).status is AccountStatus.UNCONFIGURED
        run_jobs()
    assert [check.state for check in checks(app)] == [CheckState.REPLACED, CheckState.FAILED]
    assert checks(app)[0].phases == {}
    assert {saved.state for saved in everything_saved(app)} == {
        SettingsState.RETIRED,
        SettingsState.CANDIDATE,
    }


@ON_SQLITE
def test_to_ask_for_a_check_while_one_runs_is_that_check(
    app: Flask, admin: Visitor, run_jobs: JobRunner
) -> None:
    with MailServer() as server:
        save_for(admin, server)
        for _ in "ab":
            assert admin.send(f"{PAGE}/check", form_at=PAGE).location == PAGE
        assert len(checks(app)) == 1
        run_jobs()
        assert admin.send(f"{PAGE}/check", form_at=PAGE).location == PAGE
        assert len(checks(app)) == 2
        run_jobs()
    assert [check.state for check in checks(app)] == [CheckState.PASSED, CheckState.PASSED]


@ON_SQLITE
def test_a_check_of_nothing_says_what_comes_first(app: Flask, admin: Visitor) -> None:
    page = admin.send(f"{PAGE}/check", form_at=PAGE)
    assert "Save the settings first" in admin.get(page.location).text
    assert checks(app) == []


@ON_SQLITE
def test_a_check_runs_once_however_often_it_is_rung_for(app: Flask, admin: Visitor) -> None:
    with MailServer(refuse={USER: "451 4.3.0 Try again later"}) as server:
        save_for(admin, server)
        with app.app_context():
            mail_check.run(1)
    with app.app_context():
        mail_check.run(1)  # the server is gone: a second run would end otherwise
        mail_check.run(4711)
    [check] = checks(app)
    assert check.reply == "451 4.3.0 Try again later"


@ON_SQLITE
def test_htmx_gets_the_phases_alone_and_others_the_page(admin: Visitor) -> None:
    save(admin)
    part = admin.get(f"{PAGE}/check", HX_Request="true")
    assert not part.has("html")
    assert part.one("#check")["data-check-status"] == "running"
    assert list(phases(part)) == PHASES
    page = admin.get(f"{PAGE}/check")
    assert status(page) == ("checking", "running")
    assert page.one("#smtp_server")["value"] == FIELDS["smtp_server"]


@ON_SQLITE
def test_unconfigured_is_said_before_anything_was_saved(app: Flask, admin: Visitor) -> None:
    page = admin.get(PAGE)
    assert page.one("main")["data-account-status"] == "unconfigured"
    assert not page.has("[data-check-status]")
    assert not [check for check in checks(app) if isinstance(check, MailCheck)]


def test_the_sweeps_own_check_waits_for_one_that_runs(app: Flask, admin: Visitor) -> None:
    line = Line(app)
    line.configure(port=1)
    line.change(MailAccount, status=AccountStatus.FAILING, next_check_at=now())
    save(admin, smtp_port="2525")
    with app.app_context():
        running = service.latest_check()
        rechecks.ring_for_checks()
        latest = service.latest_check()
    assert running
    assert latest
    assert latest.id == running.id
