"""The page of sending: who may open it, what it shows, what it keeps."""

from datetime import timedelta

import pytest
from flask import Flask

from portal.extensions import db
from portal.models import MailAccount, MailSettings
from portal.models.base import now
from portal.outbox import limits
from portal.outbox.kinds import REPEATED
from portal.sending.forms import SendingForm
from tests.conftest import ON_SQLITE
from tests.outbox.line import Line
from tests.people import Page, Visitor

PAGE = "/settings/email/sending"
FIELDS = {"reserved_percent": "20", "repeats_appointment_reminder": "y"}


def save(admin: Visitor, **changed: str) -> Page:
    return admin.send(PAGE, {**FIELDS, **changed})


@pytest.fixture
def line(app: Flask) -> Line:
    """A mailbox that works, at a provider of whose limits nothing is known."""
    line = Line(app)
    line.configure(port=465)
    return line


@pytest.fixture
def at_gmail(line: Line) -> Line:
    line.change(MailSettings, provider="gmail")
    return line


@ON_SQLITE
def test_only_administrators_open_it_and_save(
    line: Line, admin: Visitor, staff: Visitor, viewer: Visitor, stranger: Visitor
) -> None:
    assert admin.get(PAGE).status == 200
    for other in (staff, viewer):
        assert other.get(PAGE).status == 403
        assert other.send(PAGE, FIELDS, form_at="/").status == 403
    assert stranger.get(PAGE).location.startswith("/login")
    assert stranger.send(PAGE, FIELDS, form_at="/login").location.startswith("/login")


@ON_SQLITE
def test_the_email_settings_lead_to_it(admin: Visitor) -> None:
    assert admin.get("/settings/email").has(f'a[href="{PAGE}"]')


@ON_SQLITE
def test_it_opens_before_there_is_a_mailbox(admin: Visitor) -> None:
    page = admin.get(PAGE)
    assert "Left empty, there is no limit." in page.one("#messages_per_day-hint").text
    assert not page.has("#no_limit_per_day")


@ON_SQLITE
def test_it_says_whose_figures_hold_where_none_are_set(at_gmail: Line, admin: Visitor) -> None:
    page = admin.get(PAGE)
    hint = page.one("#messages_per_day-hint").text
    assert hint == "Gmail takes 500. Left empty, that holds."
    assert "No figure of Gmail is known" in page.one("#messages_per_hour-hint").text
    assert "Left empty: 4." in page.one("#connections-hint").text
    assert page.has("#no_limit_per_day")
    assert not page.has("#no_limit_per_hour")


def test_what_is_saved_holds_in_place_of_the_providers_figures(
    at_gmail: Line, admin: Visitor
) -> None:
    given = {"messages_per_day": "300", "messages_per_hour": "50", "connections": "2"}
    page = save(admin, **given, reserved_percent="35")
    assert page.location == PAGE
    account = at_gmail.account()
    assert account.limits == {"messages_per_day": 300, "messages_per_hour": 50, "connections": 2}
    assert account.reserved_percent == 35
    shown = admin.get(PAGE)
    assert {name: shown.one(f"#{name}")["value"] for name in given} == given
    assert shown.one("#reserved_percent")["value"] == "35"


def test_emptied_figures_are_the_providers_again(at_gmail: Line, admin: Visitor) -> None:
    save(admin, messages_per_day="300")
    save(admin, messages_per_day="")
    assert at_gmail.account().limits is None


@ON_SQLITE
def test_no_limit_at_all_can_be_chosen(at_gmail: Line, admin: Visitor) -> None:
    save(admin, no_limit_per_day="y")
    with at_gmail.app.app_context():
        account, settings = db.session.get_one(MailAccount, 1), db.session.get_one(MailSettings, 1)
        assert not limits.limits_of(account, settings).counts
    assert admin.get(PAGE).one("#no_limit_per_day").has_attr("checked")


