"""What the settings page says of signing in at a provider, and offers."""

from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from portal.models import AccountStatus, CheckState, MailAccount, MailCheck, MailGrant
from portal.models.base import now
from tests.conftest import ON_SQLITE
from tests.mail_settings.form import PAGE, save
from tests.oauth.provider import (
    MAILBOX,
    all_grants,
    begin,
    come_back,
    query_of,
    sign_in,
)
from tests.oauth_server import OAuthServer, allow
from tests.outbox.line import Line
from tests.people import Page, Visitor

pytestmark = ON_SQLITE


def shown(visitor: Visitor, host: str, email: str = MAILBOX) -> Page:
    return visitor.get(f"{PAGE}?host={host}&email={email}")


def primary_of(page: Page) -> list[str]:
    return page.texts("#settings .btn-primary")


@pytest.mark.parametrize(
    ("host", "provider_name"),
    [
        ("gmail", "Google"),
        ("google_workspace", "Google"),
        ("hotmail", "Microsoft"),
        ("microsoft365", "Microsoft"),
    ],
)
def test_a_host_that_has_it_offers_it_beside_the_password(
    admin: Visitor, provider: OAuthServer, host: str, provider_name: str
) -> None:
    box = shown(admin, host).one("#sign-in")
    link = box.select_one("a.btn")
    assert link
    assert link.text == f"Sign in with {provider_name}"
    asked = query_of(str(link["href"]))
    assert (asked["host"], asked["email"]) == (host, MAILBOX)
    assert admin.get(str(link["href"])).location.startswith(provider.base)


@pytest.mark.parametrize("host", ["yahoo", "other", "libero"])
def test_other_hosts_do_not(admin: Visitor, provider: OAuthServer, host: str) -> None:
    assert shown(admin, host).one("#sign-in").text.strip() == ""


def test_where_no_password_works_it_is_what_to_press(admin: Visitor, provider: OAuthServer) -> None:
    page = shown(admin, "hotmail")
    assert primary_of(page) == ["Sign in with Microsoft"]
    assert "takes no passwords" in page.one("#password-hint").text
    page = shown(admin, "gmail")
    assert primary_of(page) == ["Save and check"]
    assert "Or enter a password below." in page.one("#sign-in").text


def test_saving_such_a_host_without_signing_in_says_what_to_do(
    admin: Visitor, provider: OAuthServer
) -> None:
    typed = {"email": "ana@hotmail.com", "host": "hotmail", "password": "", "smtp_server": ""}
    page = save(admin, **typed, smtp_port="", security="", different_user="y", username="ana.r")
    assert page.status == 422
    assert "takes no passwords: use “Sign in with Microsoft”" in page.error("password")
    asked = query_of(str(page.one("#sign-in a.btn")["href"]))
    assert (asked["email"], asked["username"]) == ("ana@hotmail.com", "ana.r")


@pytest.mark.parametrize("how", ["host?host=gmail", "detect?host="])
def test_another_address_or_host_brings_its_own(
    admin: Visitor, provider: OAuthServer, how: str
) -> None:
    fragment = admin.get(f"{PAGE}/{how}&email=ana@gmail.com", HX_Request="true")
    box = fragment.one("#sign-in")
    assert box["hx-swap-oob"] == "true"
    assert query_of(str(box.select("a.btn")[0]["href"]))["email"] == "ana@gmail.com"
    assert fragment.one("#save")["hx-swap-oob"] == "true"
    assert fragment.one("#password-hint")["hx-swap-oob"] == "true"
    assert not admin.get(PAGE).has("[hx-swap-oob]")


def test_an_organisations_own_accounts_are_chosen_by_its_domain(
    admin: Visitor, provider: OAuthServer
) -> None:
    page = shown(admin, "microsoft365")
    form = page.one("form#own-tenant")
    assert (form["method"], str(form["action"]).partition("#")[0]) == ("get", PAGE)
    fields = {
        str(tag["name"]): str(tag.get("value", ""))
        for tag in page.html.select("[form=own-tenant][name]")
    }
    asked = MultiDict({**fields, "tenant": "clinica.es", "sender_name": "Consulta Ñandú"})
    page = Page(admin.client.get(PAGE, query_string=asked))
    assert page.status == 200
    assert page.one("#sender_name")["value"] == "Consulta Ñandú"
    link = str(page.one("#sign-in a.btn")["href"])
    assert query_of(link)["tenant"] == "clinica.es"
    assert query_of(link)["sender_name"] == "Consulta Ñandú"
    assert query_of(link)["email"] == MAILBOX
    page = Page(admin.client.get(PAGE, query_string={**fields, "tenant": "no domain"}))
    assert page.status == 422
    assert "Enter a domain" in page.error("tenant")


