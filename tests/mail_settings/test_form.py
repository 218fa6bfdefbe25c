"""The form of the mailbox: what it shows, what hosts fill in, what it refuses."""

from urllib.parse import urlencode

import pytest
import time_machine
from flask import Flask

from portal.mail import providers
from portal.mail_settings.fill import SMTP_FIELDS
from tests.conftest import ON_SQLITE
from tests.mail_settings.form import FIELDS, PAGE, everything_saved, last_saved, save
from tests.people import ADMIN, Page, Visitor

pytestmark = ON_SQLITE

GMAIL = ("smtp.gmail.com", "465", "ssl")
HOTMAIL = ("smtp-mail.outlook.com", "587", "tls")


def smtp_fields(page: Page) -> tuple[str, str, str]:
    chosen = page.one("#security option[selected]")["value"]
    return str(page.one("#smtp_server")["value"]), str(page.one("#smtp_port")["value"]), str(chosen)


def host_of(page: Page) -> str:
    return str(page.one("#host option[selected]")["value"])


def swap(visitor: Visitor, host: str, **shown: str) -> Page:
    """What the browser gets when somebody chooses a host with this in the fields."""
    query = urlencode({"host": host, **shown})
    return visitor.get(f"{PAGE}/host?{query}", HX_Request="true")


def fragment(visitor: Visitor, host: str, **shown: str) -> tuple[str, str, str]:
    return smtp_fields(swap(visitor, host, **shown))


def sign_in_as(app: Flask, admin: Visitor, email: str) -> Visitor:
    """Another administrator, with this address."""
    fields = {"email": email, "role": "admin", "password": "three long words"}
    admin.send("/settings/users", fields)
    return Visitor(app).sign_in(email)


def test_the_form_begins_with_the_administrators_own_address(admin: Visitor) -> None:
    page = admin.get(PAGE)
    assert page.one("#email")["value"] == ADMIN
    assert host_of(page) == ""
    assert page.one("#host option[selected]").text == "Find it from the address"
    assert smtp_fields(page) == ("", "", "")
    assert not page.one("#password").get("value")


def test_the_hosts_are_those_of_the_catalogue(admin: Visitor) -> None:
    hosts = [option["value"] for option in admin.get(PAGE).html.select("#host option")]
    assert hosts == ["", *providers.load()]
    assert {"gmail", "hotmail", "yahoo", "other"} <= set(hosts)


def test_address_and_password_come_first_and_the_server_after_them(admin: Visitor) -> None:
    names = [str(tag["name"]) for tag in admin.get(PAGE).html.select("#settings [name]")]
    assert names == [
        "csrf_token",
        "email",
        "password",
        "filled",
        "host",
        "smtp_server",
        "smtp_port",
        "security",
        "allow_unencrypted",
        "different_user",
        "username",
        "sender_name",
        "legal_notice",
    ]


def test_the_address_of_a_known_host_chooses_it(app: Flask, admin: Visitor) -> None:
    page = sign_in_as(app, admin, "ana@gmail.com").get(PAGE)
    assert host_of(page) == "gmail"
    assert smtp_fields(page) == GMAIL
    assert "This address is at Gmail." in page.one("#server").text


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


def test_a_host_leaves_what_was_typed_and_says_what_it_would_have_been(admin: Visitor) -> None:
    page = swap(admin, "gmail", smtp_server="relay.example.com", smtp_port="2525")
    assert smtp_fields(page) == ("relay.example.com", "2525", "ssl")
    assert "You typed relay.example.com, which stays" in page.text
    assert "the server of Gmail itself is smtp.gmail.com" in page.text
    assert "You typed port 2525, which stays; Gmail has 465." in page.text


