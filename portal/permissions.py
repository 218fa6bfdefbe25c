"""Who may do what: the one table, the guard on every route, and the menu drawn from both."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, cast

from flask import abort
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from portal.extensions import login_manager

P = ParamSpec("P")

EVERYBODY = frozenset({"home", "sent"})
STAFF = EVERYBODY | {"contacts", "campaigns", "settle"}
ROLES: dict[str, frozenset[str]] = {
    "admin": STAFF | {"mail-settings", "users", "practice"},
    "staff": STAFF,
    "viewer": EVERYBODY,
}

# The endpoints that a stranger may open.
PUBLIC = frozenset(
    {"auth.setup", "auth.login", "unsubscribe.page", "home.healthz", "static", "bootstrap.static"}
)


@dataclass(frozen=True)
class MenuItem:
    endpoint: str
    label: Any
    icon: str
    permission: str


MENU = (
    MenuItem("home.index", _l("Home"), "house", "home"),
    MenuItem("outbox.sent_list", _l("Sent"), "send-check", "sent"),
    MenuItem("campaigns.index", _l("Campaigns"), "megaphone", "campaigns"),
    MenuItem("contacts.index", _l("Contacts"), "people", "contacts"),
    MenuItem("mail_settings.page", _l("Email settings"), "envelope-at", "mail-settings"),
    MenuItem("admin.users", _l("Users"), "person-badge", "users"),
    MenuItem("admin.practice_page", _l("Practice"), "building", "practice"),
)


def may(permission: str) -> bool:
    """Whether the person signed in now has the permission."""
    return bool(current_user.is_authenticated) and permission in ROLES.get(
        current_user.role, frozenset()
    )


def menu() -> list[MenuItem]:
    """The pages that the person signed in now can open."""
    return [item for item in MENU if may(item.permission)]


def requires(
    permission: str,
) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """Let a route be called only by roles with the permission: a stranger is sent to sign in,
    a wrong role gets 403."""

    def guard(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            if not current_user.is_authenticated:
                return cast(ResponseReturnValue, login_manager.unauthorized())
            if not may(permission):
                abort(403)
            return view(*args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded

    return guard
