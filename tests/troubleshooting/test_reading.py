"""How the text of a path is written."""

import pytest
from markupsafe import Markup

from portal.troubleshooting.reading import Aside, Link, Said, Text, read
from portal.troubleshooting.texts import fill, fill_html

HEAD = '+++\ntitle = "Gmail"\nabout = "For addresses of Gmail."\n+++\n'
STEP = "# look: Look at it\n\nOpen the page.\n"
ASKED = "## Is it on?\n\n"

WHOLE = (
    HEAD
    + """\
# turn-on: Turn on **2-step** verification

1. Open the page.
2. Press *Turn on*.

[Google: security](help:google_security)

> It is on for **${address}**.

[Email settings](portal:mail_settings.page)

### What has changed

Since 2022 it is needed.

### And before

It was not.

## Is it on now?

- [Yes](step:make)
- [No, Google doesn't let us](step:own-domain/ask)

# make: Make a password

Paste it.
"""
)


def step(text: str) -> Said:
    """The only step of a text."""
    (only,) = read(HEAD + text).steps
    return only


def test_a_path_has_a_title_and_says_for_whom_it_is() -> None:
    text = read(HEAD + STEP)
    assert text == Text("Gmail", "For addresses of Gmail.", text.steps)


def test_each_heading_of_the_first_level_begins_a_step() -> None:
    steps = read(WHOLE).steps
    assert [(said.key, said.title) for said in steps] == [
        ("turn-on", "Turn on 2-step verification"),
        ("make", "Make a password"),
    ]


def test_what_to_do_is_everything_that_is_nothing_else() -> None:
    assert read(WHOLE).steps[0].html == (
        "<ol>\n<li>Open the page.</li>\n<li>Press <em>Turn on</em>.</li>\n</ol>\n"
    )
    assert read(WHOLE).steps[1].html == "<p>Paste it.</p>\n"


def test_a_quotation_is_what_one_should_see() -> None:
    assert read(WHOLE).steps[0].sees == "<p>It is on for <strong>${address}</strong>.</p>\n"


def test_a_paragraph_that_is_a_link_leads_to_a_help_page_or_one_of_the_portals() -> None:
    assert read(WHOLE).steps[0].links == [
        Link("Google: security", "google_security", own=False),
        Link("Email settings", "mail_settings.page", own=True),
    ]


def test_headings_of_the_third_level_begin_asides() -> None:
    assert read(WHOLE).steps[0].asides == [
        Aside("What has changed", "<p>Since 2022 it is needed.</p>\n"),
        Aside("And before", "<p>It was not.</p>\n"),
    ]


def test_a_heading_of_the_second_level_asks_and_its_links_answer() -> None:
    said = read(WHOLE).steps[0]
    assert said.question == "Is it on now?"
    assert said.answers == [("Yes", "make"), ("No, Google doesn't let us", "own-domain/ask")]


def test_a_step_needs_nothing_but_its_heading() -> None:
    assert step("# look: Look at it\n") == Said("look", "Look at it", "", "", [], [], "", [])


def test_a_title_may_have_a_colon() -> None:
    assert step("# look: Google: look at it\n").title == "Google: look at it"


def test_words_that_go_on_in_the_next_line_stay_apart() -> None:
    said = step(STEP + ASKED + "- [Yes, it is\n  on](step:make)\n")
    assert said.answers == [("Yes, it is on", "make")]


