"""What the pages name is what the tests serve."""

import base64
import hashlib
import json

from flask import Flask

from portal.config import HTMX_INTEGRITY, HTMX_URL
from tests.browser.screen import HTMX_FILE, NODE_MODULES
from tests.people import Visitor


def test_the_pages_hash_of_htmx_is_that_of_the_package() -> None:
    digest = base64.b64encode(hashlib.sha384(HTMX_FILE.read_bytes()).digest()).decode()
    assert f"sha384-{digest}" == HTMX_INTEGRITY


def test_the_pages_version_of_htmx_is_that_of_the_package() -> None:
    version = json.loads((NODE_MODULES / "htmx.org/package.json").read_text())["version"]
    assert f"/htmx.org@{version}/" in HTMX_URL


def test_of_all_that_the_cdn_serves_the_pages_run_htmx_alone(app: Flask) -> None:
    policy = Visitor(app).get("/login").response.headers["Content-Security-Policy"]
    assert f"script-src 'self' {HTMX_URL};" in policy
