"""What goes on beside somebody who walks: checks of others, the daily one, other settings."""

import pytest
from flask import Flask
from sqlalchemy import update

from portal.extensions import db
from portal.mail_settings import accounts
from portal.mail_settings.accounts import Trouble
from portal.mail_settings.checks import CHECK_PATIENCE
from portal.models import MailCheck, MailSettings, SettingsState, TroubleshootingWalk
from portal.models.base import now
from tests.conftest import ON_SQLITE, JobRunner
from tests.mail_settings.form import save
from tests.outbox.line import Line
from tests.people import Visitor
from tests.scripted_smtp import ScriptedServer
from tests.troubleshooting.wizard import (
    WIZARD,
    Check,
    at,
    fail,
    place_of,
    press,
    trail,
    walk_of,
)

pytestmark = ON_SQLITE

ACCEPTED = "235 2.7.0 Accepted"
BLOCKED = "534 5.7.14 Please log in via your web browser and then try again"
PASTE = "gmail-two-step/paste"


def goes_on_at(visitor: Visitor) -> str:
    return place_of(visitor.get(WIZARD))


def begin_check(visitor: Visitor, place: str, **fields: str) -> None:
    assert visitor.send(at(f"{place}/check"), fields, form_at=at(place)).status == 302


def test_a_check_that_is_pressed_twice_is_one_and_leads_where_it_would_have(
    admin: Visitor, server: ScriptedServer, refused: None, check: Check, run_jobs: JobRunner
) -> None:
    server.plays["auth"] = BLOCKED
    check(PASTE, password="abcdefghijklmnop")
    press(admin, "blocked/look", "Yes")
    begin_check(admin, "blocked/wait")
    begin_check(admin, "blocked/wait")
    run_jobs()
    assert place_of(admin.get(at("blocked/wait/check"))) == "blocked/wait"
    assert admin.get(at("blocked/wait")).one(".found-here")["data-why"] == "again"


def test_an_answer_while_a_check_runs_keeps_the_place(
    admin: Visitor, refused: None, run_jobs: JobRunner
) -> None:
    press(admin, "gmail/two-step", "No")
    admin.send("/settings/email/check", form_at="/settings/email")
    press(admin, "gmail/turn-on", "Yes")
    run_jobs()
    assert goes_on_at(admin) == "gmail-two-step/make"


def test_who_only_looks_at_a_check_of_others_stays(
    admin: Visitor, refused: None, run_jobs: JobRunner
) -> None:
    admin.send("/settings/email/check", form_at="/settings/email")
    assert admin.get(at(PASTE)).one("#check")["data-check-status"] == "running"
    run_jobs()
    assert place_of(admin.get(at(f"{PASTE}/check"))) == PASTE


def test_another_provider_begins_anew(app: Flask, admin: Visitor, refused: None) -> None:
    press(admin, "gmail/two-step", "Yes")
    fail(app, admin, "password_refused", host="yahoo", smtp_server="")
    assert goes_on_at(admin) == "yahoo/app-password"


@pytest.fixture
def working(admin: Visitor, server: ScriptedServer, refused: None, run_jobs: JobRunner) -> None:
    server.plays["auth"] = ACCEPTED
    admin.send("/settings/email/check", form_at="/settings/email")
    run_jobs()


def test_the_daily_check_leaves_a_way_on_which_the_mailbox_works(
    app: Flask, admin: Visitor, working: None
) -> None:
    press(admin, "not-arriving/where", "Accepted by the server")
    Line(app).pass_check_of_active()
    assert goes_on_at(admin) == "not-arriving/spam"


def test_it_ends_the_way_once_what_was_the_matter_is_gone(
    app: Flask, admin: Visitor, working: None
) -> None:
    met_in_sending(app)
    press(admin, "waiting/limit", admin.get(at("waiting/limit")).texts(".question button")[0])
    Line(app).pass_check_of_active()
    assert goes_on_at(admin) == "paths"


