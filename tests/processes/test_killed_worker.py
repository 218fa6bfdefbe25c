"""A worker is killed in mid-campaign: nothing is lost, nothing goes out twice."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.contacts.files import spanish_contact_file
from tests.postgres import PostgresServer
from tests.processes import until
from tests.processes.main_job import Practice, mail_server, running_portal, work_horses
from tests.smtp_server import count_per_recipient, read_mails

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Which database the portal's processes use: its own file, or one on a server."""
    if request.param == "sqlite":
        yield {}
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    yield {"DATABASE_URL": server.create("killed")}
    server.drop("killed")


def kill_workers(practice: Practice, data_dir: Path) -> None:
    """As by `kill -9`: the workers and whatever they have forked."""
    victims = work_horses(data_dir)
    assert victims
    for pid in victims:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_what_a_killed_worker_leaves_is_sent_once_or_said_to_be_in_doubt(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    content, expected = spanish_contact_file(300, 10, 10, 5)
    inbox, data_dir = tmp_path / "inbox", tmp_path / "data"
    inbox.mkdir()
    with (
        mail_server(inbox, "--delay", "0.02") as port,
        running_portal(data_dir, inbox / "ca.pem", **settings) as practice,
    ):
        practice.set_up()
        practice.configure_mailbox(port)
        practice.import_contacts(content)
        campaign = practice.launch_campaign()
        until(lambda: len(read_mails(inbox)) > 60, "mails go out")
        kill_workers(practice, data_dir)
        gone_before = len(read_mails(inbox))
        assert gone_before < len(expected.eligible)
        until(
            lambda: len(read_mails(inbox)) > gone_before,
            "the mails of the dead sender go on within 60 seconds",
            seconds=60,
        )
        practice.wait_for(campaign, "[data-campaign-status=finished]", seconds=120)
        rows = practice.sent_csv()

    served = count_per_recipient(read_mails(inbox))
    assert set(served.values()) == {1}, "nobody gets it twice"
    by_status: dict[str, set[str]] = {}
    for row in rows:
        by_status.setdefault(row["status"], set()).add(row["recipient"])
    doubtful = by_status.get("unconfirmed", set())
    assert len(doubtful) <= 1, "one session leaves at most one mail in doubt"
    assert by_status["sent"] | doubtful == set(expected.eligible)
    assert by_status["sent"] <= set(served), "what is said to be accepted was accepted"
    assert set(expected.eligible) - set(served) <= doubtful, "nobody is forgotten"
    assert Counter(row["status"] for row in rows)["skipped"] == 20
