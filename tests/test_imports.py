"""Who may import whom. The rules are data; what breaks one is named by file and line."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLASK = "flask flask.* flask_* wtforms wtforms.* werkzeug werkzeug.* jinja2 jinja2.*"
FEATURES = (
    "auth mail_settings sending oauth troubleshooting contacts campaigns unsubscribe admin home"
)
VIEWS = " ".join(f"portal.{feature}.views" for feature in [*FEATURES.split(), "outbox"])
FORMS = " ".join(f"portal.{f}.forms portal.{f}.forms.*" for f in FEATURES.split())
PAGES = " ".join(f"portal.{f}.{part}" for f in FEATURES.split() for part in ("views", "forms"))


@dataclass(frozen=True)
class Rule:
    """`who` must not import `what`, names with * as in file names, but for the `allowed`."""

    why: str
    who: str
    what: str
    allowed: str = ""
    but_not: str = ""  # modules to which the rule does not apply


RULES = (
    Rule("portal never imports jobs", "portal portal.*", "jobs jobs.*"),
    Rule(
        "portal.mail knows nothing of Flask, the database or the rest of the portal",
        "portal.mail portal.mail.*",
        f"{FLASK} sqlalchemy sqlalchemy.* portal portal.*",
        allowed="portal.mail portal.mail.*",
    ),
    Rule(
        "models are the ground floor",
        "portal.models portal.models.*",
        "portal portal.*",
        allowed="portal.models portal.models.* portal.extensions portal.extensions.*",
    ),
    Rule(
        "what features share knows none of them",
        "portal.extensions portal.config portal.vault portal.queue portal.lists portal.passwords",
        " ".join(f"portal.{feature} portal.{feature}.*" for feature in FEATURES.split()),
    ),
    Rule(
        "outbox stands beneath the features: it renders with their data, and knows no page",
        "portal.outbox.*",
        f"portal.campaigns portal.campaigns.* portal.contacts portal.contacts.* {PAGES}",
    ),
    Rule(
        "only the factory imports views",
        "portal.* jobs jobs.*",
        " ".join(f"{views} {views}.*" for views in VIEWS.split()),
        but_not="portal.app",
    ),
    Rule(
        "services, texts and jobs know no form",
        "portal.*.service portal.*.texts portal.consent portal.outbox.* jobs jobs.*",
        f"portal.forms portal.forms.* {FORMS}",
        but_not=VIEWS,
    ),
    Rule(
        "one module speaks SMTP",
        "portal.* jobs jobs.*",
        "smtplib smtplib.*",
        but_not="portal.mail.smtp",
    ),
    Rule(
        "one module rings for jobs, and jobs answer",
        "portal.*",
        "rq rq.* flask_rq flask_rq.*",
        but_not="portal.queue",
    ),
    Rule(
        # pages: which part of a page htmx asks for, and whether an answer may be kept.
        "only what answers a request reads it",
        "portal.* jobs jobs.*",
        "flask.request flask.globals.request flask_login.current_user",
        but_not=f"{VIEWS} portal.permissions portal.app portal.pages",
    ),
)


@dataclass(frozen=True)
class Import:
    module: str  # who imports
    name: str  # what, with the name that is taken from it
    place: str  # file and line


def matches(name: str, patterns: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns.split())


def module_of(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports_of(file: Path, source: str) -> Iterator[Import]:
    """Every import of a file, also those inside functions; relative ones made absolute."""
    module = module_of(file)
    package = module.split(".") if file.name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        place = f"{file.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Import):
            yield from (Import(module, alias.name, place) for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            yield from (Import(module, f"{base}.{alias.name}", place) for alias in node.names)


def breaks(rule: Rule, found: Import) -> bool:
    return (
        matches(found.module, rule.who)
        and not matches(found.module, rule.but_not)
        and matches(found.name, rule.what)
        and not matches(found.name, rule.allowed)
    )


def files() -> list[Path]:
    return sorted([*(ROOT / "portal").rglob("*.py"), *(ROOT / "jobs").rglob("*.py")])


@pytest.mark.parametrize("rule", RULES, ids=[rule.why for rule in RULES])
def test_imports_keep_the_rule(rule: Rule) -> None:
    everything = [found for file in files() for found in imports_of(file, file.read_text())]
    assert any(matches(found.module, rule.who) for found in everything), "the rule is about nobody"
    broken = [f"{found.place} imports {found.name}" for found in everything if breaks(rule, found)]
    assert not broken, f"{rule.why}:\n" + "\n".join(broken)


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("portal/contacts/service.py", "def f():\n    import jobs.deliver"),
        ("portal/mail/compose.py", "from flask_babel import gettext"),
        ("portal/mail/compose.py", "from sqlalchemy.orm import Session"),
        ("portal/mail/compose.py", "from ..models import Contact"),
        ("portal/models/users.py", "from portal.admin.service import practice"),
        ("portal/lists.py", "from portal.contacts import service"),
        ("portal/outbox/rendering.py", "from portal.campaigns.service import KIND"),
        ("portal/campaigns/views.py", "from portal.contacts.views import bp"),
        ("portal/campaigns/views.py", "from portal.contacts import views"),
        ("portal/campaigns/service.py", "from portal.campaigns.forms import CampaignForm"),
        ("portal/mail/wire.py", "import smtplib"),
        ("portal/contacts/imports.py", "from rq import Queue"),
        ("portal/contacts/service.py", "from flask import request"),
        ("portal/consent.py", "from flask_login import current_user"),
        ("jobs/deliver.py", "from portal.outbox.views import bp"),
    ],
)
def test_each_rule_finds_what_breaks_it(file: str, source: str) -> None:
    found = list(imports_of(ROOT / file, source))
    broken = {rule.why for rule in RULES for one in found if breaks(rule, one)}
    assert len(broken) == 1, broken


def test_every_rule_was_seen_to_find_something() -> None:
    marks = test_each_rule_finds_what_breaks_it.pytestmark  # type: ignore[attr-defined]
    examples = [imports_of(ROOT / file, source) for file, source in marks[0].args[1]]
    found = [one for example in examples for one in example]
    assert all(any(breaks(rule, one) for one in found) for rule in RULES)
