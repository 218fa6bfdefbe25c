"""What is measured, and what each figure shall reach: docs/benchmarks.md in words."""

import smtplib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from bench import campaign, peer, postfix, rendering
from bench.content import SENDER, people
from bench.sinks import HOST, Sink, distant_sink, smtp_sink

ROUND_TRIP_SECONDS = 0.05
DISTANT_SHARE = 25  # of the mails go to the distant sink, each of which takes two round trips
SMTPLIB_SHARE = 100
RENDERED_SHARE = 10
LARGE = 10  # times the mails


@dataclass(frozen=True)
class Round:
    """One measurement of a figure, with what stood beside it. `detail` tells how it came about."""

    ours: float
    reference: float
    detail: dict[str, float] = field(default_factory=dict)


def _ratio(one: Round) -> float:
    return one.ours / one.reference


def _larger(one: Round) -> float:
    return max(one.ours, one.reference)


@dataclass(frozen=True)
class Figure:
    """`score` makes one number of a round; the median over the rounds shall be at least (or, where
    less is better, at most) `least`, and is aimed at `aim`."""

    title: str
    unit: str  # of ours and of the reference
    least: float
    aim: float
    less_is_better: bool = False
    score: Callable[[Round], float] = _ratio

    def median_score(self, rounds: list[Round]) -> float:
        return median(map(self.score, rounds))

    def reached(self, rounds: list[Round]) -> str:
        """Whether the aim was reached, or at least what it must be: "aim", "least" or "no"."""
        sign = -1 if self.less_is_better else 1
        score = self.median_score(rounds)
        goals = {"aim": self.aim, "least": self.least}
        return next((name for name, goal in goals.items() if sign * (score - goal) >= 0), "no")


FIGURES = {
    "sqlite": Figure("campaign on SQLite, 1 session / smtp-source", "mails/s", 0.3, 0.6),
    "postgresql-1": Figure("campaign on PostgreSQL, 1 session / smtp-source", "mails/s", 0.12, 0.2),
    "postgresql-4": Figure(
        "campaign on PostgreSQL, 4 sessions / smtp-source", "mails/s", 0.25, 0.5
    ),
    "distance-sessions": Figure("50 ms round trips, 4 sessions / 1 session", "mails/s", 3.5, 3.9),
    "distance-smtplib": Figure("50 ms round trips, 1 session / smtplib", "mails/s", 1.5, 2),
    "post-office": Figure("campaign / django-post_office, queue and send", "mails/s", 4, 8),
    "rendering": Figure("rendering / email.message.EmailMessage", "mails/s", 50, 100),
    "cost": Figure("a mail of a large campaign / of a small one", "ms/mail", 1.1, 1.0, True),
    "memory": Figure("peak of a sender, large and small", "MB", 120, 70, True, _larger),
}


def measure_sqlite(mails: int) -> dict[str, Round]:
    programs = postfix.find()
    source = _smtp_source(programs, mails)
    with smtp_sink(programs) as sink:
        run = campaign.run(campaign.sqlite, sink, mails, 1)
    return {"sqlite": Round(run.rate, source, _detail(run))}


def measure_postgresql(mails: int) -> dict[str, Round]:
    programs = postfix.find()
    rounds = {}
    for sessions in (1, 4):
        source = _smtp_source(programs, mails)
        with smtp_sink(programs) as sink:
            run = campaign.run(campaign.postgresql, sink, mails, sessions)
        rounds[f"postgresql-{sessions}"] = Round(run.rate, source, _detail(run))
    return rounds


def measure_distance(mails: int) -> dict[str, Round]:
    with distant_sink(ROUND_TRIP_SECONDS) as sink:
        smtplib_rate = _smtplib(sink, mails // SMTPLIB_SHARE)
    runs = {}
    for sessions in (1, 4):
        with distant_sink(ROUND_TRIP_SECONDS) as sink:
            runs[sessions] = campaign.run(campaign.sqlite, sink, mails // DISTANT_SHARE, sessions)
    return {
        "distance-sessions": Round(runs[4].rate, runs[1].rate, _detail(runs[4])),
        "distance-smtplib": Round(runs[1].rate, smtplib_rate, _detail(runs[1])),
    }


def measure_post_office(mails: int) -> dict[str, Round]:
    programs = postfix.find()
    with smtp_sink(programs) as sink:
        theirs = peer.run(sink, mails)
    with smtp_sink(programs) as sink:
        run = campaign.run(campaign.sqlite, sink, mails, peer.PROCESSES)
    detail = {
        "queueing_seconds": theirs.queueing_seconds,
        "sending_seconds": theirs.sending_seconds,
    }
    return {"post-office": Round(run.rate, theirs.rate, {**_detail(run), **detail})}


def measure_rendering(mails: int) -> dict[str, Round]:
    ours, theirs = rendering.ours(), rendering.email_message()
    rendering.check_content((ours, theirs), next(people(1)))
    number = mails // RENDERED_SHARE
    return {"rendering": Round(rendering.rate(ours, number), rendering.rate(theirs, number))}


def measure_size(mails: int) -> dict[str, Round]:
    programs = postfix.find()
    runs = []
    for number in (mails, mails * LARGE):
        with smtp_sink(programs) as sink:
            runs.append(campaign.run(campaign.sqlite, sink, number, 1))
    small, large = runs
    return {
        "cost": Round(1000 / large.rate, 1000 / small.rate, _detail(large)),
        "memory": Round(large.peak_bytes / 1e6, small.peak_bytes / 1e6),
    }


MEASUREMENTS: dict[str, Callable[[int], dict[str, Round]]] = {
    "rendering": measure_rendering,
    "sqlite": measure_sqlite,
    "postgresql": measure_postgresql,
    "distance": measure_distance,
    "post-office": measure_post_office,
    "size": measure_size,
}


def _smtp_source(programs: postfix.Postfix, mails: int) -> float:
    with smtp_sink(programs) as sink:
        began = time.perf_counter()
        programs.send(sink.port, mails)
        return mails / (time.perf_counter() - began)


def _smtplib(sink: Sink, mails: int) -> float:
    """smtplib's own transaction with mails that are ready; connecting is not counted."""
    render = rendering.ours()
    ready = [(person.email, render(person)) for person in people(mails)]
    with smtplib.SMTP(HOST, sink.port) as session:
        session.ehlo()
        began = time.perf_counter()
        for recipient, mail in ready:
            session.sendmail(SENDER.email, recipient, mail)
        return mails / (time.perf_counter() - began)


def _detail(run: campaign.Run) -> dict[str, float]:
    return {
        "mails": run.mails,
        "seconds": run.seconds,
        "sessions_seen": run.sessions,
        "sync_milliseconds": run.sync_milliseconds,
    }
