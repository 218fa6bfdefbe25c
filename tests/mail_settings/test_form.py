"""The form of the mailbox: what it shows, what hosts fill in, what it refuses."""

import pytest
from flask import Flask

from tests.conftest import ON_SQLITE
from tests.mail_settings.form import FIELDS, PAGE, everything_saved, last_saved, password_of, save
from tests.people import ADMIN, Page, Visitor

pytestmark = ON_SQLITE

GMAIL = ("smtp.gmail.com", "465", "ssl")
HOTMAIL = ("smtp-mail.outlook.com", "587", "tls")


def smtp_fields(page: Page) -> tuple[str, str, str]:
    chosen = page.one("#security option[selected]")["value"]
    return str(page.one("#smtp_server")["value"]), str(page.one("#smtp_port")["value"]), str(chosen)


def fragment(visitor: Visitor, host: str, **shown: str) -> tuple[str, str, str]:
    query = "&".join(f"{name}={value}" for name, value in shown.items())
    return smtp_fields(visitor.get(f"{PAGE}/host?host={host}&{query}", HX_Request="true"))


def test_the_form_begins_with_the_administrators_own_address(admin: Visitor) -> None:
    page = admin.get(PAGE)
    assert page.one("#email")["value"] == ADMIN
    assert page.one("#host option[selected]")["value"] == "other"
    assert not page.one("#password").get("value")
    assert [option["value"] for option in page.html.select("#host option")] == [
        "gmail",
        "hotmail",
        "yahoo",
        "other",
    ]


def test_the_address_of_a_known_host_chooses_it(app: Flask, admin: Visitor) -> None:
    fields = {"email": "ana@gmail.com", "role": "admin", "password": "three long words"}
    admin.send("/settings/users", fields)
    page = Visitor(app).sign_in("ana@gmail.com").get(PAGE)
    assert page.one("#host option[selected]")["value"] == "gmail"
    assert smtp_fields(page) == GMAIL


def test_a_host_refills_what_nobody_edited(admin: Visitor) -> None:
    assert fragment(admin, "gmail") == GMAIL
    assert fragment(admin, "hotmail", smtp_server=GMAIL[0], smtp_port="465", security="ssl") == (
        HOTMAIL
    )
    assert fragment(admin, "other", smtp_server=GMAIL[0], smtp_port="465", security="ssl") == (
        "",
        "587",
        "tls",
    )


def test_a_host_leaves_what_was_typed(admin: Visitor) -> None:
    typed = fragment(admin, "gmail", smtp_server="relay.example.com", smtp_port="2525")
    assert typed == ("relay.example.com", "2525", "ssl")


def test_what_was_saved_before_is_not_taken_for_typed(admin: Visitor) -> None:
    save(admin, smtp_server="smtp.clinica.example.com", smtp_port="2465")
    shown = {"smtp_server": "smtp.clinica.example.com", "smtp_port": "2465", "security": "ssl"}
    assert fragment(admin, "gmail", **shown) == GMAIL
    assert fragment(admin, "other", smtp_server=GMAIL[0], smtp_port="465", security="ssl") == (
        "smtp.clinica.example.com",
        "2465",
        "ssl",
    )


def test_the_fragment_is_no_page_and_an_unknown_host_is_other(admin: Visitor) -> None:
    page = admin.get(f"{PAGE}/host?host=nobody", HX_Request="true")
    assert not page.has("html")
    assert smtp_fields(page) == ("", "587", "tls")


def test_without_javascript_a_link_fills_in_a_host(admin: Visitor) -> None:
    link = [a for a in admin.get(PAGE).html.select("noscript a") if a.text == "Gmail"]
    page = admin.get(str(link[0]["href"]))
    assert page.one("#host option[selected]")["value"] == "gmail"
    assert smtp_fields(page) == GMAIL


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("gmail", ("smtp.gmail.com", 465, "ssl")),
        ("hotmail", ("smtp-mail.outlook.com", 587, "tls")),
        ("yahoo", ("smtp.mail.yahoo.com", 465, "ssl")),
    ],
)
def test_empty_fields_are_filled_from_the_host(
    app: Flask, admin: Visitor, host: str, expected: tuple[str, int, str]
) -> None:
    assert save(admin, host=host, smtp_server="", smtp_port="", security="").status == 302
    saved = last_saved(app)
    assert (saved.provider, saved.smtp_server, saved.smtp_port, saved.security) == (host, *expected)