def test_what_the_portal_filled_in_is_known_from_what_was_typed(admin: Visitor) -> None:
    page = swap(admin, "gmail")
    filled = str(page.one("#filled")["value"])
    typed = {"smtp_server": GMAIL[0], "smtp_port": "587", "security": "ssl", "filled": filled}
    assert fragment(admin, "hotmail", **typed) == (HOTMAIL[0], "587", "tls")
    page = swap(admin, "yahoo", **typed)
    assert smtp_fields(page) == ("smtp.mail.yahoo.com", "587", "ssl")
    assert "You typed port 587, which stays; Yahoo Mail has 465." in page.text


def test_what_was_saved_before_is_not_taken_for_typed(admin: Visitor) -> None:
    save(admin, smtp_server="smtp.clinica.example.com", smtp_port="2465")
    shown = {"smtp_server": "smtp.clinica.example.com", "smtp_port": "2465", "security": "ssl"}
    assert fragment(admin, "gmail", **shown) == GMAIL
    assert fragment(admin, "other", smtp_server=GMAIL[0], smtp_port="465", security="ssl") == (
        "smtp.clinica.example.com",
        "2465",
        "ssl",
    )


def test_a_service_has_a_user_name_of_its_own(admin: Visitor) -> None:
    page = swap(admin, "brevo")
    assert page.one("#different_user").has_attr("checked")
    filled = str(page.one("#filled")["value"])
    gmail = swap(admin, "gmail", different_user="y", filled=filled)
    assert not gmail.one("#different_user").has_attr("checked")
    filled = str(gmail.one("#filled")["value"])
    ticked = swap(admin, "yahoo", different_user="y", username="clinic-7", filled=filled)
    assert ticked.one("#different_user").has_attr("checked")
    assert ticked.one("#username")["value"] == "clinic-7"


def test_the_fragment_is_no_page_and_an_unknown_host_is_other(admin: Visitor) -> None:
    page = swap(admin, "nobody")
    assert not page.has("html")
    assert smtp_fields(page) == ("", "587", "tls")


def test_a_server_named_for_its_customer_waits_for_the_address(admin: Visitor) -> None:
    assert fragment(admin, "cdmon") == ("", "587", "tls")
    assert fragment(admin, "cdmon", email="ana@clinica.example")[0] == "smtp.clinica.example"


def test_without_javascript_a_link_fills_in_a_host(admin: Visitor) -> None:
    link = [a for a in admin.get(PAGE).html.select("noscript a") if a.text == "Gmail"]
    page = admin.get(str(link[0]["href"]))
    assert host_of(page) == "gmail"
    assert smtp_fields(page) == GMAIL


def test_without_javascript_a_changed_host_is_filled_in_on_saving(
    app: Flask, admin: Visitor
) -> None:
    save(admin, host="gmail", smtp_server="", smtp_port="", security="")
    assert sent_with_another_host(app, admin, "hotmail") == HOTMAIL


def test_a_server_that_a_person_typed_stays_when_only_the_host_is_changed(
    app: Flask, admin: Visitor
) -> None:
    save(admin, smtp_server="smtp.clinica.example.com", smtp_port="2525", security="tls")
    assert sent_with_another_host(app, admin, "gmail") == (
        "smtp.clinica.example.com",
        "2525",
        "tls",
    )


def sent_with_another_host(app: Flask, admin: Visitor, host: str) -> tuple[str, str, str]:
    """What is saved when the page's form is sent back as it is, but for the host."""
    page = admin.get(PAGE)
    shown = {name: str(page.one(f"#{name}")["value"]) for name in ("filled", *SMTP_FIELDS[:2])}
    security = str(page.one("#security option[selected]")["value"])
    assert save(admin, **shown, security=security, host=host).status == 302
    saved = last_saved(app)
    return saved.smtp_server, str(saved.smtp_port), saved.security


def test_the_providers_notes_are_there_before_a_password_is_typed(admin: Visitor) -> None:
    gmail = swap(admin, "gmail")
    assert "Google wants an app password here" in gmail.text
    assert "It takes 500 mails a day." in gmail.text
    link = gmail.one("a[target=_blank]")
    assert str(link["href"]).startswith("https://support.google.com/")
    assert "noopener" in link["rel"]
    assert not swap(admin, "other").has("a[target=_blank]")


