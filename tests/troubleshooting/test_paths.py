"""What holds of every path, whoever writes it."""

import datetime
from collections.abc import Iterator
from string import Template

import pytest
from flask import Flask
from wtforms.fields.core import UnboundField

from portal.mail import providers
from portal.mail.findings import MEANINGS, Finding
from portal.mail_settings.forms import MailSettingsForm
from portal.troubleshooting.letters import REQUESTS
from portal.troubleshooting.paths import PATHS, Step, WizardPath, step_at
from portal.troubleshooting.texts import help_page, help_pages, values
from tests.conftest import ON_SQLITE
from tests.troubleshooting import ways
from tests.troubleshooting.ways import KEYS, LANGUAGES, every_step, path

each_path = pytest.mark.parametrize("key", KEYS)
each_language = pytest.mark.parametrize("language", LANGUAGES)
each_translation = pytest.mark.parametrize("language", LANGUAGES[1:])

USUAL_STEPS = 6  # "Step 2 of 6"
TITLE_CHARACTERS = 60
CAUSES = {*Finding, "password_unreadable", "permission_unreadable", "own_mailbox_busy"}
KINDS = {meaning.kind for meaning in MEANINGS.values()}
# What is called the same in every language.
NAMES = {
    *("No", "Gmail", "Google Workspace (Gmail Suite)", "Outlook.com", "Microsoft 365"),
    *("Microsoft 365 (Office 365)", "Yahoo Mail", "AOL", "Arsys", "Strato", "Aruba", "Aruba PEC"),
    *("OVHcloud", "ionos.com", "iCloud (Apple)", "Apple Account", "GMX", "Zoho", "zoho.eu"),
    *("zoho.com", "Fastmail", "Infomaniak", "Aruba: webmail"),
}


def words(step: Step) -> list[str]:
    """All that a step says, in pieces that come in the same order in every language."""
    said = step.said
    asides = [text for aside in said.asides for text in (aside.title, aside.html)]
    links, answers = [link.words for link in said.links], [answer.words for answer in step.answers]
    return [said.title, said.html, said.sees, said.question, *asides, *links, *answers]


def texts(found: WizardPath) -> Iterator[str]:
    yield from (found.title, found.about)
    for step in found.steps.values():
        yield from words(step)


def shape(step: Step) -> tuple[object, ...]:
    """What is the same in every language."""
    said = step.said
    links = [(link.target, link.own) for link in said.links]
    answers = [str(answer.to) for answer in step.answers]
    return str(step.place), answers, links, bool(said.sees), len(said.asides)


def test_every_directory_is_a_path_that_is_offered() -> None:
    assert {entry.name for entry in PATHS.iterdir() if entry.is_dir()} == set(KEYS)


@each_path
@each_translation
def test_a_path_has_the_same_steps_links_and_answers_in_every_language(
    key: str, language: str
) -> None:
    told, english = ([*path(key, spoken).steps.values()] for spoken in (language, "en"))
    assert [*map(shape, told)] == [*map(shape, english)]


@each_path
@each_language
def test_a_path_says_something_everywhere(key: str, language: str) -> None:
    found = path(key, language)
    said = [found.title, found.about]
    for step in found.steps.values():
        said += [step.said.title, step.said.html, *[answer.words for answer in step.answers]]
        assert bool(step.said.question) == bool(step.answers), step.place
    assert all(text.strip() for text in said)


@each_path
@each_translation
def test_a_path_is_translated_all_over(key: str, language: str) -> None:
    pairs = zip(texts(path(key, language)), texts(path(key)), strict=True)
    assert not [told for told, english in pairs if told == english and told not in NAMES | {""}]


@each_path
def test_a_question_of_a_path_changes_the_next_step(key: str) -> None:
    asked = [{answer.to for answer in step.answers} for step in path(key).steps.values()]
    assert any(len(places) > 1 for places in asked)


