"""What an account may send: whose figures hold, and that no window ever has more."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, insert, select

from portal.extensions import db
from portal.models import MOST_SESSIONS, AccountUsage, MailAccount, MailSettings
from portal.outbox import limits
from portal.outbox.limits import SESSIONS, Limits, limits_at
from portal.outbox.waiting import Lanes
from portal.outbox.windows import DAY, HOUR, MINUTE, SPANS, Span
from portal.sending import service
from tests.conftest import ON_SQLITE

START = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
ONE = timedelta(seconds=1)
EVERYTHING = Lanes()
APPOINTMENTS_ONLY = Lanes(campaigns=False)
NOTHING = Lanes(transactional=False, campaigns=False)


class Sender:
    """Begins mails of the practice's account by its limits, as the clock says."""

    def __init__(self, app: Flask, clock: time_machine.Traveller) -> None:
        self.app, self.clock = app, clock

    def set(self, *, reserved: int = 0, **figures: int | None) -> None:
        """As the page does."""
        with self.app.app_context():
            service.save(1, figures, reserved, {})

    def begin(self, mails: int = 1, *, campaign: bool = True) -> int:
        """Try so many; how many were let go."""
        with self.app.app_context():
            tries = [
                limits.may_begin(1, limits_at("other"), campaign=campaign) for _ in range(mails)
            ]
        assert tries == sorted(tries, reverse=True), "one was let go after another had to wait"
        return sum(tries)

    def go(self, at: datetime) -> None:
        self.clock.move_to(at)

    def lanes(self) -> Lanes:
        with self.app.app_context():
            return limits.lanes(db.session.get_one(MailAccount, 1))

    def used(self, span: Span, mails: int, at: datetime, *, campaign: bool = True) -> None:
        """As if mails had been begun at that moment."""
        with self.app.app_context():
            db.session.execute(
                insert(AccountUsage).values(
                    account_id=1,
                    span=span.name,
                    bucket=span.bucket(at.timestamp()),
                    mails=mails,
                    campaign_mails=mails * campaign,
                )
            )
            db.session.commit()

    def rows(self) -> int:
        with self.app.app_context():
            return db.session.scalar(select(func.count()).select_from(AccountUsage)) or 0


@pytest.fixture
def sender(app: Flask) -> Iterator[Sender]:
    with time_machine.travel(START, tick=False) as clock:
        yield Sender(app, clock)


def limits_with(app: Flask, provider: str, changed: dict[str, int | None] | None) -> Limits:
    account, settings = MailAccount(limits=changed), MailSettings(provider=provider)
    return limits.limits_of(account, settings)


@ON_SQLITE
def test_nothing_limits_an_unknown_server(app: Flask) -> None:
    found = limits_with(app, "other", None)
    assert found == Limits("other", None, None, None, None, SESSIONS)
    assert not found.counts


@pytest.mark.parametrize(
    ("provider", "figures"),
    [
        ("gmail", {DAY: 500}),
        ("google_workspace", {DAY: 2000}),  # mails; 10,000 recipients
        ("hotmail", {DAY: 5000}),  # recipients
        ("icloud", {DAY: 1000}),
        ("ionos_es", {HOUR: 500}),
        ("microsoft365", {DAY: 10000, MINUTE: 30}),
    ],
)
def test_the_catalogues_figures_hold(provider: str, figures: dict[Span, int]) -> None:
    assert limits_at(provider).by_span == figures


def test_the_catalogue_tells_of_connections_too() -> None:
    assert limits_at("microsoft365").connections == 3
    assert limits_at("strato").messages_per_connection == 1000


def test_what_somebody_set_takes_the_place_of_a_figure_and_none_lifts_it() -> None:
    found = limits_at("microsoft365", {"messages_per_day": 200, "messages_per_minute": None})
    assert found.by_span == {DAY: 200}
    assert limits_at("other", {"messages_per_connection": 50}).messages_per_connection == 50


@pytest.mark.parametrize(("chosen", "connections"), [(2, 2), (99, MOST_SESSIONS), (None, 10)])
def test_there_are_never_more_connections_than_slots(chosen: int | None, connections: int) -> None:
    assert limits_at("other", {"connections": chosen}).connections == connections


def test_a_mail_is_counted_and_the_one_over_the_limit_waits(sender: Sender) -> None:
    sender.set(messages_per_day=3)
    assert sender.begin(5) == 3
    assert sender.lanes() == NOTHING


def test_nothing_is_counted_where_there_is_no_room(sender: Sender) -> None:
    sender.set(messages_per_day=3, messages_per_hour=2)
    assert sender.begin(9) == 2
    sender.go(START + timedelta(hours=2))
    assert sender.begin(9) == 1


