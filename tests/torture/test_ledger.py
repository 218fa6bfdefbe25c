"""The balance that `make torture` draws, and the verdict that follows from it."""

import dataclasses

import pytest

from tests.torture.book import Accepted
from tests.torture.ledger import Balance, balance
from tests.torture.matrix import Line

PEOPLE = ("ana@example.com", "begoña@example.com", "carmen@example.com")
NOTHING = Balance(sent=3, unconfirmed=0, twice=[], lost=[], misstated=[])
LINE = Line("sqlite", "worker killed", faults=1, balance=NOTHING)


def drawn(said: str, *took: int, refused: str = "") -> Balance:
    """`said` is the status of each person, `took` how many mails the server has for each."""
    rows = [
        {"recipient": who, "status": status}
        for who, status in zip(PEOPLE, said.split(), strict=False)
    ]
    mails = [
        Accepted(who, "", "", 0.0, "127.0.0.1")
        for who, number in zip(PEOPLE, took, strict=True)
        for _ in range(number)
    ]
    return balance(rows, mails, PEOPLE, lambda who: who == refused)


def test_a_mail_for_everybody_is_right() -> None:
    assert drawn("sent sent sent", 1, 1, 1) == NOTHING


def test_a_doubt_is_right_whether_the_server_has_the_mail_or_not() -> None:
    found = drawn("sent unconfirmed unconfirmed", 1, 1, 0)
    assert found.is_right
    assert (found.sent, found.unconfirmed) == (1, 2)


def test_two_mails_are_seen_whatever_the_portal_says() -> None:
    assert drawn("sent unconfirmed sent", 2, 2, 1).twice == [PEOPLE[0], PEOPLE[1]]


@pytest.mark.parametrize("status", ["sent", "failed", "skipped", "queued", ""])
def test_who_has_no_mail_is_lost_unless_that_is_said_to_be_in_doubt(status: str) -> None:
    assert drawn(f"sent sent {status}", 1, 1, 0).lost == [PEOPLE[2]]


@pytest.mark.parametrize("status", ["failed", "skipped", "queued", "deferred", ""])
def test_a_mail_that_the_portal_denies_is_misstated(status: str) -> None:
    assert drawn(f"sent sent {status}", 1, 1, 1).misstated == [PEOPLE[2]]


def test_who_was_refused_must_be_told_of_as_failed() -> None:
    assert drawn("sent sent failed", 1, 1, 0, refused=PEOPLE[2]).is_right
    assert drawn("sent sent unconfirmed", 1, 1, 0, refused=PEOPLE[2]).lost == [PEOPLE[2]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"balance": dataclasses.replace(NOTHING, twice=["ana@example.com"])},
        {"balance": dataclasses.replace(NOTHING, lost=["ana@example.com"])},
        {"balance": dataclasses.replace(NOTHING, misstated=["ana@example.com"])},
        {"balance": dataclasses.replace(NOTHING, unconfirmed=1)},
        {"faults": 0},
        {"trouble": "NOT FINISHED"},
        {"balance": None},
    ],
)
def test_one_thing_wrong_makes_a_line_wrong(wrong: dict[str, object]) -> None:
    assert LINE.is_right
    assert not dataclasses.replace(LINE, **wrong).is_right  # type: ignore[arg-type]
    assert not str(dataclasses.replace(LINE, **wrong)).endswith("ok")  # type: ignore[arg-type]


def test_as_many_doubts_as_the_faults_explain_are_right() -> None:
    in_doubt = dataclasses.replace(NOTHING, unconfirmed=2)
    assert dataclasses.replace(LINE, balance=in_doubt, allowed=2).is_right
