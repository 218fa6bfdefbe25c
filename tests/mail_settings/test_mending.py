"""What is typed is mended where it can mean only one thing, and said."""

import pytest
from flask import Flask

from portal.mail_settings.mending import Smtp, is_server_name, mend, mend_app_password, mend_pair
from portal.mail_settings.server_texts import MENDED_SENTENCES
from tests.conftest import ON_SQLITE
from tests.dns_server import DnsServer
from tests.mail_settings.form import (
    PAGE,
    ask_dns,
    everything_saved,
    last_saved,
    password_of,
    save,
)
from tests.people import Visitor

NAME = "smtp.gmail.com"


@pytest.mark.parametrize(
    ("typed", "meant", "code"),
    [
        (f" {NAME} ", NAME, "server_name"),
        (f"{NAME}\t", NAME, "server_name"),
        (f"\u00a0{NAME}\u200b", NAME, "server_name"),
        ("smtp. gmail .com", NAME, "server_name"),
        ("smtp.gma il.com", NAME, "server_name"),  # the catalogue knows which
        ("127. 0.0.1", "127.0.0.1", "server_name"),
        (f"https://{NAME}", NAME, "server_name"),
        (f"http://{NAME}/", NAME, "server_name"),
        (f"smtp://{NAME}", NAME, "server_name"),
        (f"SMTPS://{NAME}/mail/settings", NAME, "server_name"),
        (f"ssl://{NAME}", NAME, "server_name"),
        (f"{NAME}/", NAME, "server_name"),
        (f"{NAME}.", NAME, "server_name"),
        ("SMTP.Gmail.com", NAME, "server_name"),
        ("ana@gmail.com", NAME, "server_address"),
        ("Ana@Hotmail.es", "smtp-mail.outlook.com", "server_address"),
    ],
)
def test_a_server_is_understood(typed: str, meant: str, code: str) -> None:
    smtp, mended = mend(Smtp(typed), port_typed=False)
    assert smtp.server == meant
    assert code in {one.code for one in mended}


@pytest.mark.parametrize(
    "typed",
    [
        NAME,
        "localhost",
        "127.0.0.1",
        "2001:db8::25",
        "smtp.clínica.example",
        "smtp clinica.example",  # smtp.clinica.example, or smtpclinica.example
        "ana@clinica.example.com",
        "ftp://smtp.example.com",
        " . " * 1000,
        "",
    ],
)
def test_what_is_right_or_may_mean_two_things_stays(typed: str) -> None:
    smtp, mended = mend(Smtp(typed), port_typed=False)
    assert smtp.server == typed
    assert not mended


@pytest.mark.parametrize(
    "typed", [f"{NAME}:465", f"{NAME} 465", f"ssl://{NAME}:465/", f"{NAME}.:465"]
)
@pytest.mark.parametrize(("port", "is_typed"), [("", False), ("587", False), ("465", True)])
def test_a_port_behind_the_server_counts_where_no_other_was_typed(
    typed: str, port: str, is_typed: bool
) -> None:
    smtp, mended = mend(Smtp(typed, port), port_typed=is_typed)
    assert (smtp.server, smtp.port) == (NAME, "465")
    assert "server_port" in {one.code for one in mended}


def test_a_port_behind_the_server_stays_beside_another_one() -> None:
    smtp, _ = mend(Smtp(f"{NAME}:465", "587"), port_typed=True)
    assert (smtp.server, smtp.port) == (f"{NAME}:465", "587")
    assert not is_server_name(smtp.server)


@pytest.mark.parametrize("typed", [" 465", "4 65", "46\u00a05", "465\u200b"])
def test_spaces_in_a_port_are_left_out(typed: str) -> None:
    smtp, mended = mend(Smtp(NAME, typed), port_typed=True)
    assert smtp.port == "465"
    assert [one.code for one in mended] == ["port_spaces"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("SSL", "ssl"),
        ("Ssl/Tls", "ssl"),
        ("SSL / TLS", "ssl"),
        ("smtps", "ssl"),
        ("TLS", "tls"),
        ("STARTTLS", "tls"),
        ("StartTls", "tls"),
        ("None", "none"),
        ("Ninguno", "none"),
        ("NINGUNA", "none"),
        ("nessuno", "none"),
        ("Nessuna", "none"),
        ("no", "none"),
    ],
)
def test_a_protocol_is_known_by_its_other_names(typed: str, meant: str) -> None:
    smtp, mended = mend(Smtp(NAME, "2526", typed), port_typed=True)
    assert smtp.security == meant
    assert [one.code for one in mended] == ["security_word"]


@pytest.mark.parametrize("typed", ["ssl", "tls", "none", "", "encrypted", "starttls-required"])
def test_a_protocol_that_is_right_or_unknown_stays(typed: str) -> None:
    assert mend(Smtp(NAME, "2526", typed), port_typed=True) == (Smtp(NAME, "2526", typed), [])


@pytest.mark.parametrize(
    ("port", "typed", "meant"),
    [
        ("465", "tls", "ssl"),
        ("465", "none", "ssl"),
        ("465", "ssl", "ssl"),
        ("2465", "tls", "ssl"),
        ("587", "ssl", "tls"),
        ("587", "tls", "tls"),
        ("587", "none", "none"),
        ("25", "ssl", "tls"),
        ("25", "none", "none"),
        ("2525", "ssl", "tls"),
        ("2587", "ssl", "tls"),
        ("4465", "tls", "tls"),
        ("4465", "ssl", "ssl"),
    ],
)
def test_a_well_known_port_decides_on_the_protocol(port: str, typed: str, meant: str) -> None:
    smtp, mended = mend_pair(Smtp(NAME, port, typed))
    assert smtp == Smtp(NAME, port, meant)
    assert [one.code for one in mended] == (["security_port"] if typed != meant else [])


