"""A practice whose mailbox works and whose campaign was launched, ready to be delivered."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select, update

from jobs import deliver
from portal import consent
from portal.admin.service import find_user
from portal.campaigns import service as campaigns
from portal.consent import count_eligible
from portal.contacts import service as contacts
from portal.extensions import db
from portal.mail_settings import checks
from portal.mail_settings import service as mail_settings
from portal.models import (
    Campaign,
    CampaignStatus,
    Contact,
    MailAccount,
    MailCheck,
    Message,
    MessageReply,
    Purpose,
    SessionSlot,
)
from tests.people import ADMIN

MAILBOX = "consulta@clinica.example.com"


class Line:
    """Delivers by calling the job, and looks into the database. Each call has an application
    context of its own, as a work-horse does."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def configure(self, port: int) -> None:
        """Save a mailbox on a local server without TLS, as if its check had passed."""
        draft = mail_settings.Draft(
            email=MAILBOX,
            sender_name="",
            different_user=False,
            username="",
            password="secret words",
            provider="other",
            smtp_server="127.0.0.1",
            smtp_port=port,
            security="none",
            allow_unencrypted=True,
            legal_notice="Aviso legal",
        )
        with self.app.app_context():
            by = find_user(ADMIN)
            assert by
            check = mail_settings.save(draft, by)
            self.pass_check(check)

    def pass_check(self, check: MailCheck | None = None) -> None:
        """What a check that ends well does."""
        with self.app.app_context():
            latest = select(MailCheck).order_by(MailCheck.id.desc()).limit(1)
            assert checks.passed(check or db.session.scalars(latest).one())

    def pass_check_of_active(self) -> None:
        """Somebody presses "Check again", and all is well."""
        with self.app.app_context():
            check = checks.start_check()
            assert check
            assert checks.passed(check)

    def suppress(self, email: str, purpose: Purpose) -> None:
        with self.app.app_context():
            consent.suppress(email, purpose, "unsubscribed")
            db.session.commit()

    def add_contacts(self, *names: str, **consents: bool) -> None:
        """People with an address each, and both consents unless said otherwise."""
        given = {"privacy_consent": True, "marketing_consent": True, **consents}
        empty = {"last_name": "", "greeting": "", "phone": "", "language": ""}
        with self.app.app_context():
            for name in names:
                fields = {"first_name": name, "email": f"{name}@example.com", **empty, **given}
                contacts.save(Contact(), fields)
            db.session.commit()

    def launch(self, body: str = "Hola ${nombre}") -> None:
        with self.app.app_context():
            campaign = Campaign(name="Otoño", subject="Novedades", body=body, audience="all")
            db.session.add(campaign)
            db.session.commit()
            by = find_user(ADMIN)
            assert by
            campaigns.launch(campaign, count_eligible("campaign"), by)

    def deliver(self) -> None:
        """One slice of the sending loop."""
        with self.app.app_context():
            deliver.run(1)

    def messages(self) -> dict[str, Message]:
        with self.app.app_context():
            rows = db.session.scalars(select(Message)).all()
            return {row.recipient.partition("@")[0]: row for row in rows}

    def statuses(self) -> dict[str, str]:
        return {name: str(message.status) for name, message in self.messages().items()}

    def replies(self) -> list[str | None]:
        with self.app.app_context():
            query = select(MessageReply.reply).order_by(MessageReply.id)
            return list(db.session.scalars(query))

    def campaign(self) -> Campaign:
        with self.app.app_context():
            return db.session.scalars(select(Campaign)).one()

    def lease_until(self) -> datetime:
        with self.app.app_context():
            found = db.session.scalars(select(SessionSlot.lease_until)).one()
        assert found
        return found

    def account(self) -> MailAccount:
        with self.app.app_context():
            return db.session.scalars(select(MailAccount)).one()

    def change(self, model: Any, **values: Any) -> None:
        with self.app.app_context():
            db.session.execute(update(model).values(**values))
            db.session.commit()

    def time_passes(self, span: timedelta) -> None:
        """Move what the messages wait for into the past."""
        with self.app.app_context():
            for message in db.session.scalars(select(Message)):
                if message.next_attempt_at:
                    message.next_attempt_at -= span
            db.session.commit()

    def assert_counters_agree(self) -> None:
        """The campaign's counters are what counting its messages would give."""
        campaign, messages = self.campaign(), self.messages().values()
        counted = Counter(str(message.status) for message in messages)
        kept = {name: campaign.count(name) for name in counted}
        assert kept == counted
        assert campaign.total + campaign.skipped_count == len(messages)

    def is_finished(self) -> bool:
        return self.campaign().status is CampaignStatus.FINISHED
