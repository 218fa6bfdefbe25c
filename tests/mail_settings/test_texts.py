"""Every cause of trouble has a sentence that says what to do."""

import pytest

from portal.mail.findings import Finding
from portal.mail_settings.texts import SENTENCES

OWN_CAUSES = ("password_unreadable", "check_unfinished", "test_unconfirmed")


@pytest.mark.parametrize("cause", [*Finding, *OWN_CAUSES])
def test_every_cause_has_its_sentence(cause: str) -> None:
    sentence = str(SENTENCES[cause])
    assert sentence.endswith(".")
    assert not {"!", "please", "Please"} & set(sentence.replace(".", " ").split())


def test_no_sentence_is_about_a_cause_that_there_is_not() -> None:
    assert set(SENTENCES) == {*Finding, *OWN_CAUSES}
