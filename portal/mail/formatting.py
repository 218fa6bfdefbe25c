"""Text with light formatting -> HTML and readable text, both still to be filled with values.

The formatting: paragraphs by blank lines, line breaks kept, `**bold**`, `*italic*`, lists by
`- `, `[text](https://...)`, and bare web and mail addresses, which become links. Nothing else
has a meaning; HTML is text.
"""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import indent
from urllib.parse import quote

from linkify_it.tlds import TLDS  # type: ignore[import-untyped]
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block import list_block as markdown_list
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.emphasis import tokenize as markdown_emphasis
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from portal.mail import keywords

# While Markdown is at work each keyword is a word that nobody can have written, followed by its
# index and a letter for its place: braces would be percent-encoded in a link's target.
_WORD = "kw" + secrets.token_hex(8)
_MARK = re.compile(_WORD + r"(\d+)([a-z])")

_VALUE, _ADDRESS = "v", "a"  # as written: a word, or a whole web address
_TARGET, _QUOTED = "t", "q"  # in a link: the start of its target, or any later part of a URL

_SCHEMES = ("http://", "https://", "mailto:")


def _plain(value: str) -> str:
    return value


def _quoted(value: str) -> str:
    return quote(value, safe="")


def _target(value: str) -> str:
    return value if value.lower().startswith(_SCHEMES) else ""


def _html_target(value: str) -> str:
    return escape(_target(value))


def _html_address(value: str) -> str:
    target = _html_target(value)
    return f'<a href="{target}">{target}</a>' if target else escape(value)


Escape = Callable[[str], str]

_IN_TEXT: Mapping[str, Escape] = {
    _VALUE: _plain,
    _ADDRESS: _plain,
    _TARGET: _target,
    _QUOTED: _quoted,
}
_IN_HTML: Mapping[str, Escape] = {
    _VALUE: escape,
    _ADDRESS: _html_address,
    _TARGET: _html_target,
    _QUOTED: _quoted,
}


@dataclass(frozen=True)
class Pattern:
    """A text whose keywords wait for values, each with the escaping of its place."""

    pieces: tuple[str | tuple[str, Escape], ...]

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the text for `values`, which go by canonical keyword; a missing one is empty."""
        return "".join(
            piece if isinstance(piece, str) else piece[1](values.get(piece[0], ""))
            for piece in self.pieces
        )


@dataclass(frozen=True)
class Formatted:
    """One source in both its forms; neither ends in a line break."""

    html: Pattern
    text: Pattern


def format_text(source: str) -> Formatted:
    """Convert text with light formatting and `${keywords}`; lines end in LF."""
    marked, names = _mark_keywords(source)
    tokens = _MARKDOWN.parse(_end_lists(marked))
    for token in tokens:
        if token.children:
            token.children = _without_empty_links(token.children)
            _mark_places(token.children)
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    text = _readable(SyntaxTreeNode(tokens))
    return Formatted(
        html=_pattern(html.strip(), names, _IN_HTML),
        text=_pattern(text.strip(), names, _IN_TEXT),
    )


def _mark_keywords(source: str) -> tuple[str, list[str]]:
    """Return the source with marks for keywords, and the keywords by the marks' indexes."""
    marked = ""
    names: list[str] = []
    for piece in keywords.parse(source):
        if isinstance(piece, keywords.Slot):
            place = _ADDRESS if piece.name in keywords.LINKS else _VALUE
            marked += f"{_WORD}{len(names)}{place}"
            names.append(piece.name)
        else:
            marked += piece
    return marked, names


def _mark_places(inline: Sequence[Token]) -> None:
    """Note on each mark in or under a link where it stands."""
    link: Token | None = None
    for token in inline:
        if token.type == "link_open":
            link = token
            token.attrs["href"] = _place_in_target(str(token.attrs["href"]))
        elif token.type == "link_close":
            link = None
        elif link:
            token.content = _place(token.content, _QUOTED if link.info == "auto" else _VALUE)


def _place_in_target(target: str) -> str:
    first = _MARK.match(target)
    rest = first.end() if first else 0
    return _place(target[:rest], _TARGET) + _place(target[rest:], _QUOTED)


def _place(text: str, place: str) -> str:
    return _MARK.sub(rf"{_WORD}\g<1>{place}", text)


def _pattern(text: str, names: Sequence[str], escapes: Mapping[str, Escape]) -> Pattern:
    pieces: list[str | tuple[str, Escape]] = []
    end = 0
    for mark in _MARK.finditer(text):
        pieces += [text[end : mark.start()], (names[int(mark[1])], escapes[mark[2]])]
        end = mark.end()
    return Pattern((*pieces, text[end:]))


_BETWEEN = {"root": "\n\n", "bullet_list": "\n", "list_item": "\n"}
_BREAKS = {"softbreak": "\n", "hardbreak": "\n"}


def _readable(node: SyntaxTreeNode) -> str:
    """Return a node as text: no markers but a list's, a link as `text (target)`."""
    if not node.children:
        return _BREAKS.get(node.type) or (node.content if node.type == "text" else "")
    inner = _BETWEEN.get(node.type, "").join(map(_readable, node.children))
    if node.type == "list_item":
        return "- " + indent(inner, "  ").lstrip()
    if node.type == "link" and node.info != "auto":
        return f"{inner} ({node.attrs['href']})"
    return inner


def _without_empty_links(inline: Sequence[Token]) -> list[Token]:
    """The tokens without the links that lead nowhere, as `[text]()` does; their text stays."""
    kept: list[Token] = []
    empty = False
    for token in inline:
        empty = token.attrs.get("href") == "" if token.type == "link_open" else empty
        if not (empty and token.type in ("link_open", "link_close")):
            kept.append(token)
    return kept


def _end_lists(source: str) -> str:
    """Put a blank line after a list, where Markdown would take the next line for the last item's.

    Who writes a line beneath a list means a line of its own.
    """
    return re.sub(r"^( *- .*)\n(?=\S)(?!- )", r"\1\n\n", source, flags=re.MULTILINE)


class _Markdown(MarkdownIt):
    """Markdown whose links lead to web and mail addresses, shown as they were written."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 - the library's name
        mark = _MARK.match(url)
        return bool(mark and mark[2] == _ADDRESS) or url.lower().startswith(_SCHEMES)

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802 - the library's name
        return link


def _hyphen_list(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Only a hyphen begins a list: "2. Mai" and "+ 34 600..." are text."""
    first = state.src[state.bMarks[start] + state.tShift[start] :][:1]
    return first == "-" and markdown_list(state, start, end, silent)


def _asterisk_emphasis(state: StateInline, silent: bool) -> bool:
    """Only asterisks emphasise: underscores belong to addresses and lines to fill in."""
    return state.src[state.pos] == "*" and markdown_emphasis(state, silent)


def _markdown() -> MarkdownIt:
    markdown = _Markdown("zero", {"html": False, "breaks": True, "linkify": True})
    markdown.enable(["list", "newline", "emphasis", "link", "linkify"])
    markdown.block.ruler.at("list", _hyphen_list, {"alt": ["paragraph"]})
    markdown.inline.ruler.at("emphasis", _asterisk_emphasis)
    if markdown.linkify:
        # Without a scheme "gracias.es un placer" would be a link.
        markdown.linkify.set({"fuzzy_link": False})
        # Its short list knows no .cat, .dental or .clinic for mail addresses.
        markdown.linkify.tlds(TLDS)
    return markdown


_MARKDOWN = _markdown()