@pytest.mark.parametrize(
    ("figure", "span"),
    [
        ("messages_per_day", DAY),
        ("messages_per_hour", HOUR),
        ("messages_per_minute", MINUTE),
    ],
)
def test_mails_go_on_the_moment_the_first_have_left_the_span(
    sender: Sender, figure: str, span: Span
) -> None:
    sender.set(**{figure: 5})
    assert sender.begin(9) == 5
    account_waits = START + timedelta(seconds=span.seconds + span.bucket_seconds)
    sender.go(account_waits - ONE)
    assert (sender.lanes(), sender.begin()) == (NOTHING, 0)
    sender.go(account_waits)
    assert sender.lanes() == EVERYTHING
    assert sender.begin(9) == 5


@ON_SQLITE
def test_over_a_rolling_day_the_501st_waits_for_the_first_to_leave(sender: Sender) -> None:
    sender.set(messages_per_day=500)
    sender.used(DAY, 1, START)
    for quarter in range(1, 84):
        sender.used(DAY, 6, START + timedelta(minutes=15 * quarter))
    sender.go(START + timedelta(hours=22))
    assert sender.begin(9) == 1  # 499 before it
    sender.go(START + timedelta(days=1, minutes=15))
    assert sender.begin(9) == 1  # only the first has left
    sender.go(START + timedelta(days=1, minutes=30))
    assert sender.begin(9) == 6


@ON_SQLITE
def test_the_latest_of_several_limits_says_until_when(sender: Sender) -> None:
    sender.set(messages_per_hour=2, messages_per_minute=1)
    assert sender.begin(9) == 1
    sender.go(START + timedelta(minutes=10))
    assert sender.begin(9) == 1
    sender.go(START + timedelta(minutes=12))
    assert sender.begin() == 0
    with sender.app.app_context():
        waits = db.session.get_one(MailAccount, 1).waits_until
    assert waits == START + timedelta(hours=1, minutes=1)


def test_campaigns_leave_the_reserve_and_appointments_use_it(sender: Sender) -> None:
    sender.set(messages_per_day=10, reserved=20)
    assert sender.begin(20) == 8
    assert sender.lanes() == APPOINTMENTS_ONLY
    assert sender.begin(20, campaign=False) == 2
    assert sender.lanes() == NOTHING


@ON_SQLITE
def test_appointments_that_used_more_than_the_reserve_leave_campaigns_the_rest(
    sender: Sender,
) -> None:
    sender.set(messages_per_hour=10, reserved=20)
    assert sender.begin(5, campaign=False) == 5
    assert sender.begin(20) == 5


@ON_SQLITE
def test_of_a_minute_nothing_is_reserved(sender: Sender) -> None:
    sender.set(messages_per_minute=10, reserved=50)
    assert sender.begin(20) == 10


@pytest.mark.parametrize("reserved", [0, 20, 90])
@pytest.mark.parametrize("limit", [1, 2, 9, 10])
def test_however_small_a_limit_campaigns_get_something(limit: int, reserved: int) -> None:
    assert 1 <= limits.share_of(limit, reserved, DAY) <= limit


def test_with_a_larger_limit_mails_go_on_at_once(sender: Sender) -> None:
    sender.set(messages_per_day=3)
    assert sender.begin(9) == 3
    sender.set(messages_per_day=5)
    assert sender.lanes() == EVERYTHING
    assert sender.begin(9) == 2


@ON_SQLITE
def test_a_sender_that_began_under_an_older_limit_goes_by_the_new_one(sender: Sender) -> None:
    sender.set(messages_per_day=3)
    old = limits_at("other", {"messages_per_day": 3})
    sender.set(messages_per_day=4)
    with sender.app.app_context():
        tries = [limits.may_begin(1, old, campaign=True) for _ in range(6)]
    assert sum(tries) == 4


@ON_SQLITE
def test_a_clock_that_is_put_back_lets_nobody_send_more(sender: Sender) -> None:
    sender.set(messages_per_hour=5)
    assert sender.begin(9) == 5
    sender.go(START - timedelta(minutes=30))
    assert sender.begin() == 0


def test_senders_at_once_never_go_over_the_limit(app: Flask) -> None:
    with app.app_context():
        service.save(1, {"messages_per_day": 40, "messages_per_hour": 30}, 0, {})

    def begin(_number: int) -> int:
        with app.app_context():
            counted = limits_at("other")
            return sum(limits.may_begin(1, counted, campaign=True) for _ in range(9))

    with ThreadPoolExecutor(6) as senders:
        assert sum(senders.map(begin, range(6))) == 30


def test_what_no_limit_looks_at_any_more_is_forgotten(sender: Sender) -> None:
    sender.set(messages_per_day=5, messages_per_hour=5, messages_per_minute=5)
    sender.begin()
    assert sender.rows() == len(SPANS)
    with sender.app.app_context():
        for hours, left in ((0, 3), (1, 3), (4, 1), (24, 1), (27, 0)):
            sender.go(START + timedelta(hours=hours))
            limits.forget_old_usage()
            assert sender.rows() == left


def test_without_limits_nothing_is_counted(sender: Sender) -> None:
    assert sender.begin(3) == 3
    assert sender.rows() == 0
