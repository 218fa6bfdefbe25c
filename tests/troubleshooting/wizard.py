"""The wizard as a person without JavaScript walks it."""

from bs4 import Tag
from flask import Flask
from sqlalchemy import select

from portal.extensions import db
from portal.models import CheckState, MailCheck, TroubleshootingWalk
from portal.models.base import now
from tests.conftest import JobRunner
from tests.mail_settings.form import save
from tests.outbox.line import Line
from tests.people import Page, Visitor

WIZARD = "/settings/email/troubleshoot"
GMAIL_REFUSES = "535 5.7.8 Username and Password not accepted"


def at(place: str) -> str:
    return f"{WIZARD}/{place}"


def fail(app: Flask, admin: Visitor, cause: str, reply: str | None = None, **saved: str) -> None:
    """Save settings, and have their check found this."""
    save(admin, **saved)
    told = {"state": CheckState.FAILED, "finished_at": now(), "cause": cause, "reply": reply}
    Line(app).change(MailCheck, **told)


def press(visitor: Visitor, place: str, words: str) -> Page:
    """Press a button of the step's question, or the one that goes on."""
    page = visitor.get(at(place))
    button = next(found for found in page.html.select(".question button") if _words(found) == words)
    answer = {"answer": str(button["value"])} if button.get("name") else {}
    return visitor.send(at(place), answer)


def _words(button: Tag) -> str:
    return " ".join(
        str(text).strip() for text in button.find_all(string=True, recursive=False)
    ).strip()


def place_of(page: Page) -> str:
    """Where a redirect leads in the wizard, "path/step"."""
    assert page.status == 302, page.text
    return page.location.removeprefix(f"{WIZARD}/")


def trail(app: Flask) -> list[str]:
    """The steps gone through, each with the number of its answer."""
    walk = walk_of(app)
    return [f"{place} {number}" for place, number in walk.trail] if walk else []


def walk_of(app: Flask) -> TroubleshootingWalk | None:
    with app.app_context():
        return db.session.scalar(select(TroubleshootingWalk))


class Check:
    """Presses "Check now" at a step; gives where the check leads when it has ended."""

    def __init__(self, visitor: Visitor, run_jobs: JobRunner) -> None:
        self._visitor, self._run_jobs = visitor, run_jobs

    def __call__(self, place: str, **fields: str) -> str:
        pressed = self._visitor.send(at(f"{place}/check"), fields, form_at=at(place))
        assert place_of(pressed) == f"{place}/check"
        self._run_jobs()
        return place_of(self._visitor.get(at(f"{place}/check")))
