"""`${keywords}`: which there are, what is reported, how they are filled."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.mail import keywords

VALUES = {"first_name": "Ana", "last_name": "Gómez", "practice_name": "Clínica Sol"}


@pytest.mark.parametrize("written", ["${first_name}", "${nombre}", "${nome}"])
def test_a_keyword_has_a_name_in_each_language(written: str) -> None:
    assert keywords.fill(f"Hola {written}.", VALUES) == "Hola Ana."


def test_every_name_means_one_keyword_only() -> None:
    names = [name for aliases in keywords.NAMES.values() for name in aliases]
    assert len(names) == len(set(names)) == 39


@pytest.mark.parametrize("written", ["${Nombre}", "${NOMBRE}", "${ nombre }"])
def test_case_and_spaces_inside_the_braces_do_not_matter(written: str) -> None:
    assert keywords.fill(written, VALUES) == "Ana"
    assert keywords.problems(written, "campaign") == []


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("$$", "$"),
        ("$$5", "$5"),
        ("$5 y $", "$5 y $"),
        ("$nombre", "$nombre"),
        ("$${nombre}", "${nombre}"),
        ("$$${nombre}", "$Ana"),
    ],
)
def test_dollars_that_are_no_keyword(text: str, filled: str) -> None:
    assert keywords.fill(text, VALUES) == filled
    assert keywords.problems(text, "campaign") == []


def test_a_missing_value_is_empty() -> None:
    assert keywords.fill("a${saludo}b", VALUES) == "ab"


def test_a_value_is_not_searched_for_keywords() -> None:
    assert keywords.fill("${nombre}", {**VALUES, "first_name": "${last_name} $$"}) == (
        "${last_name} $$"
    )


@settings(deadline=None, max_examples=50)
@given(st.text())
def test_any_value_arrives_as_it_is(value: str) -> None:
    assert keywords.fill("<${nombre}|${nome}>", {"first_name": value}) == f"<{value}|{value}>"


def test_values_are_escaped_and_the_text_is_not() -> None:
    assert keywords.fill("b ${nombre}", {"first_name": "b"}, str.upper) == "b B"


@pytest.mark.parametrize("written", ["${nombr}", "${}", "${nombre y apellidos}", "${nombre", "${"])
def test_what_is_no_keyword_stays_as_written_and_is_reported(written: str) -> None:
    assert keywords.fill(f"Hola {written}", VALUES) == f"Hola {written}"
    assert keywords.problems(f"Hola {written}", "campaign") == [written]


def test_problems_are_named_as_written_in_order_and_once() -> None:
    text = "${zeta} ${nombre} ${Alfa} ${zeta} ${fecha_cita} ${roto\n${nome}"
    assert keywords.problems(text, "campaign") == ["${zeta}", "${Alfa}", "${fecha_cita}", "${roto"]


@pytest.mark.parametrize("alias", ["video_link", "enlace_video", "numero_fattura", "professional"])
def test_keywords_of_appointments_and_invoices_are_not_available_in_a_campaign(alias: str) -> None:
    assert keywords.problems(f"${{{alias}}}", "campaign") == [f"${{{alias}}}"]


def test_used_names_are_canonical() -> None:
    text = "${Nome} ${nombre} ${link_disiscrizione} ${otro} $${apellidos}"
    assert keywords.used(text) == {"first_name", "unsubscribe_link"}


@pytest.mark.parametrize(
    ("language", "offered"),
    [
        ("en", "greeting first_name last_name full_name practice_name unsubscribe_link"),
        ("es", "saludo nombre apellidos nombre_completo centro enlace_baja"),
        ("it", "saluto nome cognome nome_completo studio link_disiscrizione"),
    ],
)
def test_the_editor_offers_a_campaigns_keywords_in_its_language(
    language: str, offered: str
) -> None:
    names = keywords.available("campaign", language)
    assert names == offered.split()
    assert keywords.problems("".join(f"${{{name}}}" for name in names), "campaign") == []
