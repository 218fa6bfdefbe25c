"""Every trouble has its way out."""

import pytest

from portal.mail.findings import Finding
from portal.troubleshooting.steps import GUIDES, guide_of

NAMES = (
    "app-password oauth2 sign-in-blocked smtp-disabled password username sender server security "
    "certificate limit recipient content reputation wait"
)


def test_there_is_a_way_out_of_every_kind_of_trouble() -> None:
    assert set(GUIDES) == set(NAMES.split())
    assert all(2 <= len(guide.steps) <= 5 for guide in GUIDES.values())


@pytest.mark.parametrize(
    "cause", [*Finding, "password_unreadable", "check_unfinished", "test_unconfirmed", "of_old"]
)
def test_every_cause_leads_to_one(cause: str) -> None:
    assert guide_of(cause) in GUIDES
