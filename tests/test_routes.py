"""Every route: who may open it, what it answers to strangers, to wrong ids and without a token."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Rule

from portal.extensions import db
from portal.models import Campaign, Contact, ContactImport, Doubt, Message, User
from portal.models.base import MAX_ID
from portal.permissions import PUBLIC, ROLES
from tests.conftest import ON_SQLITE
from tests.outbox.line import Line
from tests.people import ADMIN, STAFF, VIEWER, Visitor

PEOPLE = {"admin": ADMIN, "staff": STAFF, "viewer": VIEWER}
WITHOUT_TOKEN = {"unsubscribe.page"}  # mail programs post there by themselves (RFC 8058)
KEBAB_CASE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)?")
ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")
# Of arguments that are no id.
SAMPLES = {"path": "gmail-two-step", "step": "paste", "issuer": "google"}
TEMPLATES = Path(__file__).parent.parent / "portal/templates"


@dataclass(frozen=True)
class Route:
    """One method of one rule; `permission` is None for a public one."""

    endpoint: str
    method: str
    path: str
    permission: str | None

    def open_to(self, role: str) -> bool:
        return self.permission is None or self.permission in ROLES[role]


def rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if not rule.endpoint.endswith("static")]


def routes(app: Flask, **ids: int) -> Iterator[Route]:
    """Every route, its path filled in with the ids."""
    arguments = {**SAMPLES, **ids}
    for rule in rules(app):
        permission = getattr(app.view_functions[rule.endpoint], "permission", None)
        path = ARGUMENT.sub(lambda found: str(arguments.get(found[1], 1)), rule.rule)
        for method in (rule.methods or set()) & {"GET", "POST"}:
            yield Route(rule.endpoint, method, path, permission)


def request(visitor: Visitor, route: Route, token: str = "") -> int:
    if route.method == "GET":
        return visitor.get(route.path).status
    return visitor.post(route.path, {"csrf_token": token} if token else {}).status


@pytest.fixture
def filled(app: Flask) -> Flask:
    """A portal in which every kind of thing exists, with the id 1."""
    line = Line(app)
    line.configure(port=465)
    line.add_contacts("ana")
    line.launch()
    with app.app_context():
        db.session.add(Doubt(message_id=1))
        db.session.commit()
    staff = Visitor(app).sign_in(STAFF)
    assert staff.upload("/contacts/import", b"email\nbea@example.com\n").status == 302
    return app


@ON_SQLITE
def test_every_route_declares_a_permission_of_some_role_or_is_public(app: Flask) -> None:
    known = frozenset().union(*ROLES.values())
    for route in routes(app):
        if route.endpoint in PUBLIC:
            assert route.permission is None, f"{route.endpoint} is public and guarded"
        else:
            assert route.permission in known, f"{route.endpoint} declares no permission"
    assert {rule.endpoint for rule in app.url_map.iter_rules()} >= PUBLIC


@ON_SQLITE
def test_viewers_open_home_and_sent_list_and_staff_no_settings(app: Flask) -> None:
    guarded = [route for route in routes(app) if route.permission]
    viewers = {route.path for route in guarded if route.open_to("viewer")}
    assert viewers == {
        "/",
        "/ask-administrator",
        "/logout",
        "/language",
        "/sent",
        "/sent.csv",
        "/sent/1",
        "/sent/1/mail",
    }
    assert not [r for r in guarded if r.path.startswith("/settings") and r.open_to("staff")]
    assert all(route.open_to("admin") for route in guarded)


@ON_SQLITE
def test_paths_are_in_kebab_case(app: Flask) -> None:
    for rule in rules(app):
        fixed = [part for part in rule.rule.split("/") if part and "<" not in part]
        assert all(KEBAB_CASE.fullmatch(part) for part in fixed), rule.rule


@pytest.mark.parametrize("role", ROLES)
def test_each_role_opens_its_routes_and_no_others(filled: Flask, role: str) -> None:
    visitor = Visitor(filled).sign_in(PEOPLE[role])
    token = visitor.token("/")
    for route in sorted(routes(filled, user_id=3), key=lambda route: route.method):
        if route.endpoint == "auth.logout":
            continue
        status = request(visitor, route, token)
        if route.endpoint in PUBLIC:
            assert status in {200, 302, 404}, route
        elif route.open_to(role):
            assert status in {200, 302, 400, 409, 422}, route
        else:
            assert status == 403, route


@ON_SQLITE
def test_a_stranger_is_sent_to_sign_in(filled: Flask, stranger: Visitor) -> None:
    token = stranger.token("/login")
    for route in routes(filled):
        if route.endpoint not in PUBLIC:
            assert request(stranger, route, token) == 302, route
            answer = stranger.client.open(
                route.path, method=route.method, data={"csrf_token": token}
            )
            assert answer.headers["Location"].startswith("/login"), route


@ON_SQLITE
def test_a_post_without_its_token_is_refused(filled: Flask) -> None:
    admin = Visitor(filled).sign_in(ADMIN)
    posts = [route for route in routes(filled) if route.method == "POST"]
    assert len(posts) > 10
    for route in posts:
        expected = 404 if route.endpoint in WITHOUT_TOKEN else 400
        assert request(admin, route) == expected, route


@pytest.mark.parametrize("unknown", [MAX_ID, MAX_ID + 1, 10**30])
def test_an_unknown_id_is_not_found(filled: Flask, unknown: int) -> None:
    admin = Visitor(filled).sign_in(ADMIN)
    token = admin.token("/")
    numbered = [rule for rule in rules(filled) if ARGUMENT.search(rule.rule)]
    assert {rule.endpoint for rule in numbered} >= {"contacts.edit", "outbox.mail"}
    for rule in numbered:
        path = ARGUMENT.sub(str(unknown), rule.rule)
        for method in (rule.methods or set()) & {"GET", "POST"}:
            answer = admin.client.open(path, method=method, data={"csrf_token": token})
            assert answer.status_code == 404, f"{method} {path}"


@ON_SQLITE
def test_the_ids_of_these_tests_exist(filled: Flask) -> None:
    with filled.app_context():
        for model, number in (
            (Contact, 1),
            (Campaign, 1),
            (Message, 1),
            (ContactImport, 1),
            (Doubt, 1),
        ):
            assert db.session.get(model, number), model
        assert db.session.get(User, 3)


def test_a_zero_byte_is_refused_wherever_it_stands(filled: Flask) -> None:
    admin = Visitor(filled).sign_in(ADMIN)
    assert admin.get("/unsubscribe/a%00b").status == 400
    assert admin.get("/sent?kind=a%00b").status == 400
    fields = {"name": "a", "subject": "b", "body": "c\0d"}
    assert admin.send("/campaigns/new", fields).status == 400
    assert admin.upload("/contacts/import", b"email\na@b.example\n", "a\0b.csv").status == 400


@ON_SQLITE
def test_an_error_says_what_the_standard_wants_with_it(app: Flask, viewer: Visitor) -> None:
    page = viewer.post("/sent", {"csrf_token": viewer.token("/")})
    assert page.status == 405
    assert set(page.response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert page.response.headers["Content-Type"] == "text/html; charset=utf-8"


def included(text: str) -> str:
    """A template's text with what it includes."""
    return re.sub(
        r'{% include "([^"]+)" %}',
        lambda found: included((TEMPLATES / found[1]).read_text(encoding="utf-8")),
        text,
    )


def test_every_form_that_posts_carries_its_token() -> None:
    posting = 0
    for template in TEMPLATES.rglob("*.html"):
        for form in re.findall(r"<form\b.*?</form>", included(template.read_text()), re.DOTALL):
            if 'method="post"' in form and template.parent.name != "unsubscribe":
                posting += 1
                assert "csrf_token" in form, f"a form without a token in {template.name}: {form}"
    assert posting > 10
