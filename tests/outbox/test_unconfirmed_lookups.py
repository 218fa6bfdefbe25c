"""Looking for mails in doubt in the mailbox's folder of sent mail: what, when, and how often."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from redis import Redis
from sqlalchemy import func, select

from jobs import sent_folder
from portal.extensions import db
from portal.mail import providers
from portal.mail_settings import accounts
from portal.models import (
    AccountStatus,
    Doubt,
    MailAccount,
    MailSettings,
    Message,
    MessageStatus,
)
from portal.models.base import now
from portal.outbox import lookups
from tests.conftest import ON_SQLITE
from tests.imap_server import Folder, ImapServer
from tests.mail_settings.oauth import access, sign_in
from tests.oauth_server import ADDRESS, OAuthServer
from tests.outbox.doubtful import all_doubts, make_doubts, put_in_doubt
from tests.outbox.line import MAILBOX, Line
from tests.smtp_server import HOST

LATER = timedelta(minutes=5)
FOUND_NOWHERE = Folder("Sent")


@pytest.fixture
def imap(monkeypatch: pytest.MonkeyPatch) -> Iterator[ImapServer]:
    """The mailbox's provider is one whose mailboxes are read at a local server."""
    with ImapServer([FOUND_NOWHERE], user=MAILBOX, password="secret words") as server:
        keeper = replace(providers.load()["gmail"], imap=HOST)
        monkeypatch.setattr(providers, "by_server", lambda _: keeper)
        monkeypatch.setattr(sent_folder, "IMAP_PORT", server.port)
        yield server


@pytest.fixture
def line(line: Line, imap: ImapServer) -> Line:
    """The mails to ana and bea have been in doubt for five minutes."""
    line.launch()
    put_in_doubt(line, 2)
    line.change(MailSettings, created_at=now() - timedelta(days=9))
    line.change(Doubt, since=now() - LATER)
    return line


def look(line: Line) -> list[bool | None]:
    """One run of the job; what is known of each mail then."""
    with line.app.app_context():
        sent_folder.run(1)
    return [doubt.found_in_sent for doubt in all_doubts(line)]


def rings(line: Line, queue_url: str) -> int:
    """How often a round of the sweep rings."""
    with Redis.from_url(queue_url) as connection:
        connection.flushall()
        with line.app.app_context():
            lookups.ring_for_lookups()
        return int(connection.llen("rq:queue:bulk"))


def keep(imap: ImapServer, line: Line, *names: str) -> None:
    """The folder has the mails to these people."""
    found = line.messages()
    ids = (found[name].message_id for name in names)
    imap.folders = [Folder("Sent", "", tuple(f"Message-ID: {id_}\r\n\r\n".encode() for id_ in ids))]


def test_what_was_found_and_what_not_is_written_down_with_the_time(
    line: Line, imap: ImapServer
) -> None:
    keep(imap, line, "bea")
    assert look(line) == [False, True]
    assert all(doubt.looked_at for doubt in all_doubts(line))
    assert set(line.statuses().values()) == {"unconfirmed", "queued"}


@ON_SQLITE
def test_a_mailbox_that_is_signed_in_to_by_token_is_looked_into_by_it(
    line: Line, imap: ImapServer, provider: OAuthServer
) -> None:
    sign_in(line.app, port=465)
    line.pass_check()
    line.change(MailAccount, status=AccountStatus.WORKING)
    line.change(Message, settings_id=2)
    imap.user, imap.token = ADDRESS, access(line.app, 1).token
    keep(imap, line, "ana")
    assert look(line) == [True, False]
    assert "AUTHENTICATE" in imap.commands


@ON_SQLITE
def test_nobody_is_rung_for_before_two_minutes_nor_without_a_doubt(
    line: Line, queue_url: str
) -> None:
    assert rings(line, queue_url) == 1
    line.change(Doubt, since=now() - timedelta(minutes=1))
    assert rings(line, queue_url) == 0
    line.change(Doubt, since=now() - LATER, settled_at=now())
    assert rings(line, queue_url) == 0


