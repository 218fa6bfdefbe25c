"""Mails in doubt, as the tests of their pages need them."""

from collections.abc import Sequence

from sqlalchemy import insert, select, update

from portal.extensions import db
from portal.models import Campaign, CampaignStatus, Doubt, Message
from portal.models import MessageStatus as Status
from portal.outbox import claims, doubts, leases
from portal.outbox.waiting import Lanes
from tests.outbox.line import Line
from tests.people import Page, Visitor

LIST = "/sent/unconfirmed"


def put_in_doubt(line: Line, number: int) -> None:
    """What a sender leaves that dies with so many mails in hand after a power loss."""
    with line.app.app_context():
        claim = leases.take(1, sessions=1)
        assert claim
        held = claims.claim_messages(claim, Lanes(), number)
        assert len(held) == number
        for message in held:  # one by one, so that the doubts are numbered as the mails are
            with db.engine.begin() as connection:
                doubts.raise_doubts(connection, 1, [message.id])
        claims.release(claim)


def make_doubts(line: Line, number: int) -> None:
    """So many more mails of the campaign that are in doubt."""
    with line.app.app_context():
        first = db.session.scalars(select(Message).limit(1)).one()
        shared = ("account_id", "kind", "campaign_id", "template_version_id", "template_values")
        same = {name: getattr(first, name) for name in shared}
        mails = [
            {
                **same,
                "recipient": f"{n}@example.com",
                "recipient_name": "",
                "subject": "",
                "message_id": f"<{n}@clinica.example.com>",
                "status": Status.UNCONFIRMED,
            }
            for n in range(number)
        ]
        db.session.execute(insert(Message), mails)
        more = {"unconfirmed_count": Campaign.unconfirmed_count + number}
        db.session.execute(update(Campaign).values(more))
        noted = select(Doubt.message_id)
        ids = db.session.scalars(
            select(Message.id).where(Message.status == Status.UNCONFIRMED, Message.id.not_in(noted))
        )
        doubts.note(db.session.connection(), ids.all())
        db.session.commit()


def all_doubts(line: Line) -> Sequence[Doubt]:
    """By id, the oldest first."""
    with line.app.app_context():
        return db.session.scalars(select(Doubt).order_by(Doubt.id)).all()


def three_in_doubt(line: Line) -> Line:
    """The mails to ana, bea and cleo may have gone out or not; the campaign is finished."""
    line.launch()
    put_in_doubt(line, 3)
    assert line.is_finished()
    return line


def two_campaigns_in_doubt(line: Line) -> Line:
    """As three_in_doubt, but bea's mail belongs to another campaign than ana's and cleo's."""
    three_in_doubt(line)
    with line.app.app_context():
        other = Campaign(name="Invierno", subject="s", body="b", status=CampaignStatus.FINISHED)
        other.unconfirmed_count = 1
        db.session.add(other)
        db.session.flush()
        moved = update(Message).where(Message.recipient == "bea@example.com")
        db.session.execute(moved.values(campaign_id=other.id, campaign_name=other.name))
        db.session.execute(update(Campaign).where(Campaign.id == 1).values(unconfirmed_count=2))
        db.session.commit()
    return line


def cancel_campaign(line: Line, campaign_id: int) -> None:
    with line.app.app_context():
        stopped = update(Campaign).where(Campaign.id == campaign_id)
        db.session.execute(stopped.values(status=CampaignStatus.CANCELLED))
        db.session.commit()


def press(visitor: Visitor, words: str, number: int = 1, at: str = LIST) -> Page:
    """Press the button of the mail whose doubt has the number; 0 presses the one for all."""
    page = visitor.get(at)
    form = page.one("#settle-all form" if not number else f"form[action^='{LIST}/{number}']")
    fields = {str(field["name"]): str(field["value"]) for field in form.select("input")}
    button = next(b for b in form.select("button") if b.get_text().strip().startswith(words))
    return visitor.post(str(form["action"]), {**fields, "settle": str(button["value"])})


def follow(visitor: Visitor, page: Page) -> Page:
    assert page.status == 302, page.text
    return visitor.get(page.location)


def names(page: Page) -> list[str]:
    return [text.partition("@")[0] for text in page.texts("#list h2")]
