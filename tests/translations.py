"""Catalogues: bring the source's texts into them, and find what is missing.

`python -m tests.translations` fails on a text that a catalogue lacks, has left empty or fuzzy, or
whose placeholders differ; with `--update` it writes the source's texts into the catalogues."""

import ast
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent
CATALOGUES = ROOT / "portal" / "translations"
LANGUAGES = ("es", "it")
HEADER = """\
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""
GETTEXT = {"_", "_l", "ngettext"}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\$\{\w+\}")


def _babel(*arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "babel.messages.frontend", "--quiet", *arguments],
        check=True,
        cwd=ROOT,
    )


def _extract(template: Path) -> None:
    _babel(
        *("extract", "--mapping-file", "babel.cfg", "--keywords", "_l", "--no-location"),
        *("--sort-output", "--omit-header", "--output-file", str(template), "."),
    )


def update() -> None:
    """Bring the source's texts into every catalogue; translations that still fit stay."""
    with tempfile.TemporaryDirectory() as directory:
        template = Path(directory) / "messages.pot"
        _extract(template)
        for language in LANGUAGES:
            path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            _babel(
                *("update", "--input-file", str(template), "--output-file", str(path)),
                *("--locale", language, "--no-fuzzy-matching", "--ignore-obsolete"),
                "--omit-header",  # ours has no times that change with every run
            )
            path.write_text(HEADER.format(language=language) + path.read_text())


def problems() -> Iterator[str]:
    """A line for each text that a reader of another language would not get."""
    yield from _in_f_strings()
    with tempfile.TemporaryDirectory() as directory:
        template = Path(directory) / "messages.pot"
        _extract(template)
        with template.open("rb") as file:
            source = {message.id for message in read_po(file) if message.id}
    for language in LANGUAGES:
        path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
        with path.open("rb") as file:
            catalogue = {message.id: message for message in read_po(file) if message.id}
        for text in sorted(source - catalogue.keys(), key=str):
            yield f"{language}: not in the catalogue (make strings): {text!r}"
        for text in sorted(catalogue.keys() - source, key=str):
            yield f"{language}: no longer used (make strings): {text!r}"
        for text in sorted(catalogue.keys() & source, key=str):
            yield from (f"{language}: {fault}" for fault in _faults(catalogue[text]))


def _in_f_strings() -> Iterator[str]:
    """Texts that are not extracted, since Python before 3.12 has an f-string in one piece."""
    for path in sorted((ROOT / "portal").rglob("*.py")):
        nodes = ast.walk(ast.parse(path.read_text()))
        for text in (node for node in nodes if isinstance(node, ast.JoinedStr)):
            calls = (part.func for part in ast.walk(text) if isinstance(part, ast.Call))
            if any(isinstance(call, ast.Name) and call.id in GETTEXT for call in calls):
                yield f"{path.relative_to(ROOT)}:{text.lineno}: a text within an f-string"


def _faults(message: Message) -> Iterator[str]:
    sources, texts = _forms(message.id), _forms(message.string)
    if message.fuzzy or not all(texts):
        yield f"missing or fuzzy: {message.id!r}"
        return
    wanted = set(PLACEHOLDER.findall(sources[-1]))
    for text in texts:
        # A singular may say "one" instead of the number.
        if not set(PLACEHOLDER.findall(text)) <= wanted or (
            text == texts[-1] and set(PLACEHOLDER.findall(text)) != wanted
        ):
            yield f"placeholders differ: {text!r}"


def _forms(text: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    """Singular and plural; a text without them is its own only form."""
    return (text or "",) if isinstance(text, str | None) else tuple(text)


def main() -> int:
    if "--update" in sys.argv:
        update()
        return 0
    found = list(problems())
    print("\n".join(found), end="\n" if found else "", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
