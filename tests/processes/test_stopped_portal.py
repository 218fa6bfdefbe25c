"""The portal is stopped in mid-campaign and started again: the mail in hand is finished, and the
rest goes on."""

import signal
import time
from pathlib import Path

import pytest

from tests.contacts.files import spanish_contact_file
from tests.people import ADMIN
from tests.processes import processes_on, until
from tests.processes.main_job import mail_server, running_portal
from tests.smtp_server import count_per_recipient, read_mails

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]


def test_a_stop_ends_after_the_mail_in_hand_and_a_start_goes_on(tmp_path: Path) -> None:
    content, expected = spanish_contact_file(200, 5, 5, 0)
    inbox, data_dir = tmp_path / "inbox", tmp_path / "data"
    inbox.mkdir()
    with mail_server(inbox, "--delay", "0.05") as port:
        with running_portal(data_dir, inbox / "ca.pem") as practice:
            practice.set_up()
            practice.configure_mailbox(port)
            practice.import_contacts(content)
            practice.launch_campaign()
            until(lambda: len(read_mails(inbox)) > 20, "mails go out")
            asked = time.monotonic()
            practice.program.send(signal.SIGTERM)
            assert practice.program.ends(20) == 0
            assert time.monotonic() - asked < 15
            assert processes_on(data_dir) == {}
        gone = len(read_mails(inbox))
        assert gone < len(expected.eligible)
        with running_portal(data_dir, inbox / "ca.pem") as practice:
            practice.program.says("The portal is at")
            assert "/setup" not in practice.program.output()
            practice.sign_in(ADMIN)
            practice.wait_for("/campaigns/1", "[data-campaign-status=finished]", seconds=90)
            rows = practice.sent_csv()
    assert count_per_recipient(read_mails(inbox)) == dict.fromkeys(expected.eligible, 1)
    assert {row["status"] for row in rows} == {"sent", "skipped"}, "nothing is in doubt"
