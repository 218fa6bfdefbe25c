"""The way through the wizard: where it begins, what it keeps, and for whom."""

import pytest
from flask import Flask

from portal.admin import service as practice
from portal.mail_settings import accounts, checks
from portal.models import MailCheck
from portal.models.base import now
from tests.conftest import ON_SQLITE
from tests.outbox.line import Line
from tests.people import ADMIN, PASSWORD, Visitor
from tests.troubleshooting.wizard import WIZARD, at, fail, place_of, press, trail

REFUSED = "535-5.7.8 Username and Password not accepted."
COLLEAGUE = "nuria@clinica.example.com"


@pytest.fixture
def refused(app: Flask, admin: Visitor) -> None:
    """Gmail has refused the password."""
    fail(app, admin, "password_refused", REFUSED, host="gmail", smtp_server="")


@pytest.fixture
def colleague(app: Flask) -> Visitor:
    """Another administrator, on another device."""
    with app.app_context():
        practice.add_user(COLLEAGUE, PASSWORD, "admin", "it")
    return Visitor(app).sign_in(COLLEAGUE)


def begins_at(visitor: Visitor) -> str:
    return place_of(visitor.get(WIZARD))


@ON_SQLITE
def test_it_begins_with_the_step_for_what_the_check_found(admin: Visitor, refused: None) -> None:
    assert begins_at(admin) == "gmail/two-step"
    page = admin.get(at("gmail/two-step"))
    assert page.one("h1").text == "Step 1 of 3: See whether 2-step verification is on"
    found = page.one(".found-here")
    assert found["data-why"] == "here"
    assert REFUSED in found.text


@ON_SQLITE
def test_without_trouble_one_chooses_a_way(admin: Visitor) -> None:
    assert begins_at(admin) == "paths"
    page = admin.get(at("paths"))
    assert page.has(f'main a[href="{at("gmail/two-step")}"]')
    assert page.has(f'main a[href="{at("own-domain/provider")}"]')


@ON_SQLITE
def test_the_ways_for_ones_own_mailbox_come_first(admin: Visitor, refused: None) -> None:
    page = admin.get(at("paths"))
    assert page.texts("main .panel h2")[1:] == ["For your mailbox", "Other ways"]
    assert page.one(".ways a")["href"] == at("gmail/two-step")


@ON_SQLITE
def test_a_path_of_its_own_address_begins_with_its_first_step(admin: Visitor) -> None:
    assert place_of(admin.get(at("yahoo"))) == "yahoo/app-password"


@ON_SQLITE
@pytest.mark.parametrize(
    ("answer", "leads_to"),
    [("Yes", "gmail-two-step/make"), ("No", "gmail/turn-on"), ("I don't know", "gmail/find-out")],
)
def test_the_answer_decides_on_the_next_step(
    admin: Visitor, refused: None, answer: str, leads_to: str
) -> None:
    assert place_of(press(admin, "gmail/two-step", answer)) == leads_to


def test_one_goes_on_where_one_was_on_another_device_and_so_does_a_colleague(
    app: Flask, admin: Visitor, refused: None, colleague: Visitor
) -> None:
    press(admin, "gmail/two-step", "No")
    assert begins_at(Visitor(app).sign_in(ADMIN)) == "gmail/turn-on"
    assert begins_at(colleague) == "gmail/turn-on"
    way = " ".join(colleague.get(at("gmail/turn-on")).one(".way").text.split())
    assert "2" in way  # in Italian, like everything that the colleague reads
    assert ": No" in way
    assert ADMIN in way
    given = colleague.get(at("gmail/two-step")).one(".question button:has(.bi)")
    assert given.text.strip().startswith("No")


@ON_SQLITE
def test_the_steps_are_counted_along_the_way(admin: Visitor, refused: None) -> None:
    press(admin, "gmail/two-step", "No")
    assert admin.get(at("gmail/turn-on")).one("h1").text.startswith("Step 2 of 4: ")
    press(admin, "gmail/turn-on", "Yes")
    assert admin.get(at("gmail-two-step/make")).one("h1").text.startswith("Step 3 of 4: ")
    assert admin.get(at("gmail/two-step")).one("h1").text.startswith("Step 1 of 3: ")


def back(visitor: Visitor, place: str) -> str:
    return str(visitor.get(at(place)).one(".wizard-ways a")["href"]).removeprefix(f"{WIZARD}/")


@ON_SQLITE
def test_the_way_back_is_the_way_one_came(admin: Visitor, refused: None) -> None:
    assert back(admin, "gmail/two-step") == "paths"
    press(admin, "gmail/two-step", "No")
    assert back(admin, "gmail/turn-on") == "gmail/two-step"
    press(admin, "gmail/turn-on", "Yes")
    assert back(admin, "gmail-two-step/make") == "gmail/turn-on"
    assert back(admin, "gmail/turn-on") == "gmail/two-step"