@pytest.mark.parametrize(
    "typed", ["abcd efgh", " abcdefgh", "abcd\u00a0efgh", "abcd\u200befgh\u3000"]
)
def test_an_app_password_has_no_spaces(typed: str) -> None:
    password, [mended] = mend_app_password(typed)
    assert password == "abcdefgh"
    assert "abcd" not in mended.typed + mended.mended


@pytest.mark.parametrize(
    "name", [NAME, "localhost", "127.0.0.1", "2001:db8::25", "smtp.clínica.es", "a_b.example.com"]
)
def test_what_can_be_a_server(name: str) -> None:
    assert is_server_name(name)


@pytest.mark.parametrize(
    "name",
    ["", "-a.example.com", "a..example.com", "1.2.3", "a b.example.com", "a:25", "\u2044.es"],
)
def test_what_can_not_be_a_server(name: str) -> None:
    assert not is_server_name(name)


@ON_SQLITE
@pytest.mark.parametrize(
    ("typed", "saved", "said"),
    [
        (
            {"smtp_server": " https://SMTP.example.com/ "},
            ("smtp.example.com", 465, "ssl"),
            "it was read as smtp.example.com.",
        ),
        (
            {"smtp_server": "smtp.example.com:2465", "smtp_port": ""},
            ("smtp.example.com", 2465, "ssl"),
            "The port was taken from the server's name: 2465.",
        ),
        (  # 587 is what `other` fills in
            {"smtp_server": "smtp.example.com:465", "smtp_port": "587", "security": "tls"},
            ("smtp.example.com", 465, "ssl"),
            "Port 465 goes with SSL/TLS only",
        ),
        (
            {"smtp_server": "ana@yahoo.es", "smtp_port": ""},
            ("smtp.mail.yahoo.com", 465, "ssl"),
            "replaced by its provider's server, smtp.mail.yahoo.com.",
        ),
        (
            {"security": "SSL"},
            ("smtp.example.com", 465, "ssl"),
            "You typed “SSL” as the protocol; it was read as SSL/TLS.",
        ),
        (
            {"smtp_port": "5 87", "security": "TLS"},
            ("smtp.example.com", 587, "tls"),
            "You typed “5 87” as the port; it was read as 587.",
        ),
        (
            {"smtp_port": "587"},
            ("smtp.example.com", 587, "tls"),
            "Port 587 goes with STARTTLS only, so the protocol was changed to that.",
        ),
    ],
)
def test_what_was_mended_is_saved_and_said_once(
    app: Flask, admin: Visitor, typed: dict[str, str], saved: tuple[str, int, str], said: str
) -> None:
    assert save(admin, **typed).status == 302
    last = last_saved(app)
    assert (last.smtp_server, last.smtp_port, last.security) == saved
    assert said in admin.get(PAGE).text
    assert said not in admin.get(PAGE).text


@ON_SQLITE
def test_what_was_mended_is_said_on_a_refused_form_too(app: Flask, admin: Visitor) -> None:
    page = save(admin, smtp_server="https://smtp.example.com", security="TLS", sender_name="a\nb")
    assert page.status == 422
    assert "it was read as smtp.example.com." in page.text
    assert "Port 465 goes with SSL/TLS only" in page.text
    assert page.one("#smtp_server")["value"] == "smtp.example.com"
    assert page.one("#security option[selected]")["value"] == "ssl"
    assert everything_saved(app) == []


@ON_SQLITE
@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"host": "gmail"}, "abcdefgh"),
        ({"host": "yahoo"}, "abcdefgh"),
        ({"host": "icloud"}, "abcdefgh"),
        ({"host": "other", "smtp_server": "smtp.gmail.com"}, "abcdefgh"),
        ({"host": "other", "email": "ana@google.example"}, "abcdefgh"),  # by its MX records
        ({"host": "other", "email": "ana@own.example"}, " abcd\u00a0efgh "),
        ({"host": "hotmail"}, " abcd\u00a0efgh "),
        ({"host": "ionos_es"}, " abcd\u00a0efgh "),
    ],
)
def test_spaces_in_a_password_go_only_where_there_are_app_passwords(
    app: Flask, admin: Visitor, sent: dict[str, str], kept: str
) -> None:
    with DnsServer(("google.example", "MX", "1 aspmx.l.google.com.")) as dns:
        ask_dns(app, dns)
        save(admin, password=" abcd\u00a0efgh ", **sent)
    assert password_of(app, last_saved(app)) == kept
    said = str(MENDED_SENTENCES["password_spaces"])
    assert (said in admin.get(PAGE).text) == (kept == "abcdefgh")


@ON_SQLITE
def test_without_spaces_in_the_password_nobody_is_asked_for_the_domain(
    app: Flask, admin: Visitor
) -> None:
    with DnsServer() as dns:
        ask_dns(app, dns)
        save(admin)
        assert dns.questions == []
    assert password_of(app, last_saved(app)) == "contraseña"
