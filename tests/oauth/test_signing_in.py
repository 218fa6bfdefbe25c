"""From the link on the settings page to a mailbox that sends by a permission."""

import pytest
from flask import Flask
from sqlalchemy import event

from portal.extensions import db
from portal.models import CheckState
from tests.conftest import ON_SQLITE
from tests.mail_settings.form import FIELDS, PAGE, checks
from tests.oauth.provider import (
    HOSTS,
    MAILBOX,
    SERVERS,
    SIGN_IN,
    Issuer,
    all_grants,
    all_settings,
    begin,
    come_back,
    query_of,
    register,
    sign_in,
    start_url,
    tokens,
)
from tests.oauth_http import Answer, Received
from tests.oauth_server import OAuthServer, allow
from tests.people import Visitor

ISSUERS = pytest.mark.parametrize("issuer", ["google", "microsoft"])


@ISSUERS
def test_allowing_it_saves_the_mailbox_with_a_permission_and_checks_it(
    app: Flask, admin: Visitor, provider: OAuthServer, issuer: Issuer
) -> None:
    answer = sign_in(admin, issuer)
    assert (answer.status, answer.location) == (302, PAGE)
    [grant], [saved] = all_grants(app), all_settings(app)
    assert (grant.issuer, grant.address) == (issuer, MAILBOX)
    assert saved.grant_id == grant.id
    assert (saved.email, saved.username, saved.password) == (MAILBOX, MAILBOX, "")
    assert (saved.provider, saved.smtp_server) == (HOSTS[issuer], SERVERS[issuer])
    assert tokens(app, grant)["access"] == provider.issued[0]
    assert [check.state for check in checks(app)] == [CheckState.RUNNING]
    page = admin.get(PAGE)
    assert f"Signed in with {issuer.capitalize()} as {MAILBOX}" in page.one("#sign-in").text
    assert all(token not in page.response.text for token in tokens(app, grant).values())


def test_nothing_is_held_while_the_provider_is_asked(app: Flask, admin: Visitor) -> None:
    connections = []

    class Watching(OAuthServer):
        def answer(self, received: Received) -> Answer:
            if received.path == "/token":
                with app.app_context():
                    connections.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]
            return super().answer(received)

    with Watching(signs_in_as=MAILBOX) as provider:
        register(app, provider.base)
        assert sign_in(admin, "google").location == PAGE
    assert connections == [0]


@ON_SQLITE
def test_what_is_written_took_the_write_lock_first(
    app: Flask, admin: Visitor, provider: OAuthServer
) -> None:
    back, statements = allow(begin(admin, "google")), []
    with app.app_context():
        engine = db.engine

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    assert come_back(admin, back).location == PAGE
    written = next(i for i, one in enumerate(statements) if one.startswith("INSERT"))
    begun = [one for one in statements[:written] if one.startswith("BEGIN")]
    assert (begun[0], begun[-1]) == ("BEGIN", "BEGIN IMMEDIATE")


@ON_SQLITE
@ISSUERS
def test_the_provider_is_asked_for_what_its_page_of_facts_says(
    admin: Visitor, provider: OAuthServer, issuer: Issuer
) -> None:
    asked = query_of(begin(admin, issuer))
    assert asked["redirect_uri"] == f"https://mail.example.com{SIGN_IN}/{issuer}/return"
    assert asked["login_hint"] == MAILBOX
    assert asked["code_challenge_method"] == "S256"
    assert {"openid", "email"} < set(asked["scope"].split())


@ON_SQLITE
def test_the_code_is_redeemed_for_the_address_that_it_was_asked_for(
    app: Flask, admin: Visitor, provider: OAuthServer
) -> None:
    back = allow(begin(admin, "google"))
    object.__setattr__(app.config["PORTAL"], "base_url", "https://moved.example.com")
    assert come_back(admin, back).location == PAGE


