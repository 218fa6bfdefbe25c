"""The provider behind an address: as it is typed, and without JavaScript when it is saved."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from threading import Lock
from urllib.parse import urlencode

import dns.message
import pytest
from flask import Flask

from portal.extensions import db
from portal.mail_settings.server_texts import FOUND_SENTENCES, KEPT_SENTENCES
from tests.conftest import ON_SQLITE
from tests.dns_server import DnsServer, Fault
from tests.mail_settings.form import (
    FIELDS,
    PAGE,
    ask_dns,
    everything_saved,
    last_saved,
    save,
)
from tests.mail_settings.test_form import GMAIL, host_of, smtp_fields
from tests.people import Page, Visitor

pytestmark = ON_SQLITE

IONOS = ("smtp.ionos.es", "465", "ssl")
ZONES = (
    ("ionos.example", "MX", "10 mx00.ionos.es."),
    ("srv.example", "MX", "10 filter.gateway.example."),
    ("_submissions._tcp.srv.example", "SRV", "0 1 465 out.srv.example."),
    ("_submissions._tcp.foreign.example", "SRV", "0 1 465 smtp.company.example."),
    ("_submissions._tcp.known.example", "SRV", "0 1 465 smtp.gmail.com."),
    ("guess.example", "MX", "10 filter.gateway.example."),
    ("smtp.guess.example", "A", "203.0.113.7"),
    ("mail.guess.example", "A", "203.0.113.8"),
    ("empty.example", "TXT", "nothing"),
)


@pytest.fixture(name="dns")
def name_server(app: Flask) -> Iterator[DnsServer]:
    with DnsServer(*ZONES) as server:
        ask_dns(app, server)
        yield server


def type_address(visitor: Visitor, email: str, **shown: str) -> Page:
    """What the browser gets for an address, with this in the other fields."""
    query = urlencode({"email": email, **shown})
    return visitor.get(f"{PAGE}/detect?{query}", HX_Request="true")


def shown_on(page: Page) -> dict[str, str]:
    """The server's part as the browser would send it."""
    server, port, security = smtp_fields(page)
    fields = {"smtp_server": server, "smtp_port": port, "security": security}
    return {"host": host_of(page), **fields, "filled": str(page.one("#filled")["value"])}


def test_an_address_of_the_catalogue_needs_no_dns(admin: Visitor, dns: DnsServer) -> None:
    page = type_address(admin, "ana@gmail.com")
    assert not page.has("html")
    assert (host_of(page), smtp_fields(page)) == ("gmail", GMAIL)
    assert "This address is at Gmail." in page.text
    assert "app password" in page.text
    assert not page.one("#smtp-fields").has_attr("open")
    assert dns.questions == []


def test_a_domain_whose_mail_is_at_a_provider(admin: Visitor, dns: DnsServer) -> None:
    page = type_address(admin, "ana@ionos.example")
    assert (host_of(page), smtp_fields(page)) == ("ionos_es", IONOS)
    assert "Your domain's mail is at IONOS / 1&1 (ionos.es)." in page.text


def test_a_domain_that_names_its_server(admin: Visitor, dns: DnsServer) -> None:
    page = type_address(admin, "ana@srv.example")
    assert (host_of(page), smtp_fields(page)) == ("other", ("out.srv.example", "465", "ssl"))
    assert "Your domain names its server: out.srv.example." in page.text


def test_a_server_of_another_company_is_filled_in_and_called_one(
    admin: Visitor, dns: DnsServer
) -> None:
    page = type_address(admin, "ana@foreign.example")
    assert smtp_fields(page) == ("smtp.company.example", "465", "ssl")
    assert "Your domain names a server of another company: smtp.company.example." in page.text
    assert "your provider's help before you save" in page.text


def test_a_guess_is_filled_in_and_called_one(admin: Visitor, dns: DnsServer) -> None:
    page = type_address(admin, "ana@guess.example")
    assert (host_of(page), smtp_fields(page)) == ("other", ("smtp.guess.example", "465", "ssl"))
    assert "only a guess" in page.text
    assert "smtp.guess.example or mail.guess.example" in page.text
    assert page.one("#smtp-fields").has_attr("open")


def test_where_nothing_is_found_it_says_whom_to_ask(admin: Visitor, dns: DnsServer) -> None:
    page = type_address(admin, "ana@empty.example")
    assert (host_of(page), smtp_fields(page)[0]) == ("other", "")
    assert str(FOUND_SENTENCES["nothing"]) in page.text  # type: ignore[index]


@pytest.mark.parametrize(
    "typed", ["", "ana", "ana@", "ana@ionos", "@ionos.example", "ana@@b.example"]
)
def test_what_is_no_address_yet_asks_nobody(admin: Visitor, dns: DnsServer, typed: str) -> None:
    page = type_address(admin, typed)
    assert (host_of(page), smtp_fields(page)) == ("", ("", "", ""))
    assert dns.questions == []


