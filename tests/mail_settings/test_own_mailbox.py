"""A check offers a mail from the mailbox to itself; now and then it takes none."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from portal.models import AccountStatus, CheckState
from tests.conftest import ON_SQLITE, JobRunner
from tests.mail_settings import form
from tests.mail_settings.health import Clock, latest_check, sweep_up
from tests.outbox.line import Line
from tests.people import Visitor
from tests.scripted_smtp import ScriptedServer
from tests.smtp_server import USER, MailServer

pytestmark = ON_SQLITE

REPLIES = ["552 5.2.2 Mailbox full", "450 4.2.0 Greylisted, try again in 5 minutes"]


@pytest.mark.parametrize("reply", REPLIES)
def test_a_mailbox_that_has_worked_goes_on_sending(
    line: Line, server: ScriptedServer, run_jobs: JobRunner, clock: Clock, reply: str
) -> None:
    run_jobs()
    server.plays["rcpt"] = reply
    clock(timedelta(hours=25))
    sweep_up(line, run_jobs)
    check = latest_check(line.app)
    assert (check.state, check.cause, check.field) == (
        CheckState.FAILED,
        "own_mailbox_busy",
        None,
    )
    assert check.reply == reply
    here = line.account()
    assert here.status is AccountStatus.WORKING
    assert here.next_check_at
    assert here.next_check_at - datetime.now(UTC) > timedelta(hours=23)


@pytest.mark.parametrize("reply", REPLIES)
def test_new_settings_wait_until_it_takes_mail_again(
    app: Flask, admin: Visitor, run_jobs: JobRunner, clock: Clock, reply: str
) -> None:
    with MailServer(refuse={USER: reply}) as server:
        form.save_for(admin, server)
        run_jobs()
        check = latest_check(app)
        assert (check.cause, check.field, check.reply) == ("own_mailbox_busy", None, reply)
        assert form.account(app).status is AccountStatus.FAILING
        assert reply in admin.get(form.PAGE).one("#check").text
        server.refuse.clear()
        clock(timedelta(minutes=2))
        sweep_up(Line(app), run_jobs)
    assert form.account(app).status is AccountStatus.WORKING
