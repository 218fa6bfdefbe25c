"""Who may sign the mailbox in at its provider."""

import pytest
from flask import Flask

from tests.conftest import ON_SQLITE
from tests.oauth.provider import SIGN_IN, all_grants, begin, come_back
from tests.oauth_server import OAuthServer, allow
from tests.people import Visitor


@ON_SQLITE
@pytest.mark.parametrize("role", ["staff", "viewer"])
@pytest.mark.parametrize("path", ["", "/google", "/microsoft", "/google/return?code=a&state=b"])
def test_only_administrators_sign_the_mailbox_in(
    request: pytest.FixtureRequest, provider: OAuthServer, role: str, path: str
) -> None:
    visitor: Visitor = request.getfixturevalue(role)
    assert visitor.get(f"{SIGN_IN}{path}").status == 403
    disconnect = {"csrf_token": visitor.token()}
    assert visitor.post(f"{SIGN_IN}/disconnect", disconnect).status == 403


@ON_SQLITE
def test_who_is_not_signed_in_to_the_portal_brings_no_answer_back(
    app: Flask, admin: Visitor, stranger: Visitor, provider: OAuthServer
) -> None:
    back = allow(begin(admin, "google"))
    assert come_back(stranger, back).location.startswith("/login")
    assert all_grants(app) == []