def test_words_set_as_code_stay_in_a_title() -> None:
    assert step("# look: Look for `smtp.`\n").title == "Look for smtp."


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("Hello\n" + HEAD + STEP, "begins with its front matter", id="text-before"),
        pytest.param(STEP, "front matter", id="no-front-matter"),
        pytest.param('+++\ntitle = "T"\n+++\n' + STEP, "about", id="not-for-whom"),
        pytest.param(HEAD.replace("about", "size = 1\nabout") + STEP, "size", id="more-in-front"),
        pytest.param("+++\ntitle = Gmail\n+++\n" + STEP, "Invalid value", id="no-toml"),
        pytest.param(HEAD, "“” is no heading of a step", id="no-step"),
        pytest.param(HEAD + "Hello\n\n" + STEP, "“” is no heading", id="text-without-step"),
        pytest.param(HEAD + "# Look\n", "“Look” is no heading of a step", id="no-key"),
        pytest.param(HEAD + STEP + STEP, "look", id="a-step-twice"),
    ],
)
def test_a_text_that_is_no_path_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read(text)


ANSWER = "- [Yes](step:make)\n"
NO_ANSWER, WITHIN = "is no answer: it leads to no step", "There is a link within a text"
NO_PAGE = "is neither a help page nor one of the portal's"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param(ASKED + "- Yes\n", f"“Yes” {NO_ANSWER}", id="answer-without-step"),
        pytest.param(ASKED + "- [Yes](help:gmail)\n", NO_ANSWER, id="answer-to-a-page"),
        pytest.param(ASKED + "- [Yes](step:a) [No](step:b)\n", NO_ANSWER, id="two-in-one"),
        pytest.param(ASKED + "Look first.\n\n" + ANSWER, NO_ANSWER, id="text-before-answers"),
        pytest.param(ASKED + ANSWER + "\n### Aside\n", NO_ANSWER, id="aside-after-answers"),
        pytest.param(ASKED + ANSWER + "\n## And now?\n\n" + ANSWER, "And now", id="two-questions"),
        pytest.param("Open [it](help:gmail).\n", f"{WITHIN}: Open the page", id="in-what-to-do"),
        pytest.param("> [It](help:gmail)\n", WITHIN, id="in-what-one-sees"),
        pytest.param("### Aside\n\n[It](help:gmail)\n", WITHIN, id="in-an-aside"),
        pytest.param("- [Yes](step:make)\n", WITHIN, id="answers-without-question"),
        pytest.param("![Photo](help:gmail)\n", WITHIN, id="picture"),
        pytest.param("[It](https://example.org)\n", f"https://example.org {NO_PAGE}", id="address"),
        pytest.param("<https://example.org>\n", NO_PAGE, id="bare-address"),
        pytest.param("[It](step:make)\n", NO_PAGE, id="step-as-a-page"),
    ],
)
def test_a_step_that_is_not_written_by_the_rules_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read(HEAD + STEP + "\n" + text)


@pytest.mark.parametrize(
    "text",
    ["{}\n", "> {}\n", "- one {}\n", "### Aside\n\n{}\n"],
    ids=["do", "see", "list", "aside"],
)
def test_nothing_in_a_text_becomes_html_of_its_own(text: str) -> None:
    said = step("# look: Look\n\n" + text.format("<script>alert(1)</script> <b>x</b> &"))
    shown = said.html + said.sees + "".join(aside.html for aside in said.asides)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &lt;b&gt;x&lt;/b&gt; &amp;" in shown
    assert "<script" not in shown
    assert "<b>" not in shown


def test_what_is_filled_in_stays_in_its_place_and_is_no_html() -> None:
    said = step("# look: Open ${address}\n\nOpen **${address}**.\n")
    named = {"address": "<b>a&b</b>@clinic.example"}
    filled = fill_html(said.html, named)
    assert isinstance(filled, Markup)
    assert filled == ("<p>Open <strong>&lt;b&gt;a&amp;b&lt;/b&gt;@clinic.example</strong>.</p>\n")
    assert fill(said.title, named) == "Open <b>a&b</b>@clinic.example"


@pytest.mark.parametrize("text", ["${colour}", "5 $"], ids=["unknown", "bare"])
def test_what_cannot_be_filled_in_is_an_error(text: str) -> None:
    with pytest.raises((KeyError, ValueError)):
        fill_html(text, {"address": "info@clinic.example"})
