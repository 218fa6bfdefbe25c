"""Every cause of trouble has a sentence that says what to do."""

import re

import pytest

from portal.mail.findings import MEANINGS, Finding
from portal.mail_settings.texts import REASONS, SENTENCES

OWN_CAUSES = (
    "check_unfinished",
    "own_mailbox_busy",
    "password_unreadable",
    "permission_unreadable",
    "test_unconfirmed",
)
TO_A_FIELD = re.compile(
    r"\b(enter|compare|choose|try 465|look for a slip|use another)\b", re.IGNORECASE
)
OF_THE_ACCOUNT = [cause for cause in Finding if MEANINGS[cause].scope != "recipient"]


@pytest.mark.parametrize("cause", [*Finding, *OWN_CAUSES])
def test_every_cause_has_its_sentence(cause: str) -> None:
    sentence = str(SENTENCES[cause])
    assert sentence.endswith(".")
    assert not {"!", "please", "Please"} & set(sentence.replace(".", " ").split())


@pytest.mark.parametrize("cause", OF_THE_ACCOUNT)
def test_a_sentence_says_what_to_do_with_the_field_and_with_none_leaves_them_alone(
    cause: Finding,
) -> None:
    has_field = MEANINGS[cause].field is not None
    assert bool(TO_A_FIELD.search(str(SENTENCES[cause]))) == has_field


def test_no_sentence_is_about_a_cause_that_there_is_not() -> None:
    assert set(SENTENCES) == {*Finding, *OWN_CAUSES}
    assert set(REASONS) < set(SENTENCES)
