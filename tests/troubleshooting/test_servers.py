"""The server that a step shows: the provider's own, as the catalogue has it."""

import pytest
from flask import Flask

from portal.admin import service as practice
from tests.conftest import ON_SQLITE
from tests.mail_settings.form import save
from tests.people import PASSWORD, Visitor
from tests.troubleshooting.wizard import at

pytestmark = ON_SQLITE


def servers(visitor: Visitor, place: str) -> list[str]:
    return visitor.get(at(place)).texts(".places tbody tr")


def test_a_step_of_a_provider_shows_where_its_server_answers(admin: Visitor) -> None:
    assert servers(admin, "own-domain/strato") == [
        "smtp.strato.de 465 SSL/TLS",
        "smtp.strato.de 587 STARTTLS",
    ]


def test_the_port_for_servers_among_themselves_is_left_out(admin: Visitor) -> None:
    save(admin, host="microsoft365", smtp_server="", smtp_port="", security="")
    assert servers(admin, "own-domain/known") == ["smtp.office365.com 587 STARTTLS"]


@pytest.mark.parametrize(
    ("language", "server"),
    [("en", "smtp.ionos.com"), ("es", "smtp.ionos.es"), ("it", "smtp.ionos.it")],
)
def test_of_a_provider_in_several_countries_it_is_the_readers(
    app: Flask, language: str, server: str
) -> None:
    with app.app_context():
        practice.add_user("nuria@clinica.example.com", PASSWORD, "admin", language)
    reader = Visitor(app).sign_in("nuria@clinica.example.com")
    assert {line.split()[0] for line in servers(reader, "own-domain/ionos")} == {server}


def test_or_that_of_the_mailbox_if_it_is_there(admin: Visitor) -> None:
    save(admin, host="ionos_de", smtp_server="")
    assert servers(admin, "own-domain/ionos")[0] == "smtp.ionos.de 465 SSL/TLS"


def test_the_mailboxs_own_provider_is_shown_where_it_is_known(admin: Visitor) -> None:
    assert servers(admin, "own-domain/known") == []
    save(admin, host="gmail", smtp_server="")
    assert servers(admin, "own-domain/known") == [
        "smtp.gmail.com 465 SSL/TLS",
        "smtp.gmail.com 587 STARTTLS",
    ]


def test_a_step_to_which_the_way_leads_is_never_called_another_providers(
    app: Flask, admin: Visitor
) -> None:
    save(admin, host="google_workspace", smtp_server="")
    assert admin.get(at("yahoo/app-password")).has(".alert-info")
    assert not admin.get(at("own-domain/username")).has(".alert-info")
