"""The people of the tests, and what they see: pages as parsed HTML."""

import io
from collections.abc import Mapping
from typing import Any, Protocol

from bs4 import BeautifulSoup, Tag
from flask import Flask

ADMIN = "marta@clinica.example.com"
STAFF = "jose@clinica.example.com"
VIEWER = "lucia@clinica.example.com"
PASSWORD = "three long words"


class Response(Protocol):
    """What Flask's test client and httpx have in common."""

    @property
    def status_code(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def headers(self) -> Mapping[str, str]: ...


class Page:
    """An answer, and its HTML parsed."""

    def __init__(self, response: Response) -> None:
        self.response = response
        self.status = response.status_code
        self.html = BeautifulSoup(response.text, "html.parser")

    @property
    def text(self) -> str:
        """The words on the page, white space folded."""
        return " ".join(self.html.get_text(" ").split())

    @property
    def location(self) -> str:
        return self.response.headers.get("Location", "")

    def one(self, selector: str) -> Tag:
        """The element; there must be one."""
        found = self.html.select(selector)
        assert found, f"no {selector} in: {self.text[:500]}"
        return found[0]

    def has(self, selector: str) -> bool:
        return bool(self.html.select(selector))

    def texts(self, selector: str) -> list[str]:
        return [" ".join(found.get_text(" ").split()) for found in self.html.select(selector)]

    def error(self, field: str) -> str:
        """The message on a field, which must be marked and tied to it."""
        control = self.one(f"#{field}")
        assert control.get("aria-invalid") == "true", f"{field} is not marked"
        assert f"{field}-error" in str(control.get("aria-describedby", ""))
        return " ".join(self.one(f"#{field}-error").get_text(" ").split())


class Visitor:
    """A browser without JavaScript: keeps cookies, reads a form before sending it."""

    def __init__(self, app: Flask) -> None:
        self.client: Any = app.test_client()

    def sign_in(self, email: str, password: str = PASSWORD) -> "Visitor":
        page = self.send("/login", {"email": email, "password": password})
        assert page.status == 302, page.text
        return self

    def get(self, path: str, **headers: str) -> Page:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        page = Page(self.client.get(path, headers=names))
        if page.html.find("main"):
            ids = [tag["id"] for tag in page.html.select("[id]")]
            assert len(ids) == len(set(ids)), f"ids that are not unique on {path}: {ids}"
        return page

    def post(self, path: str, fields: dict[str, Any] | None = None) -> Page:
        """Send just these fields."""
        return Page(self.client.post(path, data=fields or {}))

    def send(self, path: str, fields: dict[str, Any] | None = None, form_at: str = "") -> Page:
        """Fill in a form of the page and send it to `path`, with its token."""
        token = self.token(form_at or path)
        return self.post(path, {"csrf_token": token, **(fields or {})})

    def upload(self, path: str, content: bytes, name: str = "contacts.csv") -> Page:
        """Choose a file in a form of the page and send it."""
        file = (io.BytesIO(content), name)
        return self.post(path, {"csrf_token": self.token(path), "file": file})

    def token(self, path: str = "/") -> str:
        return str(self.get(path).one("input[name=csrf_token]")["value"])