def test_the_next_address_takes_the_place_of_the_first(admin: Visitor, dns: DnsServer) -> None:
    first = type_address(admin, "ana@gmail.com")
    second = type_address(admin, "ana@ionos.example", **shown_on(first))
    assert (host_of(second), smtp_fields(second)) == ("ionos_es", IONOS)
    assert "which stays" not in second.text
    none = type_address(admin, "ana@", **shown_on(second))
    assert (host_of(none), smtp_fields(none)) == ("", ("", "", ""))


def test_what_was_typed_stays_and_what_it_would_have_been_is_said(
    admin: Visitor, dns: DnsServer
) -> None:
    shown = {**shown_on(type_address(admin, "ana@gmail.com")), "smtp_server": "smtp.typed.example"}
    page = type_address(admin, "ana@ionos.example", **shown)
    assert smtp_fields(page) == ("smtp.typed.example", "465", "ssl")
    assert "You typed smtp.typed.example, which stays" in page.text
    assert "smtp.ionos.es" in page.text
    again = type_address(admin, "ana@gmail.com", **shown_on(page))
    assert smtp_fields(again)[0] == "smtp.typed.example", "it stays typed"


def test_a_server_that_is_in_the_catalogue_may_be_typed_too(admin: Visitor, dns: DnsServer) -> None:
    shown = {**shown_on(type_address(admin, "ana@ionos.example")), "smtp_server": GMAIL[0]}
    assert smtp_fields(type_address(admin, "eva@ionos.example", **shown))[0] == GMAIL[0]


def test_a_host_that_was_chosen_stays_and_what_was_found_is_said(
    admin: Visitor, dns: DnsServer
) -> None:
    shown = shown_on(type_address(admin, "ana@gmail.com"))
    query = urlencode({**shown, "host": "yahoo", "email": "ana@gmail.com"})
    chosen = admin.get(f"{PAGE}/host?{query}", HX_Request="true")
    assert host_of(chosen) == "yahoo"
    page = type_address(admin, "ana@ionos.example", **shown_on(chosen))
    assert (host_of(page), smtp_fields(page)[0]) == ("yahoo", "smtp.mail.yahoo.com")
    said = "You chose Yahoo Mail, which stays; the address is at IONOS / 1&1 (ionos.es)."
    assert said in page.text
    names = {"typed": "Yahoo Mail", "own": "IONOS / 1&1 (ionos.es)"}
    assert str(KEPT_SENTENCES["host"]) % names == said


@pytest.mark.parametrize("filled", ["x", "a|b|c|d||e", "|||||", "nobody|||||nobody"])
def test_what_was_filled_in_may_make_no_sense(admin: Visitor, dns: DnsServer, filled: str) -> None:
    shown = {**shown_on(type_address(admin, "ana@gmail.com")), "filled": filled}
    page = type_address(admin, "ana@ionos.example", **shown)
    assert page.status == 200
    assert send_address(admin, "ana@empty.example", **{**shown, "host": ""}).status == 302


def test_to_choose_that_it_be_found_finds_it(admin: Visitor, dns: DnsServer) -> None:
    shown = {**shown_on(type_address(admin, "ana@gmail.com")), "host": ""}
    query = urlencode({**shown, "email": "ana@ionos.example"})
    page = admin.get(f"{PAGE}/host?{query}", HX_Request="true")
    assert (host_of(page), smtp_fields(page)) == ("ionos_es", IONOS)


def test_another_address_of_the_saved_domain_keeps_what_was_saved(
    admin: Visitor, dns: DnsServer
) -> None:
    save(admin, email="ana@ionos.example", smtp_server="relay.example.com", smtp_port="2465")
    page = type_address(admin, "eva@ionos.example", **shown_on(admin.get(PAGE)))
    assert (host_of(page), smtp_fields(page)) == ("other", ("relay.example.com", "2465", "ssl"))
    assert dns.questions == []


def send_address(visitor: Visitor, email: str, **more: str) -> Page:
    """Save with no more than address and password, as without JavaScript."""
    empty = {"host": "", "smtp_server": "", "smtp_port": "", "security": ""}
    return visitor.send(PAGE, {**FIELDS, **empty, "email": email, **more})


@pytest.mark.parametrize(
    ("email", "provider", "server", "said"),
    [
        ("ana@gmail.com", "gmail", GMAIL, "This address is at Gmail."),
        ("ana@ionos.example", "ionos_es", IONOS, "Your domain's mail is at IONOS"),
        ("ana@srv.example", "other", ("out.srv.example", "465", "ssl"), "names its server"),
        ("ana@known.example", "gmail", GMAIL, "names its server"),
    ],
)
def test_what_is_found_on_saving_is_saved_and_said(
    app: Flask,
    admin: Visitor,
    dns: DnsServer,
    email: str,
    provider: str,
    server: tuple[str, str, str],
    said: str,
) -> None:
    assert send_address(admin, email).status == 302
    saved = last_saved(app)
    assert saved.provider == provider
    assert (saved.smtp_server, str(saved.smtp_port), saved.security) == server
    page = admin.get(PAGE)
    assert said in page.text
    assert f"Filled in: {server[0]}, port {server[1]}, SSL/TLS." in page.text


