"""The page of mails in doubt: who may see it, what is known of each mail, and where it leads."""

from typing import Any

import pytest

from portal.models import Doubt, MailSettings, Message
from portal.models.base import now
from tests.conftest import ON_SQLITE
from tests.contacts.people import walk
from tests.outbox.doubtful import (
    LIST,
    follow,
    names,
    press,
)
from tests.outbox.line import Line
from tests.people import STAFF, Page, Visitor
from tests.scripted_smtp import Fault, ScriptedServer


@ON_SQLITE
def test_staff_and_administrators_settle_and_others_do_not(
    three: Line, staff: Visitor, admin: Visitor, viewer: Visitor, stranger: Visitor
) -> None:
    for visitor in (staff, admin):
        assert visitor.get(LIST).status == 200
    assert viewer.get(LIST).status == 403
    fields = {"settle": "sent", "csrf_token": viewer.token("/")}
    for path in (LIST, f"{LIST}/1"):
        assert viewer.post(path, fields).status == 403
    assert stranger.get(LIST).location.startswith("/login")
    assert set(three.statuses().values()) == {"unconfirmed"}
    shown = viewer.get("/sent/1")
    assert "nobody knows how far it came" in shown.text
    assert not shown.has("button[name=settle]")


@ON_SQLITE
def test_each_mail_stands_there_with_its_evidence(
    line: Line, server: ScriptedServer, staff: Visitor
) -> None:
    server.plays["dot"] = Fault.DROP
    line.launch()
    line.deliver()
    line.change(Message, reply="250 2.0.0 Ok <half>")
    page = staff.get(LIST)
    message = line.messages()["ana"]
    shown = page.one("#list section:last-of-type").get_text(" ")
    for words in (
        "ana@example.com",
        "Novedades",
        "Otoño",
        "The whole mail was handed over, but the server's answer did not come.",
        "250 2.0.0 Ok <half>",
        "can't look into the Sent folder at this provider",
    ):
        assert words in shown
    assert message.message_id in page.texts(".to-paste code")
    assert page.has("#list section time")


@ON_SQLITE
def test_where_the_sender_died_nobody_claims_to_know_more(three: Line, staff: Visitor) -> None:
    assert "interrupted, so nobody knows how far it came" in staff.get(LIST).text


@ON_SQLITE
@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({"looked_at": None}, "has not looked into the mailbox's Sent folder yet"),
        ({"looked_at": now()}, "could not look into the mailbox's Sent folder on"),
        ({"looked_at": now(), "found_in_sent": True}, "So the server had taken it"),
        ({"looked_at": now(), "found_in_sent": False}, "most likely not gone out"),
    ],
)
def test_what_the_sent_folder_tells_is_said(
    three: Line, staff: Visitor, known: dict[str, Any], words: str
) -> None:
    three.change(MailSettings, smtp_server="smtp.gmail.com")
    three.change(Doubt, **known)
    for path in (LIST, "/sent/1"):
        assert words in staff.get(path).text


@ON_SQLITE
def test_a_missing_mail_proves_nothing_where_the_provider_may_not_keep_it(
    three: Line, staff: Visitor
) -> None:
    three.change(MailSettings, smtp_server="smtp.libero.it")
    three.change(Doubt, looked_at=now(), found_in_sent=False)
    assert "That proves nothing" in staff.get(LIST).text


def test_long_lists_are_paged_newest_first(
    three: Line, staff: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.lists.PAGE_ROWS", 2)
    monkeypatch.setattr(
        "portal.lists.fetch_page.__kwdefaults__", {"after": "", "before": "", "size": 2}
    )
    pages = walk(staff, LIST)
    assert [names(page) for page in pages] == [["cleo", "bea"], ["ana"]]
    assert pages[1].one("#settle-all input[name=count]")["value"] == "3"
    last = str(pages[0].one(".pager a")["href"])
    press(staff, "Sent after all", 1, last)
    assert names(follow(staff, staff.get(last))) == ["cleo", "bea"]
    assert staff.get(f"{LIST}?after=nonsense").status == 400


@ON_SQLITE
def test_the_message_page_has_the_buttons_and_later_who_settled_it(
    three: Line, staff: Visitor, viewer: Visitor
) -> None:
    follow(staff, press(staff, "Send again", 1, "/sent/1"))
    page = viewer.get("/sent/1")
    assert f"Sent once more ({STAFF})" in page.text
    assert [chip["data-status"] for chip in page.html.select(".timeline .chip")] == [
        "unconfirmed",
        "queued",
    ]
    assert not page.has("button[name=settle]")


@ON_SQLITE
def test_the_lists_and_the_home_page_lead_there(
    three: Line, staff: Visitor, viewer: Visitor
) -> None:
    link = "main a[href^='/sent/unconfirmed']"
    assert (
        staff.get("/sent?status=unconfirmed&campaign=1").one(link)["href"] == f"{LIST}?campaign=1"
    )
    assert not staff.get("/sent?status=sent").has(link)
    assert not viewer.get("/sent?status=unconfirmed").has(link)
    assert staff.get("/").one(link)["href"] == f"{LIST}?campaign=1"
    assert not viewer.get("/").has(link)
    assert viewer.get("/").has("main a[href='/sent?campaign=1&status=unconfirmed']")


@ON_SQLITE
def test_the_page_leads_back_to_where_one_was(two_campaigns: Line, staff: Visitor) -> None:
    assert press(staff, "Sent after all", 1, f"{LIST}?campaign=1").location == f"{LIST}?campaign=1"
    assert press(staff, "Sent after all", 2, "/sent/2").location == "/sent/2"


@ON_SQLITE
def test_htmx_gets_the_same_page_to_pick_from(three: Line, staff: Visitor) -> None:
    form = staff.get(LIST).one("#list section form")
    assert form["hx-post"] == form["action"]
    assert form["hx-select"] == form["hx-target"] == "#main"
    fields = {"csrf_token": staff.token(LIST), "settle": "sent"}
    answer = staff.client.post(
        form["action"], data=fields, headers={"HX-Request": "true"}, follow_redirects=True
    )
    assert "1 mail counts as sent now" in Page(answer).one("#main").text