def test_what_was_saved_does_not_stand_in_for_what_was_not_sent(app: Flask, admin: Visitor) -> None:
    save(admin, smtp_server="smtp.clinica.example.com", smtp_port="2465")
    fields = {"email": FIELDS["email"], "password": FIELDS["password"], "host": "hotmail"}
    assert admin.send(PAGE, fields).status == 302
    saved = last_saved(app)
    assert saved.provider == "hotmail"
    assert (saved.smtp_server, str(saved.smtp_port), saved.security) == HOTMAIL
    page = admin.send(PAGE, {**fields, "host": "other"})
    assert page.status == 422
    assert "your provider's server" in page.error("smtp_server")


def test_posted_fields_win_over_the_host(app: Flask, admin: Visitor) -> None:
    save(admin, host="gmail", smtp_server="relay.example.com", smtp_port="", security="tls")
    saved = last_saved(app)
    assert (saved.smtp_server, saved.smtp_port, saved.security) == ("relay.example.com", 465, "tls")


@pytest.mark.parametrize(
    ("host", "kept"),
    [("gmail", "abcdefgh"), ("yahoo", "abcdefgh"), ("hotmail", " ab cd "), ("other", " ab cd ")],
)
def test_spaces_in_a_password_go_only_where_there_are_app_passwords(
    app: Flask, admin: Visitor, host: str, kept: str
) -> None:
    typed = "abcd efgh" if host in {"gmail", "yahoo"} else " ab cd "
    save(admin, host=host, password=typed)
    assert password_of(app, last_saved(app)) == kept


@pytest.mark.parametrize("word", ["ssl", "SSL", "Tls", "NONE"])
def test_the_protocol_is_known_in_any_letter_case(app: Flask, admin: Visitor, word: str) -> None:
    assert save(admin, security=word).status == 302
    assert last_saved(app).security == word.lower()


def test_the_user_name_counts_only_when_it_is_a_different_one(app: Flask, admin: Visitor) -> None:
    save(admin, username="typed.before")
    assert last_saved(app).username == FIELDS["email"]
    save(admin, username="clinic-7", different_user="y")
    assert last_saved(app).username == "clinic-7"
    page = admin.get(PAGE)
    assert page.one("#username")["value"] == "clinic-7"
    assert page.one("#different_user").has_attr("checked")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("email", "", "address that patients will see"),
        ("email", "consulta", "complete e-mail address"),
        ("email", "a@example.com\r\nBcc: b@example.com", "complete e-mail address"),
        ("sender_name", "Clínica\r\nBcc: x@example.com", "one line"),
        ("sender_name", "x" * 121, "120 characters"),
        ("host", "nobody", "host from the list"),
        ("smtp_server", "", "your provider's server"),
        ("smtp_server", "smtp.example.com\nx", "one line"),
        ("smtp_port", "0", "1 to 65535"),
        ("smtp_port", "65536", "1 to 65535"),
        ("smtp_port", "-25", "1 to 65535"),
        ("smtp_port", "46.5", "1 to 65535"),
        ("smtp_port", "smtp", "1 to 65535"),
        ("smtp_port", "4655555555", "5 characters"),
        ("security", "starttls-please", "protocol from the list"),
        ("password", "", "Enter the password"),
        ("password", "x" * 501, "500 characters"),
        ("legal_notice", "x" * 5001, "5000 characters"),
    ],
)
def test_what_is_wrong_is_said_on_its_field_and_the_rest_stays(
    app: Flask, admin: Visitor, field: str, value: str, words: str
) -> None:
    page = save(admin, **{field: value})
    assert page.status == 422
    assert words.lower() in page.error(field).lower()
    assert everything_saved(app) == []
    typed = {**FIELDS, field: value}
    for name in {"email", "sender_name", "smtp_server", "smtp_port"} - {field}:
        assert page.one(f"#{name}")["value"] == typed[name]
    assert FIELDS["password"] not in page.response.text


def test_a_different_user_needs_a_name(admin: Visitor) -> None:
    page = save(admin, different_user="y", username=" ")
    assert page.status == 422
    assert "user name" in page.error("username")


def test_a_legal_notice_is_offered_and_missed_while_there_is_none(admin: Visitor) -> None:
    first = admin.get(PAGE)
    assert "confidential information" in first.one("#legal_notice").text
    save(admin, legal_notice="")
    without = admin.get(PAGE)
    assert without.one("#legal_notice").text.strip() == ""
    assert any("confidential information" in text for text in without.texts("details"))
    save(admin, password="", legal_notice="Sus datos están protegidos.")
    kept = admin.get(PAGE)
    assert kept.one("#legal_notice").text.strip() == "Sus datos están protegidos."
    assert not any("confidential information" in text for text in kept.texts("details"))