@ON_SQLITE
@pytest.mark.parametrize(
    ("tenant", "path"),
    [
        ({}, "/common/"),
        ({"tenant": "consumers"}, "/consumers/"),
        ({"tenant": " clinica.es "}, "/clinica.es/"),
        (
            {"tenant": "9188040d-6c67-4c5b-b112-36a304b66dad"},
            "/9188040d-6c67-4c5b-b112-36a304b66dad/",
        ),
    ],
)
def test_the_kind_of_microsoft_account_can_be_chosen(
    app: Flask, admin: Visitor, provider: OAuthServer, tenant: dict[str, str], path: str
) -> None:
    there = begin(admin, "microsoft", **tenant)
    assert there.startswith(f"{provider.base}{path}oauth2/v2.0/authorize?")
    assert come_back(admin, allow(there)).status == 302
    assert path.strip("/") == all_grants(app)[0].tenant
    again = admin.get(PAGE).one("#sign-in a.btn")["href"]
    assert admin.get(str(again)).location.startswith(f"{provider.base}{path}")


@ON_SQLITE
@pytest.mark.parametrize("tenant", ["no domain", "../consumers", "a/b", "x" * 300, "?"])
def test_what_is_no_organisation_is_said_on_its_field(
    admin: Visitor, provider: OAuthServer, tenant: str
) -> None:
    page = admin.get(start_url("microsoft", tenant=tenant))
    assert page.status == 422
    assert "Enter a domain" in page.error("tenant")


@ON_SQLITE
@pytest.mark.parametrize(
    ("address", "issuer", "host"),
    [
        ("ana@gmail.com", "google", "gmail"),
        ("ana@clinica.es", "google", "google_workspace"),
        ("ana@outlook.es", "microsoft", "hotmail"),
        ("ana@clinica.es", "microsoft", "microsoft365"),
        ("ana@gmail.com", "microsoft", "microsoft365"),
    ],
)
def test_a_host_of_somebody_else_gives_way_to_the_one_signed_in_at(
    app: Flask, admin: Visitor, provider: OAuthServer, address: str, issuer: Issuer, host: str
) -> None:
    provider.signs_in_as = address
    assert sign_in(admin, issuer, email=address, host="other").status == 302
    assert all_settings(app)[0].provider == host


@ON_SQLITE
@pytest.mark.parametrize(
    ("wanted", "signed_in"),
    [
        ("Ana.Ruiz@gmail.com", "anaruiz@gmail.com"),
        ("ana+citas@gmail.com", "ana@gmail.com"),
        ("Consulta@Clinica.es", "consulta@clinica.es"),
    ],
)
def test_another_way_to_write_the_same_mailbox_is_no_other_one(
    app: Flask, admin: Visitor, provider: OAuthServer, wanted: str, signed_in: str
) -> None:
    provider.signs_in_as = signed_in
    assert sign_in(admin, "google", email=wanted).location == PAGE
    assert all_grants(app)[0].address == signed_in


@ON_SQLITE
def test_an_alias_is_sent_from_with_its_mailbox_as_different_user(
    app: Flask, admin: Visitor, provider: OAuthServer
) -> None:
    alias = {"email": "info@clinica.example.com", "different_user": "y", "username": MAILBOX}
    assert sign_in(admin, "microsoft", **alias).location == PAGE
    [saved] = all_settings(app)
    assert (saved.email, saved.username) == ("info@clinica.example.com", MAILBOX)


@ON_SQLITE
def test_saving_the_form_without_a_password_stays_signed_in(
    app: Flask, admin: Visitor, provider: OAuthServer
) -> None:
    sign_in(admin, "google")
    fields = {**FIELDS, "email": MAILBOX, "host": "google_workspace", "password": ""}
    smtp = {"smtp_server": "smtp.gmail.com", "smtp_port": "587", "security": "tls"}
    assert admin.send(PAGE, {**fields, **smtp}).status == 302
    first, second = all_settings(app)
    assert second.grant_id == first.grant_id
    assert second.smtp_port == 587


@ON_SQLITE
@pytest.mark.parametrize("issuer", ["yahoo", "GOOGLE", "1"])
def test_there_are_two_providers_to_sign_in_at(
    admin: Visitor, provider: OAuthServer, issuer: str
) -> None:
    assert admin.get(f"{SIGN_IN}/{issuer}").status == 404
    assert admin.get(f"{SIGN_IN}/{issuer}/return").status == 404
