from collections.abc import Iterator

import pytest
from flask import Flask

from tests.oauth.provider import MAILBOX, register
from tests.oauth_server import OAuthServer


@pytest.fixture
def provider(app: Flask) -> Iterator[OAuthServer]:
    """Google and Microsoft, at which the portal is registered."""
    with OAuthServer(signs_in_as=MAILBOX) as server:
        register(app, server.base)
        yield server