def test_address_and_password_alone_are_enough(app: Flask, admin: Visitor, dns: DnsServer) -> None:
    assert admin.send(PAGE, {"email": "ana@gmail.com", "password": "abcd efgh"}).status == 302
    assert last_saved(app).provider == "gmail"


def test_a_guess_is_asked_back_and_saved_when_it_is_sent_again(
    app: Flask, admin: Visitor, dns: DnsServer
) -> None:
    page = send_address(admin, "ana@guess.example")
    assert page.status == 422
    assert "This is a guess" in page.error("smtp_server")
    assert everything_saved(app) == []
    assert smtp_fields(page) == ("smtp.guess.example", "465", "ssl")
    assert send_address(admin, "ana@guess.example", **shown_on(page)).status == 302
    assert last_saved(app).smtp_server == "smtp.guess.example"


def test_a_server_of_another_company_is_asked_back_too(
    app: Flask, admin: Visitor, dns: DnsServer
) -> None:
    page = send_address(admin, "ana@foreign.example")
    assert page.status == 422
    assert "server of another company" in page.error("smtp_server")
    assert "save again" in page.error("smtp_server")
    assert everything_saved(app) == []
    assert smtp_fields(page) == ("smtp.company.example", "465", "ssl")
    assert page.one("#smtp-fields").has_attr("open")
    assert send_address(admin, "ana@foreign.example", **shown_on(page)).status == 302
    assert last_saved(app).smtp_server == "smtp.company.example"


def test_one_save_looks_up_once(admin: Visitor, dns: DnsServer) -> None:
    assert send_address(admin, "ana@srv.example", password="abcd efgh").status == 302
    assert dns.questions
    assert len(dns.questions) == len(set(dns.questions))


def test_nothing_found_asks_for_the_server(app: Flask, admin: Visitor, dns: DnsServer) -> None:
    page = send_address(admin, "ana@empty.example")
    assert page.status == 422
    assert "Enter your provider's server" in page.error("smtp_server")
    assert page.one("#smtp-fields").has_attr("open")
    assert everything_saved(app) == []


def test_an_address_that_is_none_is_all_that_is_wrong(admin: Visitor, dns: DnsServer) -> None:
    page = send_address(admin, "ana@")
    assert page.status == 422
    assert page.error("email")
    assert len(page.html.select("[aria-invalid]")) == 1
    assert host_of(page) == ""
    assert dns.questions == []


def test_a_typed_server_needs_no_finding(app: Flask, admin: Visitor, dns: DnsServer) -> None:
    send_address(admin, "ana@ionos.example", smtp_server="relay.example.com")
    saved = last_saved(app)
    assert (saved.provider, saved.smtp_server) == ("other", "relay.example.com")
    send_address(admin, "ana@ionos.example", smtp_server="smtp.gmail.com")
    saved = last_saved(app)
    assert (saved.provider, saved.smtp_server, saved.smtp_port) == ("gmail", "smtp.gmail.com", 465)
    assert dns.questions == []


def test_to_open_the_page_asks_nobody(admin: Visitor, dns: DnsServer) -> None:
    admin.get(PAGE)
    assert dns.questions == []


@pytest.mark.parametrize("who", ["staff", "viewer", "stranger"])
def test_only_administrators_may_look(
    request: pytest.FixtureRequest, dns: DnsServer, who: str
) -> None:
    visitor: Visitor = request.getfixturevalue(who)
    assert type_address(visitor, "ana@ionos.example").status in {302, 403}
    assert dns.questions == []


class WritingDnsServer(DnsServer):
    """Writes to the database while it is asked, as a worker might."""

    def __init__(self, app: Flask) -> None:
        super().__init__(*ZONES)
        with app.app_context():
            self._file = str(db.engine.url.database)
        self._one_at_a_time, self.problems = Lock(), list[str]()

    def note(self, query: dns.message.Message) -> Fault | None:
        with self._one_at_a_time, closing(sqlite3.connect(self._file, timeout=0)) as database:
            try:
                database.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                self.problems.append(str(error))
        return super().note(query)


def test_nothing_is_locked_while_a_name_server_is_asked(app: Flask, admin: Visitor) -> None:
    with WritingDnsServer(app) as server:
        ask_dns(app, server)
        assert send_address(admin, "ana@ionos.example").status == 302
        assert type_address(admin, "ana@guess.example").status == 200
    assert server.questions
    assert server.problems == []
