"""A mailbox signed in to with Google: its access tokens end in mid-campaign, again and again."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flask import Flask, g
from sqlalchemy import Select, select, update

from portal import queue
from portal.extensions import db
from portal.models import (
    Campaign,
    MailAccount,
    Message,
    MessageStatus,
    Outcome,
)
from portal.models.base import now
from tests.conftest import make_app
from tests.contacts.files import spanish_contact_file
from tests.oauth_server import CLIENT_ID, CLIENT_SECRET, OAuthServer, allow
from tests.postgres import PostgresServer
from tests.processes import config_of, until
from tests.processes.main_job import MAIL_USER, Practice, running_portal
from tests.smtp_server import count_per_recipient, mail_server_process, read_mails

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]

SESSION_OVER = "421 4.7.0 Your session has expired"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/data/portal.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    yield server.create("tokens")
    server.drop("tokens")


class Database:
    """What stands in the portal's database, and what a person with a clock would wait for."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def lift_limits(self) -> None:
        """More than Gmail takes on a day."""
        with self._app.app_context():
            db.session.execute(update(MailAccount).values(limits={"messages_per_day": None}))
            db.session.commit()

    def ring_for_every_session(self) -> None:
        """What was deferred is due, and senders begin: without the minutes that this takes."""
        with self._app.app_context():
            deferred = update(Message).where(Message.status == MessageStatus.DEFERRED)
            db.session.execute(deferred.values(next_attempt_at=now()))
            db.session.commit()
            for _ in range(2):
                queue.enqueue("jobs.deliver.run", 1, queue=queue.BULK)

    def wait_for_mails(self, number: int) -> None:
        """Until so many have gone."""
        sent = select(Campaign.sent_count)
        until(lambda: self._read(sent)[0] >= number, f"{number} mails went")

    def are_two_sending(self) -> bool:
        """Both have written down what became of a mail, and are at the next."""
        return len(self._read(select(Outcome.claim_id).distinct())) == 2

    def _read(self, query: Select[Any]) -> Sequence[Any]:
        with self._app.app_context():
            g.read_only = True  # else the senders would wait for it
            return db.session.scalars(query).all()


def sign_in_with_google(practice: Practice, port: int) -> None:
    """As a person does, but for the mail server, which is ours."""
    page = practice.get(f"/settings/email?{urlencode({'host': 'gmail', 'email': MAIL_USER})}")
    link = urlsplit(str(page.one("#sign-in a[href*='/sign-in/google']")["href"]))
    here = {"smtp_server": "127.0.0.1", "smtp_port": str(port), "security": "ssl"}
    away = practice.get(f"{link.path}?{urlencode(dict(parse_qsl(link.query)) | here)}")
    back = urlsplit(allow(away.location))
    arrived = practice.get(f"{back.path}?{back.query}")
    assert (arrived.status, arrived.location) == (302, "/settings/email"), arrived.text
    practice.wait_for("/settings/email", "main[data-account-status=working]")


def end_tokens(provider: OAuthServer, stored: Database) -> None:
    """While two sessions are open, which end with them."""
    until(stored.are_two_sending, "two sessions are open")
    before = provider.refreshes
    provider.expire_access_tokens()
    until(lambda: provider.refreshes > before, "both go on with a new one")


def test_tokens_that_end_in_mid_campaign_cost_one_refresh_each_and_no_mail(
    tmp_path: Path, database: str
) -> None:
    content, expected = spanish_contact_file(500, 0, 0, 0)
    inbox, data_dir = tmp_path / "inbox", tmp_path / "data"
    inbox.mkdir()
    with (
        OAuthServer() as provider,
        mail_server_process(
            inbox, "--oauth", provider.base, "--token-gone", SESSION_OVER, "--delay", "0.02"
        ) as port,
        running_portal(
            data_dir,
            inbox / "ca.pem",
            DATABASE_URL=database,
            WORKERS="3",  # one of them leaves campaigns to the others
            GOOGLE_CLIENT_ID=CLIENT_ID,
            GOOGLE_CLIENT_SECRET=CLIENT_SECRET,
            GOOGLE_OAUTH_BASE=provider.base,
        ) as practice,
    ):
        practice.set_up()
        sign_in_with_google(practice, port)
        practice.import_contacts(content)
        stored = Database(make_app(data_dir, database, config_of(data_dir).redis_url))
        stored.lift_limits()
        campaign = practice.launch_campaign()
        for ends_after in (125, 250, 375):
            stored.ring_for_every_session()
            stored.wait_for_mails(ends_after)
            end_tokens(provider, stored)
        stored.ring_for_every_session()
        practice.wait_for(campaign, "[data-campaign-status=finished]")
        rows = practice.sent_csv()
        output = practice.program.output()

    assert count_per_recipient(read_mails(inbox)) == dict.fromkeys(expected.eligible, 1)
    assert {row["recipient"]: row["status"] for row in rows} == dict.fromkeys(
        expected.eligible, "sent"
    )
    assert provider.refreshes == 3
    assert len(provider.issued) == 4
    assert [token for token in provider.issued if token in output] == []
