"""A practice of the portal on a throw-away database, and its campaign."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import cast

from flask import Flask, g
from sqlalchemy import select

from bench import content
from bench.sinks import HOST
from portal import queue
from portal.admin import service as admin
from portal.app import create_app
from portal.campaigns import service as campaigns
from portal.campaigns.recipients import KIND
from portal.consent import count_eligible
from portal.contacts import service as contacts
from portal.extensions import alembic, db
from portal.mail_settings import checks
from portal.mail_settings import service as mail_settings
from portal.models import Campaign, MailAccount
from portal.models.base import now
from tests.queue_server import queue_server

ADMIN = "direccion@clinica.example.com"
PASSWORD = "a password for nobody"  # of a practice that lasts for seconds
CONTACT_ROWS = 5000  # inserted at a time


class Practice:
    """The portal in this process, set up through its own services. Each call has an application
    context of its own, as a request has."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def set_up(self, port: int, recipients: int) -> None:
        """The practice, its mailbox on a local sink, and people who may all be written to."""
        with self._app.app_context():
            alembic.upgrade()
            db.session.remove()
        with self._app.app_context():
            admin.set_up(
                email=ADMIN,
                password=PASSWORD,
                name=content.SENDER.name,
                language="es",
                time_zone="Europe/Madrid",
                address=content.BASE_URL,
            )
        with self._app.app_context():
            self._configure(port)
        with self._app.app_context():
            self._add_contacts(recipients)

    def launch(self, sessions: int) -> datetime:
        """Launch the campaign, as the button does, and ring for as many senders as there shall be
        sessions. Returns when the launch began."""
        with self._app.app_context():
            campaign = Campaign(
                name="Otoño", subject=content.SUBJECT, body=content.BODY, audience="all"
            )
            db.session.add(campaign)
            db.session.commit()
            recipients = count_eligible(KIND)
            by = admin.find_user(ADMIN)
            assert by
            began = now()
            campaigns.launch(campaign, recipients, by)
            account_id = db.session.scalars(select(MailAccount.id)).one()
            for _ in range(sessions - 1):
                queue.enqueue("jobs.deliver.run", account_id, queue=queue.BULK)
            return began

    def finished_at(self) -> datetime | None:
        """When the campaign was finished, by the database; None before."""
        with self._app.app_context():
            g.read_only = True
            return db.session.scalars(select(Campaign.finished_at)).one()

    def sent(self) -> int:
        """How many mails the portal says that the server accepted."""
        with self._app.app_context():
            g.read_only = True
            return db.session.scalars(select(Campaign.sent_count)).one()

    def waiting_workers(self) -> int:
        """How many workers wait at the queue for a job."""
        with self._app.app_context():
            clients = cast(list[dict[str, str]], queue.connection().client_list())
        return sum("b" in client["flags"] for client in clients)  # blocked, says CLIENT LIST

    @staticmethod
    def _configure(port: int) -> None:
        """Save the mailbox and take its check for passed."""
        draft = mail_settings.Draft(
            email=content.SENDER.email,
            sender_name=content.SENDER.name,
            different_user=False,
            username="",
            password=PASSWORD,
            provider="other",
            smtp_server=HOST,
            smtp_port=port,
            security="none",
            allow_unencrypted=True,
            legal_notice=content.LEGAL_NOTICE,
        )
        by = admin.find_user(ADMIN)
        assert by
        checks.passed(mail_settings.save(draft, by))

    @staticmethod
    def _add_contacts(number: int) -> None:
        empty = {"greeting": "", "phone": "", "language": ""}
        consents = {"privacy_consent": True, "marketing_consent": True}
        rows = [
            {
                "first_name": person.first_name,
                "last_name": person.last_name,
                "email": person.email,
                **empty,
                **consents,
            }
            for person in content.people(number)
        ]
        for start in range(0, number, CONTACT_ROWS):
            contacts.add_many(rows[start : start + CONTACT_ROWS])
            db.session.commit()


@contextmanager
def practice(directory: Path, database_url: str) -> Iterator[Practice]:
    """The portal over an empty database and a queue server of its own. The environment is changed
    for good: the workers that are started read the same."""
    with queue_server() as queue_url:
        os.environ.update(
            DATA_DIR=str(directory),
            DATABASE_URL=database_url,
            REDIS_URL=queue_url,
            MAIL_PRIVATE_HOSTS="127.0.0.0/8",
        )
        app = create_app()
        yield Practice(app)
        with app.app_context():
            db.engine.dispose()