@pytest.mark.parametrize("host", ["gmail", "microsoft365", "hotmail"])
def test_every_field_stands_once(admin: Visitor, provider: OAuthServer, host: str) -> None:
    """Whoever looks for one by its name finds the one that people see."""
    names = [str(tag["name"]) for tag in shown(admin, host).html.select("#settings [name]")]
    assert len(names) == len(set(names))


def test_personal_and_company_accounts_have_links_of_their_own(
    admin: Visitor, provider: OAuthServer
) -> None:
    links = [str(a["href"]) for a in shown(admin, "hotmail").html.select("#other-accounts a")]
    assert [query_of(link)["tenant"] for link in links] == ["organizations", "consumers"]
    assert not shown(admin, "gmail").has("#other-accounts")


def test_once_signed_in_it_says_as_whom_and_what_can_be_done(
    app: Flask, admin: Visitor, provider: OAuthServer
) -> None:
    sign_in(admin, "microsoft")
    page = admin.get(PAGE)
    assert f"Signed in with Microsoft as {MAILBOX} since" in page.one("#sign-in").text
    assert "after 90 days without" in page.one("#sign-in").text
    assert "stay signed in with Microsoft" in page.one("#password-hint").text
    assert page.one("#sign-in a.btn").text == "Sign in again"
    assert page.one("#sign-in button[form=disconnect]")
    assert primary_of(page) == ["Save and check"]
    assert "stay signed in" not in shown(admin, "gmail").one("#password-hint").text
    assert "Signed in with" not in shown(admin, "gmail").one("#sign-in").text


@pytest.mark.parametrize(("days", "urgent"), [(7, True), (30, False)])
def test_when_a_permission_ends_is_told_ahead(
    app: Flask, admin: Visitor, provider: OAuthServer, days: int, urgent: bool
) -> None:
    provider.refresh_expires_in = days * 86400
    sign_in(admin, "google")
    box = admin.get(PAGE).one("#sign-in")
    assert bool(box.select(".alert-warning")) is urgent
    assert ("isn't published" in box.text) is urgent
    ends_at = all_grants(app)[0].expires_at
    assert ends_at
    local = ends_at.astimezone(ZoneInfo("Europe/Madrid"))
    assert f"{local.month}/{local.day}/{local:%y}" in box.text


def test_a_permission_that_ended_offers_to_sign_in_again(
    app: Flask, admin: Visitor, provider: OAuthServer
) -> None:
    sign_in(admin, "microsoft", tenant="consumers")
    line = Line(app)
    line.change(MailGrant, ended_at=now(), ended_cause="oauth_withdrawn")
    failed = {"state": CheckState.FAILED, "finished_at": now(), "cause": "oauth_withdrawn"}
    line.change(MailCheck, **failed, reply="invalid_grant: AADSTS65001", permanent=True)
    line.change(MailAccount, status=AccountStatus.FAILING, cause="oauth_withdrawn")
    page = admin.get(PAGE)
    assert "was withdrawn at the provider" in page.one("#check").text
    assert page.texts("#check blockquote") == ["invalid_grant: AADSTS65001"]
    assert "No field is wrong" not in page.text
    again = page.one("#check p a")
    assert again.text == "Sign in with Microsoft again"
    assert query_of(str(again["href"]))["tenant"] == "consumers"
    assert "Signed in with" not in page.one("#sign-in").text
    assert page.one("#sign-in a.btn-primary").text == "Sign in with Microsoft"
    assert come_back(admin, allow(admin.get(str(again["href"])).location)).status == 302


@pytest.mark.parametrize(
    ("cause", "whose"),
    [
        ("oauth_client_refused", "The provider says:"),
        ("oauth_registered_anew", "The provider says:"),
        ("oauth_refused", "The server says:"),
        ("oauth_not_offered", "The server says:"),
        ("sender_refused", "The server says:"),
    ],
)
def test_whose_words_stand_there_is_said(
    app: Flask, admin: Visitor, provider: OAuthServer, cause: str, whose: str
) -> None:
    sign_in(admin, "google")
    failed = {"state": CheckState.FAILED, "finished_at": now(), "cause": cause}
    Line(app).change(MailCheck, **failed, reply="Their words", permanent=True)
    check = admin.get(PAGE).one("#check").text
    assert whose in check
    assert check.count(" says:") == 1


def test_what_providers_change_about_passwords_is_nothing_to_who_signed_in(
    admin: Visitor, provider: OAuthServer
) -> None:
    assert "2026" in shown(admin, "microsoft365").one(".notices").text
    sign_in(admin, "microsoft")
    assert "2026" not in admin.get(PAGE).one(".notices").text


def test_the_link_leaves_the_site_by_a_get_without_the_password(
    admin: Visitor, provider: OAuthServer
) -> None:
    link = shown(admin, "gmail").one("#sign-in a.btn")
    assert "password" not in str(link["href"])
    assert "password" not in str(link["data-carries"]).split() + str(link["data-keeps"]).split()
    assert begin(admin, "google").startswith(provider.base)
