"""A server says that a limit of its own is reached: how long the mailbox then waits."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import insert

from portal.extensions import db
from portal.mail.findings import MEANINGS
from portal.mail_settings import accounts
from portal.mail_settings.accounts import Trouble
from portal.models import AccountStatus, AccountUsage, MailSettings
from portal.outbox.windows import DAY, HOUR, Span
from tests.conftest import ON_SQLITE
from tests.mail.played import sending, setting_up
from tests.outbox.line import Line

START = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
A_DAY, AN_HOUR, A_WHILE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=5)
FOUR_HOURS = timedelta(hours=4)


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


@pytest.mark.parametrize(
    ("provider", "step", "text", "usual"),
    [
        ("gmail", "mail", "550 5.4.5 Daily user sending limit exceeded.", A_DAY),
        ("google_workspace", "dot", "550 5.4.5 Daily SMTP relay limit exceeded for user.", A_DAY),
        ("gmail", "dot", "421 4.7.28 Gmail has detected an unusual rate of mail", FOUR_HOURS),
        (
            "microsoft365",
            "dot",
            "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException",
            A_DAY,
        ),
        ("microsoft365", "dot", "432 4.3.2 Concurrent connections limit exceeded", A_WHILE),
        (
            "microsoft365",
            "rcpt",
            "451 4.7.500 Server busy. Please try again later from [192.0.2.1].",
            FOUR_HOURS,
        ),
        (
            "yahoo",
            "mail",
            "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected "
            "volume or user complaints",
            FOUR_HOURS,
        ),
        ("icloud", "dot", "550 5.7.1 You have exceeded your daily sending limit.", A_DAY),
        ("register_it", "rcpt", "550 MAX RCPT TO DAILY LIMIT", A_DAY),
        ("register_it", "mail", "550 SENDER REJECTED", FOUR_HOURS),
        ("gmail", "rcpt", "452 4.5.3 Your message has too many recipients.", AN_HOUR),
        ("other", "mail", "452 4.3.0 Hourly limit reached", AN_HOUR),
        ("other", "mail", "452 Too many emails sent on this session", A_WHILE),
        ("other", "mail", "421 Too many messages in this connection", A_WHILE),
        ("other", "mail", "421 4.7.0 Too many messages, slow down", A_WHILE),
        ("ses", "mail", "454 4.7.0 Throttling failure: Maximum sending rate exceeded", A_WHILE),
        ("ses", "mail", "454 Throttling failure: Daily message quota exceeded", A_DAY),
    ],
)
def test_a_reply_that_says_no_time_has_the_usual_one(
    provider: str, step: str, text: str, usual: timedelta
) -> None:
    found = sending(step, text, provider)
    assert (found.wait, found.guessed, found.permanent) == (usual, True, False)


def test_so_has_one_to_too_many_sign_ins() -> None:
    found = setting_up("auth", "454 4.7.0 Too many login attempts, please try again later.")
    assert (found.wait, found.guessed) == (AN_HOUR, True)


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("452 4.7.0 Sending limit reached, try again in 20 minutes", minutes(20)),
        ("421 4.7.0 Too many messages, slow down and retry in 90 minutes", minutes(90)),
        ("550 5.4.5 Daily user sending limit exceeded, try again in 3 hours", minutes(180)),
    ],
)
def test_what_the_reply_says_goes_before_what_is_usual(text: str, wait: timedelta) -> None:
    found = sending("mail", text)
    assert (found.wait, found.guessed) == (wait, False)


@pytest.mark.parametrize(
    ("step", "text"),
    [
        ("rcpt", "452 4.2.2 The recipient's inbox is out of storage space."),
        ("rcpt", "450 4.2.1 The user you are trying to contact is receiving mail too quickly."),
        ("rcpt", "450 4.2.0 Recipient address rejected: Greylisted"),
        ("mail", "452 4.3.1 Insufficient system storage"),
    ],
)
def test_what_is_no_limit_of_the_mailbox_has_nobody_else_wait(step: str, text: str) -> None:
    found = sending(step, text)
    assert found.wait is None
    assert MEANINGS[found.cause].kind != "limit"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.fixture
def line(app: Flask, clock: time_machine.Traveller) -> Line:
    line = Line(app)
    line.configure(port=465)
    return line


def at(line: Line, provider: str) -> None:
    line.change(MailSettings, provider=provider)


def begun(line: Line, span: Span, mails: int, ago: timedelta) -> None:
    row = {"account_id": 1, "span": span.name, "mails": mails, "campaign_mails": mails}
    with line.app.app_context():
        bucket = span.bucket((START - ago).timestamp())
        db.session.execute(insert(AccountUsage).values(**row, bucket=bucket))
        db.session.commit()


def waits(line: Line, text: str, provider: str = "other") -> timedelta:
    """How long the mailbox is limited after that answer to a mail."""
    with line.app.app_context():
        accounts.fails(1, Trouble.of(sending("mail", text, provider), text))
        db.session.commit()
    account = line.account()
    assert account.status is AccountStatus.LIMITED
    assert account.limited_until
    assert account.next_check_at == account.limited_until
    return account.limited_until - datetime.now(UTC)


DAILY = "550 5.4.5 Daily user sending limit exceeded."
HOURLY = "450 Mail send limit exceeded."
FAST = "421 4.7.0 Too many messages, slow down"


def test_a_days_limit_ends_when_the_first_mails_of_the_day_have_left_it(line: Line) -> None:
    at(line, "gmail")
    begun(line, DAY, 480, ago=timedelta(hours=20))
    begun(line, DAY, 20, ago=timedelta(hours=1))
    assert waits(line, DAILY, "gmail") == timedelta(hours=4, minutes=15)


@ON_SQLITE
def test_it_lasts_an_hour_at_least(line: Line) -> None:
    at(line, "gmail")
    begun(line, DAY, 1, ago=timedelta(hours=24))
    assert waits(line, DAILY, "gmail") == AN_HOUR


@ON_SQLITE
def test_it_lasts_a_day_where_nothing_was_counted(line: Line) -> None:
    assert waits(line, DAILY) == A_DAY


@ON_SQLITE
def test_at_a_provider_that_counts_by_the_hour_it_ends_within_it(line: Line) -> None:
    at(line, "ionos_es")
    begun(line, HOUR, 500, ago=minutes(50))
    assert waits(line, HOURLY, "ionos_es") == minutes(11)


@ON_SQLITE
def test_where_nothing_was_counted_that_is_an_hour(line: Line) -> None:
    at(line, "ionos_es")
    assert waits(line, HOURLY, "ionos_es") == AN_HOUR


@ON_SQLITE
def test_the_servers_own_time_holds_whatever_was_counted(line: Line) -> None:
    at(line, "gmail")
    begun(line, DAY, 500, ago=timedelta(hours=2))
    assert waits(line, "550 5.4.5 Daily limit exceeded, try again in 30 minutes") == minutes(30)


def works_again(line: Line) -> None:
    with line.app.app_context():
        accounts.works(1)
        db.session.commit()


@ON_SQLITE
def test_a_rate_that_nobody_knows_is_waited_for_twice_as_long_each_time(
    line: Line, clock: time_machine.Traveller
) -> None:
    waited = []
    for _ in range(4):
        waited.append(waits(line, FAST))
        clock.shift(waited[-1])
        works_again(line)
        clock.shift(minutes(1))
    assert waited == [minutes(5), minutes(10), minutes(20), minutes(40)]


@ON_SQLITE
def test_once_all_went_well_for_longer_than_that_it_begins_anew(
    line: Line, clock: time_machine.Traveller
) -> None:
    for _ in range(3):
        clock.shift(waits(line, FAST))
    works_again(line)
    clock.shift(minutes(21))
    assert waits(line, FAST) == minutes(5)