def test_the_same_answer_again_keeps_what_came_behind(
    app: Flask, admin: Visitor, refused: None
) -> None:
    press(admin, "gmail/two-step", "No")
    press(admin, "gmail/turn-on", "Yes")
    assert place_of(press(admin, "gmail/two-step", "No")) == "gmail/turn-on"
    assert trail(app) == ["gmail/two-step 2", "gmail/turn-on 1"]


def test_another_answer_gives_up_what_came_behind(
    app: Flask, admin: Visitor, refused: None
) -> None:
    press(admin, "gmail/two-step", "No")
    press(admin, "gmail/turn-on", "Yes")
    press(admin, "gmail/two-step", "Yes")
    assert trail(app) == ["gmail/two-step 1"]


def test_a_path_that_is_begun_is_a_way_of_its_own(
    app: Flask, admin: Visitor, refused: None
) -> None:
    press(admin, "gmail/two-step", "No")
    assert admin.get(at("blocked/look")).one("h1").text.startswith("Step 1 of ")
    press(admin, "blocked/look", "Yes")
    assert trail(app) == ["blocked/look 1"]
    assert begins_at(admin) == "blocked/confirm"


def test_another_trouble_leads_to_its_own_step(app: Flask, admin: Visitor, refused: None) -> None:
    press(admin, "gmail/two-step", "No")
    Line(app).change(MailCheck, cause="sign_in_blocked", finished_at=now())
    assert begins_at(admin) == "blocked/look"
    assert admin.get(at("blocked/look")).one(".found-here")["data-why"] == "here"
    assert admin.get(at("gmail/turn-on")).one(".found-here")["data-why"] == "last"


def test_the_way_ends_once_the_mailbox_works(app: Flask, admin: Visitor, refused: None) -> None:
    press(admin, "gmail/two-step", "No")
    Line(app).pass_check_of_active()
    assert begins_at(admin) == "paths"
    Line(app).change(MailCheck, state="failed", cause="password_refused")
    assert begins_at(admin) == "gmail/two-step"
    page = admin.get(at("gmail/two-step"))
    assert not page.has(".question button .bi")
    assert not page.has(".way")


def test_settings_at_work_beside_those_being_mended_dont_end_it(app: Flask, admin: Visitor) -> None:
    line = Line(app)
    line.configure(port=1)
    fail(app, admin, "password_refused", REFUSED, host="gmail", smtp_server="")
    press(admin, "gmail/two-step", "No")
    with app.app_context():
        here = accounts.account()
        active = accounts.active_settings(here.id) if here else None
        assert here
        assert active
        assert checks.passed(checks.new_check(here, active))
    assert begins_at(admin) == "gmail/turn-on"


@ON_SQLITE
@pytest.mark.parametrize("answer", ["", "9", "-1", "x"])
def test_without_an_answer_one_is_asked_for(admin: Visitor, refused: None, answer: str) -> None:
    page = admin.send(at("gmail/two-step"), {"answer": answer})
    assert page.status == 422
    assert page.one("#answer-error").text == "Choose one of these answers."
    assert len(page.html.select(".question button")) == 3


@ON_SQLITE
@pytest.mark.parametrize("place", ["nothing", "gmail/nothing", "nothing/two-step", "gmail/1/2"])
def test_an_unknown_step_is_no_page(admin: Visitor, place: str) -> None:
    assert admin.get(at(place)).status == 404


@ON_SQLITE
@pytest.mark.parametrize(
    "place", ["", "/paths", "/gmail", "/gmail/two-step", "/gmail/two-step/letter"]
)
def test_only_administrators_walk_it(
    staff: Visitor, viewer: Visitor, stranger: Visitor, place: str
) -> None:
    assert staff.get(WIZARD + place).status == 403
    assert viewer.get(WIZARD + place).status == 403
    assert "/login" in stranger.get(WIZARD + place).location


@ON_SQLITE
def test_a_path_for_another_provider_says_so(admin: Visitor, refused: None) -> None:
    page = admin.get(at("yahoo/app-password"))
    assert "yours is at Gmail" in page.one(".alert-info").text
    assert not admin.get(at("blocked/look")).has(".alert-info")


@ON_SQLITE
def test_a_kind_of_trouble_has_an_address_too(admin: Visitor, refused: None) -> None:
    assert place_of(admin.get(at("app-password"))) == "gmail/two-step"
    assert place_of(admin.get(at("smtp-disabled"))) == "other-mailbox/external-programs"
