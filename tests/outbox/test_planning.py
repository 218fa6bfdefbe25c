"""When a campaign will be done: never earlier than the limits allow, and in words."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask_babel import force_locale
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from portal.extensions import db
from portal.models import (
    AccountStatus,
    AccountUsage,
    Campaign,
    CampaignStatus,
    MailAccount,
    MailSettings,
    Message,
    MessageStatus,
)
from portal.outbox import planning
from portal.outbox.planning import Limit, Plan
from portal.outbox.simulation import STEPS, simulate
from portal.outbox.windows import DAY, HOUR, MINUTE, Bucket, Span, Window
from tests.conftest import ON_SQLITE
from tests.outbox.line import Line

# A Tuesday, 10:00 in Madrid.
START = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
AT = START.timestamp()
FAST = 1000.0
GMAIL = "Gmail takes 500 mails a day. Campaigns may use 400 of them."


def window(span: Span, limit: int, share: int = 0, used: Sequence[Bucket] = ()) -> Window:
    return Window(span, limit, share or limit, used)


def one_by_one(mails: int, windows: Sequence[Window]) -> float:
    """When the last one may be begun if the limiter is asked for each, and each goes at once."""
    at = AT
    for _ in range(mails):
        for found in windows:
            found.move_to(at)
        at = max([at, *(found.opens_at(campaign=True) or at for found in windows)])
        for found in windows:
            found.move_to(at)
            found.add(at, 1)
    return at


def days(at: float) -> float:
    return (at - AT) / 86400


def test_without_limits_it_is_the_pace() -> None:
    assert simulate(3000, AT, 10.0, []) == (AT + 300, None)


def test_a_limit_that_is_not_met_takes_no_time() -> None:
    at, held_by = simulate(400, AT, FAST, [window(DAY, 500)])
    assert (round(at - AT, 1), held_by) == (0.4, None)


def test_a_days_limit_lets_a_part_go_each_day() -> None:
    day = window(DAY, 500, 400)
    at, held_by = simulate(1000, AT, FAST, [day])
    assert 2 <= days(at) < 2.1
    assert held_by is day


def test_what_was_used_already_is_waited_for() -> None:
    used = [Bucket(DAY.bucket(AT - 3600), 300, 300)]
    at, _ = simulate(200, AT, FAST, [window(DAY, 400, used=used)])
    assert timedelta(hours=23) <= timedelta(seconds=at - AT) < timedelta(hours=23, minutes=20)


def test_the_limit_that_holds_longest_is_named() -> None:
    day, hour = window(DAY, 100), window(HOUR, 90)
    assert simulate(150, AT, FAST, [day, hour])[1] is day
    day, hour = window(DAY, 500), window(HOUR, 90)
    assert simulate(150, AT, FAST, [day, hour])[1] is hour


figures = st.fixed_dictionaries(
    {},
    optional={
        DAY: st.integers(1, 60),
        HOUR: st.integers(1, 30),
        MINUTE: st.integers(1, 10),
    },
)
uses = st.lists(
    st.tuples(st.integers(0, 100_000), st.integers(0, 5), st.integers(0, 5)), max_size=8
)


def windows_with(
    limits: dict[Span, int], reserved: int, used: list[tuple[int, int, int]]
) -> list[Window]:
    return [
        Window(
            span,
            limit,
            limit - limit * reserved // 100,
            [Bucket(span.bucket(AT - ago), a + b, b) for ago, a, b in used],
        )
        for span, limit in limits.items()
    ]


@settings(max_examples=60, deadline=None)
@given(figures, st.integers(0, 90), uses, st.integers(1, 150), st.floats(0.005, 1000))
def test_it_is_never_earlier_than_the_limits_allow(
    limits: dict[Span, int],
    reserved: int,
    used: list[tuple[int, int, int]],
    mails: int,
    pace: float,
) -> None:
    told, _ = simulate(mails, AT, pace, windows_with(limits, reserved, used))
    assert told >= one_by_one(mails, windows_with(limits, reserved, used))
    assert told >= AT + mails / pace - 1


@pytest.mark.parametrize("limits", [{DAY: 3}, {MINUTE: 1}, {DAY: 2000, HOUR: 100, MINUTE: 2}])
def test_beyond_its_steps_it_is_neither_too_early_nor_much_too_late(
    limits: dict[Span, int],
) -> None:
    mails = STEPS * 4
    told, _ = simulate(mails, AT, FAST, windows_with(limits, 0, []))
    allowed = one_by_one(mails, windows_with(limits, 0, []))
    assert allowed <= told <= allowed + (allowed - AT) * 0.1 + 2 * 86400


def test_a_campaign_for_a_million_is_looked_at_as_often_as_one_for_ten_thousand() -> None:
    class Counted(Window):
        looked_at = 0

        def move_to(self, at: float) -> None:
            self.looked_at += 1
            super().move_to(at)

    looks = []
    for mails in (10_000, 1_000_000):
        counted = Counted(MINUTE, 2, 2)
        simulate(mails, AT, FAST, [counted])
        looks.append(counted.looked_at)
    assert looks[0] == looks[1]


@pytest.fixture
def line(app: Flask) -> Iterator[Line]:
    """A mailbox at Gmail, and a campaign for three that was launched."""
    with time_machine.travel(START, tick=False):
        line = Line(app)
        line.configure(port=465)
        line.change(MailSettings, provider="gmail")
        line.add_contacts("ana", "bea", "cleo")
        line.launch()
        yield line


def use(line: Line, mails: int, at: datetime) -> None:
    with line.app.app_context():
        bucket = DAY.bucket(at.timestamp())
        row = {"account_id": 1, "span": "day", "bucket": bucket}
        db.session.execute(insert(AccountUsage).values(**row, mails=mails, campaign_mails=mails))
        db.session.commit()


def plan(line: Line) -> Plan | None:
    with line.app.app_context():
        return planning.done_at(db.session.get_one(Campaign, 1))


def sentence(line: Line, language: str = "en") -> str | None:
    with line.app.test_request_context(), force_locale(language):
        said = planning.sentence(db.session.get_one(Campaign, 1))
    return said.replace("\u202f", " ") if said else None


def waiting(line: Line, mails: int) -> None:
    line.change(Campaign, queued_count=mails)


def test_it_goes_by_what_was_used_and_what_campaigns_may_use(line: Line) -> None:
    use(line, 399, START - timedelta(hours=2))
    found = plan(line)
    assert found
    assert found.limit == Limit(DAY, 500, 400, "gmail")
    assert timedelta(hours=22) <= found.at - START <= timedelta(hours=22, minutes=16)


def test_mails_of_older_campaigns_go_first(line: Line) -> None:
    with line.app.app_context():
        older = Campaign(name="a", subject="b", body="c", status=CampaignStatus.RUNNING)
        older.launched_at, older.deferred_count = START - timedelta(days=1), 400
        db.session.add(older)
        db.session.commit()
    found = plan(line)
    assert found
    assert found.at - START >= timedelta(days=1)


@ON_SQLITE
def test_what_is_set_here_is_not_the_providers(line: Line) -> None:
    line.change(MailAccount, limits={"messages_per_day": 2})
    found = plan(line)
    assert found
    assert found.limit == Limit(DAY, 2, 2, None)


@ON_SQLITE
@pytest.mark.parametrize("status", [CampaignStatus.PAUSED, CampaignStatus.FINISHED])
def test_nobody_can_tell_of_a_campaign_that_does_not_run(
    line: Line, status: CampaignStatus
) -> None:
    line.change(Campaign, status=status)
    assert (plan(line), sentence(line)) == (None, None)


@ON_SQLITE
def test_nobody_can_tell_while_the_mailbox_does_not_work(line: Line) -> None:
    line.change(MailAccount, status=AccountStatus.FAILING)
    assert plan(line) is None


def test_the_pace_of_late_counts_without_the_breaks(line: Line) -> None:
    line.add_contacts(*(f"p{number}" for number in range(20)))
    with line.app.app_context():
        template = db.session.get_one(Campaign, 1).template_version_id
        at = START - timedelta(days=1)
        for number in range(20):
            at += timedelta(minutes=50) if number == 10 else timedelta(seconds=5)
            db.session.add(sent(number, at, template))
        db.session.commit()
    waiting(line, 300)
    found = plan(line)
    assert found
    assert found.at - START == timedelta(seconds=1500)
    assert sentence(line) == "About 25 minutes left."


def sent(number: int, at: datetime, template: int | None) -> Message:
    return Message(
        account_id=1,
        contact_id=4 + number,
        kind="campaign",
        campaign_id=1,
        template_version_id=template,
        template_values={},
        recipient=f"p{number}@example.com",
        recipient_name="",
        subject="",
        message_id=f"<{number}@example.com>",
        status=MessageStatus.SENT,
        status_at=at,
    )


@ON_SQLITE
def test_the_last_to_be_tried_again_is_waited_for(line: Line) -> None:
    later = START + timedelta(hours=3)
    line.change(Message, status=MessageStatus.DEFERRED, next_attempt_at=later)
    line.change(Campaign, queued_count=0, deferred_count=3)
    assert plan(line) == Plan(later, has_retries=True)
    assert sentence(line) == "Done by 1:00 PM: some mails are tried again until then."


@ON_SQLITE
@pytest.mark.parametrize(
    ("mails", "said"),
    [
        (30, "Less than a minute left."),
        (300, "About 5 minutes left."),
        (600, f"Done by Wednesday 10:19 AM: {GMAIL}"),
        (10_000, f"Done by December 25, 2026: {GMAIL}"),
    ],
)
def test_it_is_told_by_the_practices_clock(line: Line, mails: int, said: str) -> None:
    waiting(line, mails)
    assert sentence(line) == said


@ON_SQLITE
@pytest.mark.parametrize(
    ("reserved", "said"), [(20, "at 80 mails a day."), (0, "at 100 mails a day.")]
)
def test_what_is_kept_for_other_mails_is_no_campaigns(line: Line, reserved: int, said: str) -> None:
    line.change(MailAccount, limits={"messages_per_day": 100}, reserved_percent=reserved)
    waiting(line, 300)
    assert str(sentence(line)).endswith(said)


@ON_SQLITE
def test_of_a_providers_figure_nothing_more_is_said_where_campaigns_may_use_all(
    line: Line,
) -> None:
    line.change(MailAccount, reserved_percent=0)
    waiting(line, 600)
    assert str(sentence(line)).endswith("Gmail takes 500 mails a day.")


@ON_SQLITE
def test_what_is_done_today_has_the_time_alone(line: Line) -> None:
    line.change(MailAccount, limits={"messages_per_day": None, "messages_per_hour": 2})
    waiting(line, 6)
    assert sentence(line) == "Done by 12:03 PM, at 2 mails an hour."


@ON_SQLITE
def test_while_the_provider_takes_nothing_that_is_told(line: Line) -> None:
    until = START + timedelta(hours=2)
    line.change(MailAccount, status=AccountStatus.LIMITED, limited_until=until)
    words = "The provider takes no mail until 12:00 PM. Done by 12:01 PM."
    assert sentence(line) == words


@ON_SQLITE
def test_no_moment_is_told_earlier_than_it_is(line: Line) -> None:
    with line.app.test_request_context():
        assert "10:01" in planning.moment(START + timedelta(seconds=1))
        assert "10:00" in planning.moment(START)


@ON_SQLITE
def test_where_only_campaigns_wait_their_part_is_said_to_be_used_up(line: Line) -> None:
    line.change(MailAccount, campaigns_wait_until=START + timedelta(hours=2))
    assert str(sentence(line)).startswith(
        "The campaigns' part is used up: they go on from 12:00 PM."
    )


@ON_SQLITE
def test_where_all_mails_wait_the_limit_is_said_to_be_reached(line: Line) -> None:
    soon, later = START + timedelta(minutes=1), START + timedelta(hours=2)
    line.change(MailAccount, waits_until=soon, campaigns_wait_until=soon)
    assert str(sentence(line)).startswith("The limit is reached: mails go on from 10:01 AM.")
    line.change(MailAccount, campaigns_wait_until=later)
    assert str(sentence(line)).startswith("The limit is reached: mails go on from 12:00 PM.")