def test_the_end_of_a_way_ends_it(app: Flask, admin: Visitor, working: None) -> None:
    press(admin, "not-arriving/where", "Accepted by the server")
    assert place_of(press(admin, "not-arriving/spam", "In the inbox all along")) == "done/finished"
    assert admin.get(at("done/finished")).status == 200
    walk = walk_of(app)
    assert walk
    assert walk.finished_at
    assert goes_on_at(admin) == "paths"


def test_a_failing_mailbox_is_never_called_ready(admin: Visitor, refused: None) -> None:
    press(admin, "not-arriving/where", "Accepted by the server")
    assert place_of(press(admin, "not-arriving/spam", "In the inbox all along")) == "done/finished"
    assert admin.get(at("done/finished")).location == WIZARD
    assert goes_on_at(admin) == "gmail/two-step"


def met_in_sending(app: Flask) -> None:
    with app.app_context():
        here = accounts.account()
        used = accounts.active_settings(here.id) if here else None
        assert used
        accounts.stopped_working(used, Trouble("sending_limit", None, "550 5.4.5 Limit"))


def test_what_was_met_in_sending_is_told_as_that(app: Flask, admin: Visitor, working: None) -> None:
    met_in_sending(app)
    page = admin.get(at("waiting/limit"))
    assert page.one(".found-here h2").text == "What was met in sending"
    letter = str(admin.get(at("waiting/limit/letter")).one("#letter").text)
    assert "What was met in sending since" in letter
    assert "Not reached" not in letter
    assert "550 5.4.5 Limit" in letter


def test_a_test_mail_that_another_check_replaced_is_not_looked_for(
    app: Flask, admin: Visitor, server: ScriptedServer, working: None, run_jobs: JobRunner
) -> None:
    begin_check(admin, "done/configured")
    save(admin, host="gmail", smtp_server="127.0.0.1", smtp_port=str(server.port), security="tls")
    run_jobs()
    assert server.mails == []
    assert place_of(admin.get(at("done/configured/check"))) == "done/configured"


def test_a_mailbox_that_was_disconnected_is_entered_first(
    app: Flask, admin: Visitor, refused: None
) -> None:
    with app.app_context():
        db.session.execute(update(MailSettings).values(state=SettingsState.RETIRED))
        db.session.commit()
    page = admin.get(at("blocked/wait"))
    assert not page.has("#check form")
    assert page.one('#check a[href="/settings/email"]')


def test_steps_that_are_no_more_are_left_out(app: Flask, admin: Visitor, refused: None) -> None:
    press(admin, "gmail/two-step", "No")
    with app.app_context():
        gone = update(TroubleshootingWalk).values(
            trail=[["gmail/gone", 1], ["gmail/two-step", 2]], path="gmail", step="gone"
        )
        db.session.execute(gone)
        db.session.commit()
    assert goes_on_at(admin) == "gmail/two-step"
    assert admin.get(at("gmail/turn-on")).has(f'.wizard-ways a[href="{at("gmail/two-step")}"]')
    assert trail(app) == ["gmail/gone 1", "gmail/two-step 2"]


def test_a_check_whose_worker_was_lost_is_told_on_its_step(
    app: Flask, admin: Visitor, refused: None
) -> None:
    begin_check(admin, "blocked/wait")
    long_ago = now() - 2 * CHECK_PATIENCE
    Line(app).change(MailCheck, requested_at=long_ago)
    Line(app).change(TroubleshootingWalk, moved_at=long_ago - CHECK_PATIENCE)
    assert place_of(admin.get(at("blocked/wait/check"))) == "waiting/busy"
    assert "did not finish" in admin.get(at("waiting/busy")).one(".found-here").text


def test_an_old_tab_of_a_working_mailbox_ends_no_way_of_a_failing_one(
    app: Flask, admin: Visitor, refused: None
) -> None:
    press(admin, "gmail/two-step", "No")
    answered = admin.send(at("done/configured"), {"answer": "1"}, form_at=at("gmail/turn-on"))
    assert answered.location == WIZARD
    assert goes_on_at(admin) == "gmail/turn-on"
