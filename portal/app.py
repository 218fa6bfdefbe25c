"""The application factory: config, extensions, blueprints, error pages, and nothing else."""

import hashlib
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask, abort, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter, Map

from portal import commands, pages, queue
from portal.admin.service import LANGUAGES, practice
from portal.admin.views import bp as admin
from portal.auth.views import bp as auth
from portal.campaigns.views import bp as campaigns
from portal.config import Config
from portal.contacts.views import bp as contacts
from portal.extensions import (
    alembic,
    babel,
    bootstrap,
    csrf,
    db,
    limiter,
    login_manager,
    prepare_engine,
    talisman,
)
from portal.home.views import bp as home
from portal.mail_settings.views import bp as mail_settings
from portal.models import User
from portal.models.base import MAX_ID
from portal.oauth.views import bp as oauth
from portal.outbox.views import bp as outbox
from portal.sending.views import bp as sending
from portal.troubleshooting.views import bp as troubleshooting
from portal.unsubscribe.views import bp as unsubscribe

ROOT = Path(__file__).resolve().parent.parent
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_UPLOAD_BYTES = 16 * 1024 * 1024

BLUEPRINTS = (
    auth,
    home,
    mail_settings,
    sending,
    oauth,
    troubleshooting,
    contacts,
    campaigns,
    outbox,
    unsubscribe,
    admin,
)


class RowId(IntegerConverter):
    """An id in a path; a number that no id can have is an unknown page."""

    def __init__(self, url_map: Map, **options: Any) -> None:
        super().__init__(url_map, **{"max": MAX_ID, **options})


def create_app(config: Config | None = None) -> Flask:
    """The portal, ready to serve. Raises ConfigError where the environment is wrong."""
    config = config or Config.from_environment()
    app = Flask(__name__)
    _configure(app, config)
    _bind_extensions(app, config)
    queue.init_app(app, config)
    commands.init_app(app)
    pages.init_app(app, config)
    app.before_request(_decide_transaction)
    app.before_request(_refuse_zero_bytes)
    app.url_map.converters["int"] = RowId
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.register_error_handler(HTTPException, _error_page)
    return app


def _configure(app: Flask, config: Config) -> None:
    app.config.update(
        PORTAL=config,
        SECRET_KEY=config.secret_key,
        SQLALCHEMY_DATABASE_URI=config.database_url,
        # Errors of the database are logged; what was written stays out of them.
        SQLALCHEMY_ENGINE_OPTIONS={"pool_pre_ping": True, "hide_parameters": True},
        ALEMBIC={"script_location": str(ROOT / "migrations")},
        ALEMBIC_CONTEXT={"render_as_batch": True},
        BOOTSTRAP_SERVE_LOCAL=True,
        MAX_CONTENT_LENGTH=MAX_UPLOAD_BYTES,
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(days=1),
        SESSION_COOKIE_NAME=_session_cookie_name(config),
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=(config.base_url or "").startswith("https:"),
        WTF_CSRF_TIME_LIMIT=None,  # a form left open over lunch is still good
        RATELIMIT_STORAGE_URI=config.redis_url.replace("unix://", "redis+unix://"),
        RATELIMIT_STORAGE_OPTIONS={"socket_connect_timeout": 2, "socket_timeout": 2},
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.add_extension("jinja2.ext.do")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _session_cookie_name(config: Config) -> str:
    """The portal's own: browsers send a host's cookies to every port, so two portals on one
    machine would sign each other's people out."""
    return f"session-{hashlib.sha256(os.fsencode(config.data_dir)).hexdigest()[:8]}"


def _bind_extensions(app: Flask, config: Config) -> None:
    db.init_app(app)
    prepare_engine(app)
    alembic.init_app(app)
    babel.init_app(app, locale_selector=_language, timezone_selector=_time_zone)
    bootstrap.init_app(app)
    csrf.init_app(app)
    limiter.init_app(app)
    login_manager.init_app(app)
    login_manager.login_view = "auth.login"
    login_manager.login_message = None
    login_manager.user_loader(_load_user)
    talisman.init_app(
        app,
        force_https=False,
        session_cookie_secure=app.config["SESSION_COOKIE_SECURE"],
        content_security_policy=pages.content_security_policy(config),
        referrer_policy="same-origin",
    )


def _decide_transaction() -> None:
    """Before the first query: only a safe method may do without the write lock. The CSRF check
    has run already and read the whole body, so a slow upload doesn't hold the lock."""
    g.read_only = request.method in SAFE_METHODS


def _refuse_zero_bytes() -> None:
    """Nobody types one, and PostgreSQL takes none in a text."""
    files = [file.filename or "" for file in request.files.values()]
    texts = [text for values in request.values.listvalues() for text in values]
    if any("\0" in text for text in (request.path, *texts, *files)):
        abort(400)


def _load_user(user_id: str) -> User | None:
    user = db.session.get(User, int(user_id))
    return user if user and user.active else None


def _language() -> str:
    if current_user and current_user.is_authenticated:
        return str(current_user.language)
    here = practice()
    wanted = request.accept_languages.best_match(LANGUAGES) if request else None
    return wanted or (here.language if here else "en")


def _time_zone() -> str:
    here = practice()
    return here.time_zone if here else "UTC"


def _error_page(error: HTTPException) -> ResponseReturnValue:
    """The error's own page, in words; redirects and the like pass."""
    if error.code is None or error.code < 400:
        return error
    html = render_template("errors/error.html", code=error.code, sentence=_error_sentence(error))
    # Such as which methods are allowed; the type is that of our page.
    headers = [(name, text) for name, text in error.get_headers() if name != "Content-Type"]
    return html, error.code, headers


def _error_sentence(error: HTTPException) -> str:
    if isinstance(error, CSRFError):
        return str(_("This form is no longer valid. Go back, load the page again and repeat it."))
    sentences = {
        400: _("This address or form can't be understood. Go back and try again."),
        403: _("Your role can't open this page. An administrator can change your role."),
        404: _("There is no such page. The address may be old or mistyped."),
        409: _("This campaign was launched in the meantime and can't be changed any more."),
        413: _("This file is too large. The limit is 16 MB."),
        429: _("That was too many attempts. Wait a minute and try again."),
    }
    return str(sentences.get(error.code or 0, _("The portal can't do that.")))