@each_path
def test_every_answer_and_outcome_leads_to_a_step(key: str) -> None:
    found = path(key).steps.values()
    gone = [
        f"{step.place}: {to}"
        for step in found
        for to in ways.leads_to(step)
        if not step_at(to, "en")
    ]
    assert not gone


@each_path
def test_nobody_is_left_alone_though_every_check_fails(key: str) -> None:
    assert not [str(step.place) for step in path(key).steps.values() if not ways.is_helped(step)]


@each_path
def test_every_path_comes_to_a_check_or_the_end_by_itself(key: str) -> None:
    assert any(step.is_checked or step.does.end for step in path(key).steps.values())


def test_every_step_can_be_come_to() -> None:
    places = ways.reached(ways.entered())
    assert not [str(step.place) for step in every_step() if step.place not in places]


def test_the_usual_answers_never_go_round_in_a_circle() -> None:
    walks = [ways.usual_way(step) for step in every_step()]
    assert not [[*map(str, way)] for way in walks if len(way) != len(set(way))]


def test_the_usual_answers_come_to_a_check_or_the_end_in_few_steps() -> None:
    begun = [step for place in set(ways.entered()) if (step := step_at(place, "en"))]
    walks = [ways.usual_way(step) for step in begun]
    assert not [[*map(str, way)] for way in walks if len(way) > USUAL_STEPS]
    last = [step for way in walks if (step := step_at(way[-1], "en"))]
    assert not [str(step.place) for step in last if not (step.is_checked or ways.helps(step))]


@each_path
@each_language
def test_a_title_fits_its_line(key: str, language: str) -> None:
    titles = [step.said.title for step in path(key, language).steps.values()]
    assert not [title for title in titles if len(title) > TITLE_CHARACTERS]


@each_path
def test_a_link_leads_to_a_known_help_page(key: str) -> None:
    links = [link for step in path(key).steps.values() for link in step.said.links if not link.own]
    assert not [link.target for link in links if link.target not in help_pages()]


@pytest.mark.parametrize("key", help_pages())
def test_a_help_page_is_encrypted_and_says_where_it_was_found_and_when(key: str) -> None:
    found = help_pages()[key]
    assert all(help_page(key, language).startswith("https://") for language in LANGUAGES)
    assert set(found) == {"url", "source", "date"}
    assert found["source"].strip()
    assert isinstance(found["date"], datetime.date)


@ON_SQLITE
def test_the_portals_own_links_lead_to_pages(app: Flask) -> None:
    own = {link.target for step in every_step() for link in step.said.links if link.own}
    assert own
    pages = {rule.endpoint for rule in app.url_map.iter_rules() if not rule.arguments}
    assert own <= pages


@ON_SQLITE
def test_everything_that_is_to_be_filled_in_is_known(app: Flask) -> None:
    with app.test_request_context():
        known = set(values(None))
    for key in KEYS:
        for language in LANGUAGES:
            templates = [Template(text) for text in texts(path(key, language))]
            assert all(template.is_valid() for template in templates), (key, language)
            named = {name for template in templates for name in template.get_identifiers()}
            assert named <= known, (key, language)


@each_path
def test_a_path_is_for_providers_of_the_catalogue(key: str) -> None:
    assert set(path(key).providers) <= set(providers.load())


@each_path
def test_a_step_does_only_what_there_is(key: str) -> None:
    fields = {
        name for name, field in vars(MailSettingsForm).items() if isinstance(field, UnboundField)
    }
    for step in path(key).steps.values():
        does = step.does
        assert set(does.check or ()) <= fields, step.place
        assert does.letter is None or does.letter in REQUESTS, step.place
        with_countries = {key.removesuffix("_com") for key in providers.load()}
        assert does.server in {None, "mailbox", *providers.load(), *with_countries}, step.place
        assert set(does.outcomes) <= CAUSES | KINDS, step.place


@each_path
def test_only_a_step_that_is_checked_has_outcomes_or_a_test_mail(key: str) -> None:
    unchecked = [step for step in path(key).steps.values() if not step.is_checked]
    assert not [str(step.place) for step in unchecked if step.does.outcomes or step.does.test]