def test_what_was_not_there_is_looked_for_once_more_after_an_hour(
    line: Line, imap: ImapServer, queue_url: str
) -> None:
    assert look(line) == [False, False]
    assert rings(line, queue_url) == 0
    line.change(Doubt, since=now() - timedelta(minutes=61), looked_at=now() - timedelta(minutes=58))
    assert rings(line, queue_url) == 1
    keep(imap, line, "ana")
    assert look(line) == [True, False]
    for hours in (1, 2, 24):
        line.change(Doubt, since=now() - timedelta(hours=hours, minutes=1))
        assert rings(line, queue_url) == 0
    imap.commands.clear()
    look(line)
    assert imap.commands == []


@ON_SQLITE
def test_what_was_found_is_looked_for_no_more(line: Line, imap: ImapServer, queue_url: str) -> None:
    keep(imap, line, "ana", "bea")
    assert look(line) == [True, True]
    line.change(Doubt, since=now() - timedelta(minutes=61), looked_at=now() - timedelta(minutes=58))
    assert rings(line, queue_url) == 0


@ON_SQLITE
@pytest.mark.parametrize(
    "fault", [{"password": "another"}, {"folders": []}, {"drops_at": "EXAMINE"}]
)
def test_a_look_that_fails_harms_nothing_and_is_not_repeated_at_once(
    line: Line, imap: ImapServer, queue_url: str, fault: dict[str, object]
) -> None:
    vars(imap).update(fault)
    assert look(line) == [None, None]
    assert all(doubt.looked_at for doubt in all_doubts(line))
    assert line.statuses()["ana"] == "unconfirmed"
    assert line.account().status is AccountStatus.WORKING
    assert rings(line, queue_url) == 0


@ON_SQLITE
def test_a_password_that_no_key_opens_harms_nothing(line: Line, imap: ImapServer) -> None:
    line.change(MailSettings, password="nothing")
    assert look(line) == [None, None]
    assert imap.commands == []


@ON_SQLITE
def test_a_mailbox_that_fails_is_not_signed_in_to(
    line: Line, imap: ImapServer, queue_url: str
) -> None:
    line.change(MailAccount, status=AccountStatus.FAILING)
    assert rings(line, queue_url) == 0
    look(line)
    assert imap.commands == []
    assert not any(doubt.looked_at for doubt in all_doubts(line))


@ON_SQLITE
def test_a_secret_goes_to_no_server_but_that_of_its_own_provider(
    line: Line, queue_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    line.change(MailSettings, provider="gmail", smtp_server="smtp.clinica.example.com")
    assert rings(line, queue_url) == 0
    with line.app.app_context():
        assert lookups.begin(1) is None
        assert lookups.sent_folder_keeper() is None
    line.change(MailSettings, provider="other", smtp_server="smtp.gmail.com")
    with line.app.app_context():
        keeper = lookups.sent_folder_keeper()
    assert keeper
    assert keeper.imap == "imap.gmail.com"


@ON_SQLITE
def test_mails_of_a_mailbox_that_was_changed_since_are_not_looked_for_in_the_new_one(
    line: Line, queue_url: str
) -> None:
    line.change(Message, settings_id=1)
    assert rings(line, queue_url) == 1
    with line.app.app_context():
        used = accounts.active_settings(1)
        assert used
        columns = [column.key for column in MailSettings.__table__.columns]
        copy = {name: getattr(used, name) for name in columns if name != "id"}
        db.session.add(MailSettings(**{**copy, "username": "old", "state": "retired"}))
        db.session.commit()
    line.change(Message, settings_id=2)
    assert rings(line, queue_url) == 0


def test_a_run_looks_for_so_many_and_what_it_did_not_reach_is_due_again(
    line: Line, imap: ImapServer, queue_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_doubts(line, 250)
    line.change(Doubt, since=now() - LATER)
    with monkeypatch.context() as hurried:
        hurried.setattr(sent_folder, "SLICE_SECONDS", 0)
        assert set(look(line)) == {None}
    assert rings(line, queue_url) == 1
    assert sum(found is False for found in look(line)) == lookups.AT_ONCE
    assert sum(found is False for found in look(line)) == 252
    assert rings(line, queue_url) == 0


@ON_SQLITE
def test_two_runs_at_once_look_once(line: Line, imap: ImapServer) -> None:
    with line.app.app_context():
        assert lookups.begin(1)
        assert lookups.begin(1) is None
        in_doubt = select(func.count()).where(Message.status == MessageStatus.UNCONFIRMED)
        assert db.session.scalar(in_doubt) == 2
