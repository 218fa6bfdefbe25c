"""A practice whose mailbox works and whose campaign was launched, ready to be delivered."""

from collections import Counter
from datetime import timedelta
from typing import Any

from flask import Flask
from rq import Queue
from sqlalchemy import select, update

from jobs import deliver
from portal import consent
from portal.admin.service import find_user
from portal.campaigns import service as campaigns
from portal.consent import count_eligible
from portal.contacts import service as contacts
from portal.extensions import db
from portal.mail.compose import new_message_id
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
    MessageStatus,
    Purpose,
    SessionSlot,
    TemplateVersion,
)
from portal.models.base import now
from portal.outbox import bell, claims, leases
from portal.outbox.clock import boottime
from portal.outbox.leases import Claim
from portal.outbox.transitions import add, move
from portal.outbox.waiting import Lanes
from tests.people import ADMIN

WAYS: dict[MessageStatus, tuple[MessageStatus, ...]] = {
    MessageStatus.QUEUED: (),
    MessageStatus.SENDING: (MessageStatus.SENDING,),
    **{
        status: (MessageStatus.SENDING, status)
        for status in (MessageStatus.DEFERRED, MessageStatus.FAILED, MessageStatus.UNCONFIRMED)
    },
}

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

    def remind(self, name: str, body: str = "Mañana", **values: Any) -> None:
        """A reminder for one of the contacts waits to be sent: a mail without a campaign."""
        with self.app.app_context():
            contact = db.session.scalars(select(Contact).where(Contact.first_name == name)).one()
            version = TemplateVersion(
                kind="appointment_reminder", language="es", subject="Su cita", body=body
            )
            db.session.add(version)
            db.session.flush()
            row = {
                "account_id": 1,
                "contact_id": contact.id,
                "kind": version.kind,
                "campaign_id": None,
                "template_version_id": version.id,
                "template_values": {},
                "recipient": contact.email,
                "recipient_name": contact.full_name,
                "subject": version.subject,
                "message_id": new_message_id(MAILBOX),
                "status": MessageStatus.QUEUED,
            }
            add([{**row, **values}])
            db.session.commit()

    def reminders(self) -> list[str]:
        """What became of them."""
        with self.app.app_context():
            query = select(Message.status).where(Message.campaign_id.is_(None))
            return [str(status) for status in db.session.scalars(query.order_by(Message.id))]

    def deliver(self) -> None:
        """One slice of the sending loop."""
        with self.app.app_context():
            deliver.run(1)

    def ring(self) -> None:
        with self.app.app_context():
            self.app.extensions["queue"].flushall()
            bell.ring(1)

    def rung(self, queue: str) -> list[str]:
        """What was rung for on a queue, and not yet done."""
        with self.app.app_context():
            jobs = Queue(queue, connection=self.app.extensions["queue"]).jobs
        return [str(job.func_name) for job in jobs]

    def bring_to(self, status: MessageStatus) -> None:
        """Have the first message in a state by legal steps."""
        with self.app.app_context(), db.engine.begin() as connection:
            for target in WAYS[status]:
                origin = connection.scalars(select(Message.status).where(Message.id == 1)).one()
                move(connection, origin, target, Message.id == 1)

    @property
    def is_sqlite(self) -> bool:
        with self.app.app_context():
            return db.engine.dialect.name == "sqlite"

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

    def take(self, messages: int = 0) -> Claim:
        """What a sender does before its first mail; it holds the account's first slot."""
        with self.app.app_context():
            claim = leases.take(1, sessions=1)
            assert claim
            if messages:
                claims.claim_messages(claim, Lanes(), messages)
        return claim

    def lease_runs_out(self) -> None:
        """By whatever clock it is looked at."""
        with self.app.app_context():
            held = update(SessionSlot).where(SessionSlot.claim_id.is_not(None))
            past = {"lease_boottime": boottime() - 1, "lease_until": now() - timedelta(seconds=1)}
            db.session.execute(held.values(**past))
            db.session.commit()

    def is_lease_good(self) -> bool:
        with self.app.app_context():
            held = select(SessionSlot.lease_boottime).where(SessionSlot.claim_id.is_not(None))
            return (db.session.scalars(held).one() or 0) > boottime()

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
                if message.retry_until:
                    message.retry_until -= span
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


def launched(app: Flask, *names: str, port: int = 465) -> Line:
    """A campaign to these people was launched, by a mailbox that works."""
    line = Line(app)
    line.configure(port)
    line.add_contacts(*names)
    line.launch()
    return line