@ON_SQLITE
@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("messages_per_day", "0"),
        ("messages_per_day", "-5"),
        ("messages_per_hour", "many"),
        ("messages_per_minute", "1.5"),
        ("messages_per_connection", "1000001"),
        ("messages_per_day", "٥"),
        ("connections", "３"),
        ("messages_per_day", "9" * 5000),
        ("connections", "0"),
        ("connections", "11"),
        ("reserved_percent", "91"),
        ("reserved_percent", ""),
    ],
)
def test_what_is_no_such_number_is_told_on_its_field_and_nothing_is_kept(
    line: Line, admin: Visitor, field: str, typed: str
) -> None:
    page = save(admin, **{"repeats_invoice": "y", field: typed})
    assert page.status == 422
    assert page.error(field).startswith("Enter a whole number from")
    account = line.account()
    assert (account.limits, account.reserved_percent, account.repeated_kinds) == (None, 20, None)


@ON_SQLITE
def test_a_number_and_no_limit_contradict_each_other(at_gmail: Line, admin: Visitor) -> None:
    page = save(admin, messages_per_day="300", no_limit_per_day="y")
    assert page.status == 422
    assert "not both" in page.error("messages_per_day")


@ON_SQLITE
def test_every_kind_of_mail_has_its_box_which_shows_what_holds(line: Line, admin: Visitor) -> None:
    page = admin.get(PAGE)
    shown = {kind: page.one(f"#repeats_{kind}").has_attr("checked") for kind in REPEATED}
    assert shown == REPEATED


@ON_SQLITE
def test_which_kinds_are_sent_once_more_is_kept(line: Line, admin: Visitor) -> None:
    admin.send(PAGE, {"reserved_percent": "20", "repeats_invoice": "y"})
    chosen = {kind: kind == "invoice" for kind in REPEATED}
    assert line.account().repeated_kinds == chosen
    page = admin.get(PAGE)
    assert {kind: page.one(f"#repeats_{kind}").has_attr("checked") for kind in REPEATED} == chosen


@ON_SQLITE
def test_it_tells_what_was_used_and_what_campaigns_may_use(at_gmail: Line, admin: Visitor) -> None:
    with at_gmail.app.app_context():
        account, settings = db.session.get_one(MailAccount, 1), db.session.get_one(MailSettings, 1)
        known = limits.limits_of(account, settings)
        db.session.commit()
        for _ in range(3):
            assert limits.may_begin(1, known, campaign=True)
    page = admin.get(PAGE)
    assert page.texts("#use-1") == [
        "3 of 500 mails in the last 24 hours. Campaigns may use 400 of them."
    ]
    assert not page.has("#waits")


@ON_SQLITE
def test_it_tells_until_when_mails_wait(at_gmail: Line, admin: Visitor) -> None:
    later = now() + timedelta(days=1)
    at_gmail.change(MailAccount, campaigns_wait_until=later)
    assert "The campaigns' part is used up" in admin.get(PAGE).one("#waits").text
    at_gmail.change(MailAccount, waits_until=later)
    assert "The limit is reached" in admin.get(PAGE).one("#waits").text


@pytest.mark.parametrize("changed", [{"messages_per_day": "600"}, {"reserved_percent": "0"}])
def test_with_another_limit_nobody_waits_for_the_old_one(
    at_gmail: Line, admin: Visitor, changed: dict[str, str]
) -> None:
    later = now() + timedelta(hours=5)
    at_gmail.change(MailAccount, waits_until=later, campaigns_wait_until=later)
    save(admin)
    assert at_gmail.account().waits_until
    save(admin, **changed)
    account = at_gmail.account()
    assert (account.waits_until, account.campaigns_wait_until) == (None, None)


@ON_SQLITE
def test_the_form_knows_every_kind(app: Flask) -> None:
    with app.test_request_context():
        fields = {name for name in SendingForm()._fields if name.startswith("repeats_")}
    assert fields == {f"repeats_{kind}" for kind in REPEATED}