def test_the_notes_are_in_the_readers_language(admin: Visitor) -> None:
    admin.send("/language", {"language": "es"}, form_at="/")
    assert "Google pide aquí una contraseña de aplicación" in swap(admin, "gmail").text


def test_hotmail_says_that_passwords_no_longer_work_there(admin: Visitor) -> None:
    page = swap(admin, "hotmail")
    change = providers.load()["hotmail"].changes[0]
    assert change.after["en"] in page.one(".alert-warning").text
    assert change.after["en"] not in swap(admin, "gmail").text


@pytest.mark.parametrize(
    ("day", "told"), [("2026-12-30", "before"), ("2026-12-31", "after"), ("2027-03-01", "after")]
)
def test_a_cut_off_is_told_as_what_comes_and_then_as_what_has_come(
    app: Flask, day: str, told: str
) -> None:
    [change] = providers.load()["microsoft365"].changes
    assert change.date.isoformat() == "2026-12-31"
    with time_machine.travel(f"{day}T10:00:00+01:00", tick=False):
        text = swap(Visitor(app).sign_in(ADMIN), "microsoft365").text
    assert (change.before["en"] in text) == (told == "before")
    assert (change.after["en"] in text) == (told == "after")


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


@pytest.mark.parametrize(
    ("host", "sent", "expected"),
    [
        ("gmail", ("relay.example.com", "", ""), ("relay.example.com", 465, "ssl")),
        ("gmail", ("relay.example.com", "2525", "tls"), ("relay.example.com", 2525, "tls")),
        # The rest is that of the server which has what was sent.
        ("gmail", ("", "", "tls"), ("smtp.gmail.com", 587, "tls")),
        ("gmail", ("", "587", ""), ("smtp.gmail.com", 587, "tls")),
        ("strato", ("", "25", ""), ("smtp.strato.com", 25, "tls")),
        ("ionos_es", ("smtp.1and1.es", "587", "TLS"), ("smtp.1and1.es", 587, "tls")),
        ("other", ("smtp.example.com", "465", ""), ("smtp.example.com", 465, "ssl")),
        ("other", ("smtp.example.com", "", "ssl"), ("smtp.example.com", 465, "ssl")),
        ("other", ("smtp.example.com", "", ""), ("smtp.example.com", 587, "tls")),
        ("other", ("smtp.example.com", "2465", ""), ("smtp.example.com", 2465, "ssl")),
    ],
)
def test_sent_fields_win_and_the_rest_goes_with_them(
    app: Flask,
    admin: Visitor,
    host: str,
    sent: tuple[str, str, str],
    expected: tuple[str, int, str],
) -> None:
    server, port, security = sent
    page = save(admin, host=host, smtp_server=server, smtp_port=port, security=security)
    assert page.status == 302
    saved = last_saved(app)
    assert (saved.smtp_server, saved.smtp_port, saved.security) == expected
    assert "so the protocol was changed" not in admin.get(PAGE).text


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
        ("smtp_server", "smtp example com", "No server can be called this"),
        ("smtp_server", "smtp..example.com", "No server can be called this"),
        ("smtp_server", "smtp.exämple\u2044.com", "No server can be called this"),
        ("smtp_server", "300.1.1.1", "No server can be called this"),
        ("smtp_server", "ana@clinica.example.com", "This is an address"),
        ("smtp_server", "x" * 64 + ".example.com", "No server can be called this"),
        ("smtp_server", "a." * 200 + "com", "253 characters"),
        ("smtp_port", "0", "1 to 65535"),
        ("smtp_port", "65536", "1 to 65535"),
        ("smtp_port", "-25", "1 to 65535"),
        ("smtp_port", "46.5", "1 to 65535"),
        ("smtp_port", "٤٦٥", "1 to 65535"),
        ("smtp_port", "smtp", "1 to 65535"),
        ("smtp_port", "4655555555", "1 to 65535"),
        ("smtp_port", "9" * 5000, "1 to 65535"),
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
