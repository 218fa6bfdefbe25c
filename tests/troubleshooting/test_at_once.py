"""Several administrators answer at the same moment: it is one way, and nobody gets an error."""

from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from portal.admin import service as practice
from tests.people import ADMIN, PASSWORD, Page, Visitor
from tests.troubleshooting.wizard import at, fail, place_of, trail

STEP = "gmail/two-step"
COLLEAGUE = "nuria@clinica.example.com"


def test_those_who_begin_at_once_are_on_one_way(app: Flask, admin: Visitor) -> None:
    fail(app, admin, "password_refused", host="gmail", smtp_server="")
    with app.app_context():
        practice.add_user(COLLEAGUE, PASSWORD, "admin", "en")
    people = [Visitor(app).sign_in(email) for email in (ADMIN, COLLEAGUE) * 4]
    tokens = [visitor.token(at(STEP)) for visitor in people]

    def answer(visitor: Visitor, token: str) -> Page:
        return visitor.post(at(STEP), {"csrf_token": token, "answer": "2"})

    with ThreadPoolExecutor(len(people)) as pool:
        pages = list(pool.map(answer, people, tokens))
    assert {place_of(page) for page in pages} == {"gmail/turn-on"}
    assert trail(app) == ["gmail/two-step 2"]
