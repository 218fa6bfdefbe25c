"""Text with light formatting, as HTML and as readable text."""

import html as html_module

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.mail.formatting import format_text

PAGE = "https://example.org/u/1?a=1&b=2"
ELEMENTS = {"p", "br", "strong", "em", "ul", "li", "a"}
MARKUP = [
    *("*", "**", "[", "](", ")", "- ", "\n", "\n\n", " ", "${nombre}", "${enlace_baja}", "$$"),
    *("https://example.org/", "@example.org", "a", "ñ.", "<b>", '"', "&", "javascript:"),
]


def as_html(source: str, **values: str) -> str:
    return format_text(source).html.fill(values)


def as_text(source: str, **values: str) -> str:
    return format_text(source).text.fill(values)


@pytest.mark.parametrize(
    ("source", "html", "text"),
    [
        ("", "", ""),
        ("uno\ndos\n\ntres", "<p>uno<br>\ndos</p>\n<p>tres</p>", "uno\ndos\n\ntres"),
        (
            "**muy** *bien*",
            "<p><strong>muy</strong> <em>bien</em></p>",
            "muy bien",
        ),
        (
            "Traiga:\n- DNI\n- *tarjeta*\nGracias",
            "<p>Traiga:</p>\n<ul>\n<li>DNI</li>\n<li><em>tarjeta</em></li>\n</ul>\n<p>Gracias</p>",
            "Traiga:\n\n- DNI\n- tarjeta\n\nGracias",
        ),
        (
            "- a\n  - b\n- c",
            "<ul>\n<li>a\n<ul>\n<li>b</li>\n</ul>\n</li>\n<li>c</li>\n</ul>",
            "- a\n  - b\n- c",
        ),
        (
            "[la *web*](https://example.org/a)",
            '<p><a href="https://example.org/a">la <em>web</em></a></p>',
            "la web (https://example.org/a)",
        ),
        (
            "(https://example.org/a_b_c).",
            '<p>(<a href="https://example.org/a_b_c">https://example.org/a_b_c</a>).</p>',
            "(https://example.org/a_b_c).",
        ),
        (
            "a ana_m_g@example.org, ya",
            '<p>a <a href="mailto:ana_m_g@example.org">ana_m_g@example.org</a>, ya</p>',
            "a ana_m_g@example.org, ya",
        ),
        (
            "https://clínica.example/ñ%20x",
            '<p><a href="https://xn--clnica-4va.example/%C3%B1%20x">'
            "https://clínica.example/ñ%20x</a></p>",
            "https://clínica.example/ñ%20x",
        ),
    ],
)
def test_formatting_in_both_forms(source: str, html: str, text: str) -> None:
    assert as_html(source) == html
    assert as_text(source) == text


@pytest.mark.parametrize(
    "source",
    [
        "# título",
        "1. primero",
        "2026. Un año",
        "+ 34 600 000 000",
        "> cita",
        "`código`",
        "_nombre_ ____",
        "5 * 3 * 2",
        "&amp; &copy;",
        "a\\*b",
        "<script>alert(1)</script>",
        '<a href="/">x</a>',
        "gracias.es un placer",
        "[x](javascript:alert(1))",
        "[x](data:text/html,x)",
        "[x](ftp://example.org/a)",
        "[x](/relativo)",
        "[x](//example.org)",
        "ftp://example.org //example.org",
        "[ref]: https",
    ],
)
def test_everything_else_is_text_as_written(source: str) -> None:
    assert as_html(source) == f"<p>{html_module.escape(source)}</p>"
    assert as_text(source) == source


@pytest.mark.parametrize("email", ["info@sol.cat", "info@sol.dental", "info@sol.com.es"])
def test_a_mail_address_is_a_link_under_every_top_level_domain(email: str) -> None:
    assert as_html(f"Escriba a {email}.") == (
        f'<p>Escriba a <a href="mailto:{email}">{email}</a>.</p>'
    )


def test_images_are_never_fetched() -> None:
    assert "<img" not in as_html("![logo](https://example.org/logo.png)")


def test_keywords_may_stand_inside_formatting() -> None:
    assert as_html("**Hola ${nombre}**", first_name="Ana") == "<p><strong>Hola Ana</strong></p>"
    assert as_text("**Hola ${nombre}**", first_name="Ana") == "Hola Ana"


def test_a_link_keyword_is_a_target() -> None:
    source = "[Darse de baja](${enlace_baja})"
    link = BeautifulSoup(as_html(source, unsubscribe_link=PAGE), "html.parser").a
    assert link is not None
    assert (link["href"], link.text) == (PAGE, "Darse de baja")
    assert as_text(source, unsubscribe_link=PAGE) == f"Darse de baja ({PAGE})"


def test_a_link_keyword_in_the_text_becomes_a_link() -> None:
    link = BeautifulSoup(as_html("Baja: ${enlace_baja}.", unsubscribe_link=PAGE), "html.parser").a
    assert link is not None
    assert (link["href"], link.text) == (PAGE, PAGE)
    assert as_text("Baja: ${enlace_baja}.", unsubscribe_link=PAGE) == f"Baja: {PAGE}."


def test_a_keyword_in_a_longer_address_is_percent_encoded() -> None:
    for source in ("[ver](https://example.org/?n=${nombre})", "https://example.org/?n=${nombre}"):
        assert 'href="https://example.org/?n=%22a%26%2F%C3%B1"' in as_html(
            source, first_name='"a&/ñ'
        )
        assert "https://example.org/?n=%22a%26%2F%C3%B1" in as_text(source, first_name='"a&/ñ')


@pytest.mark.parametrize("value", ["javascript:alert(1)", "data:text/html,x", "//example.org"])
def test_a_value_makes_no_link_to_anything_but_web_and_mail(value: str) -> None:
    html = as_html("[x](${video_link}) ${video_link}", video_link=value)
    links = BeautifulSoup(html, "html.parser").find_all("a")
    assert [link["href"] for link in links] == [""]


def test_a_name_is_no_target() -> None:
    assert "<a" not in as_html("[x](${nombre})", first_name="https://example.org")


@settings(deadline=None, max_examples=100)
@given(
    value=st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]))
    | st.sampled_from(
        [
            "<script>alert(1)</script>",
            "\"'><img src=x onerror=alert(1)>",
            "**a** [x](https://example.org) - b",
            "&amp; ${last_name} $$ \\1 {0}",
        ]
    )
)
def test_a_value_is_text_whatever_it_contains(value: str) -> None:
    source = "**${nombre}**"
    markup = html_module.escape(value)
    assert as_html(source, first_name=value) == f"<p><strong>{markup}</strong></p>"
    assert as_text(source, first_name=value) == value


@settings(deadline=None, max_examples=150)
@given(st.lists(st.sampled_from(MARKUP)).map("".join))
def test_any_source_gives_only_the_few_elements_and_safe_targets(source: str) -> None:
    html = as_html(source, first_name="<i>Ana</i>", unsubscribe_link=PAGE)
    elements = BeautifulSoup(html, "html.parser").find_all(True)
    assert {element.name for element in elements} <= ELEMENTS
    targets = [str(element["href"]) for element in elements if element.name == "a"]
    assert all(target.startswith(("https://", "mailto:")) for target in targets)
    assert "<i>" not in html
