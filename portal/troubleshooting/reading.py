"""Reading a path's text: Markdown behind front matter.

The front matter is TOML between two lines of `+++`: the path's `title` and `about`, for whom it
is. The steps follow, each under a heading of the first level, `# key: Title`. In a step

- a quotation is what the person should see,
- a paragraph that is nothing but a link leads to where the step is done: `help:KEY` is a page of
  help_pages.toml, `portal:ENDPOINT` one of the portal's own,
- a heading of the third level begins an aside, such as what changed since an older guide,
- a heading of the second level is the question; the list of links behind it has the answers, the
  usual one first, and each leads to `step:KEY` or `step:PATH/KEY`,
- everything else is what to do. It has no links.

`${address}` and the like stay as they are, for texts.py to fill in.
"""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

_MARKDOWN = MarkdownIt("commonmark", {"html": False})
_FENCE = "+++\n"
_HOSTS = ("help:", "portal:")

Nodes = Sequence[SyntaxTreeNode]


@dataclass(frozen=True)
class Link:
    """`target` is a key of help_pages.toml, or with `own` an endpoint of the portal."""

    words: str
    target: str
    own: bool


@dataclass(frozen=True)
class Aside:
    title: str
    html: str


@dataclass(frozen=True)
class Said:
    """What a step says. `answers` are pairs of words and "KEY" or "PATH/KEY" of a step."""

    key: str
    title: str
    html: str
    sees: str
    links: Sequence[Link]
    asides: Sequence[Aside]
    question: str
    answers: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Text:
    """A path in one language."""

    title: str
    about: str
    steps: Sequence[Said]


def read(source: str) -> Text:
    """Raises ValueError with a sentence where the rules above are not kept."""
    before, *parts = source.split(_FENCE, 2)
    if before or len(parts) != 2:
        raise ValueError("A path begins with its front matter.")
    told = tomllib.loads(parts[0])
    if told.keys() != {"title", "about"}:
        raise ValueError(f"The front matter has title and about, not {', '.join(told)}.")
    nodes = SyntaxTreeNode(_MARKDOWN.parse(parts[1])).children
    steps = [_step(heading, within) for heading, within in _sections(nodes, "h1")]
    keys = [step.key for step in steps]
    if twice := {key for key in keys if keys.count(key) > 1}:
        raise ValueError(f"More than one step is called {', '.join(twice)}.")
    return Text(**told, steps=steps)


def _sections(nodes: Nodes, tag: str) -> Iterator[tuple[str, Nodes]]:
    """Each heading of the level with what stands below it; what stands before the first one has
    the heading ""."""
    starts = [n for n, node in enumerate(nodes) if node.type == "heading" and node.tag == tag]
    if not starts or starts[0]:
        yield "", nodes[: starts[0] if starts else None]
    for start, end in pairwise([*starts, len(nodes)]):
        yield _words(nodes[start]), nodes[start + 1 : end]


def _step(heading: str, nodes: Nodes) -> Said:
    key, colon, title = heading.partition(": ")
    if not colon:
        raise ValueError(f"“{heading}” is no heading of a step: key: Title.")
    (_, told), *asked = _sections(nodes, "h2") if nodes else [("", nodes)]
    (_, what), *asides = _sections(told, "h3")
    if len(asked) > 1:
        raise ValueError(f"The step {key} has one more question: {asked[1][0]}")
    question, choices = asked[0] if asked else ("", ())
    links = [_link(node) for node in what if _is_link(node)]
    sees = [node for node in what if node.type == "blockquote"]
    rest = [node for node in what if node not in sees and not _is_link(node)]
    return Said(
        key,
        title,
        _html(rest),
        "".join(_html(node.children) for node in sees),
        links,
        [Aside(title, _html(within)) for title, within in asides],
        question,
        [_answer(item) for node in choices for item in node.children],
    )


def _is_link(node: SyntaxTreeNode) -> bool:
    inline = node.children[0].children if node.type == "paragraph" else []
    return len(inline) == 1 and inline[0].type == "link"


def _link(paragraph: SyntaxTreeNode) -> Link:
    words, target = _words(paragraph), str(paragraph.children[0].children[0].attrs["href"])
    if not target.startswith(_HOSTS):
        raise ValueError(f"{target} is neither a help page nor one of the portal's.")
    kind, _, key = target.partition(":")
    return Link(words, key, own=kind == "portal")


def _answer(item: SyntaxTreeNode) -> tuple[str, str]:
    links = [node for node in item.walk() if node.type == "link"]
    if len(links) != 1 or not str(links[0].attrs["href"]).startswith("step:"):
        raise ValueError(f"“{_words(item)}” is no answer: it leads to no step.")
    return _words(item), str(links[0].attrs["href"]).removeprefix("step:")


def _words(node: SyntaxTreeNode) -> str:
    """The text of a node without its formatting, on one line."""
    told = (" " if found.type == "softbreak" else found.content for found in _inline(node))
    return "".join(told)


def _inline(node: SyntaxTreeNode) -> Iterator[SyntaxTreeNode]:
    return (found for found in node.walk() if found.type in ("text", "code_inline", "softbreak"))


def _html(nodes: Nodes) -> str:
    if any(found.type in ("link", "image") for node in nodes for found in node.walk()):
        raise ValueError(f"There is a link within a text: {''.join(map(_words, nodes))[:60]}…")
    tokens = [token for node in nodes for token in node.to_tokens()]
    return str(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))
