"""The main job, whole: set up, configure the mailbox, import, launch, see who got it."""

import email
from collections import Counter
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from tests.contacts.files import spanish_contact_file
from tests.processes.main_job import MAIL_USER, mail_server, running_portal
from tests.smtp_server import ReceivedMail, count_per_recipient, read_mails

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("main-job")]


def parsed(mail: ReceivedMail) -> EmailMessage:
    return email.message_from_bytes(mail.content, policy=default)


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def test_each_eligible_person_of_a_clinics_file_is_served_once(tmp_path: Path) -> None:
    content, expected = spanish_contact_file()
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    with (
        mail_server(inbox) as port,
        running_portal(tmp_path / "data", inbox / "ca.pem") as practice,
    ):
        practice.set_up()
        assert practice.get("/").has("#mail-warning")
        practice.configure_mailbox(port)
        settings = practice.get("/settings/email")
        assert settings.one("main")["data-account-status"] == "working", settings.text
        assert not settings.has("#mail-warning")
        report = practice.import_contacts(content)
        rows = report.texts("#import tbody tr td:first-child")
        assert [int(row) for row in rows] == expected.bad_rows
        campaign = practice.launch_campaign()
        done = practice.wait_for(campaign, "[data-campaign-status=finished]", seconds=120)
        exported = practice.sent_csv()
        listed = list(practice.sent_list("sort=recipient&dir=asc"))

    mails = read_mails(inbox)
    assert count_per_recipient(mails) == dict.fromkeys(expected.eligible, 1)
    for mail in mails:
        message = parsed(mail)
        person = expected.eligible[mail.recipients[0]]
        begins = f"{person.greeting} {person.first_name} {person.last_name}:"
        assert message["Subject"] == f"Novedades para {person.first_name}"
        assert MAIL_USER in message["From"]
        assert message["Message-ID"].endswith("@clinica.example.com>")
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert "/unsubscribe/" in message["List-Unsubscribe"]
        for kind in ("plain", "html"):
            text = part(message, kind)
            assert begins in text
            assert "Clínica Ñandú" in text
            assert "Aviso legal: sus datos están protegidos." in text

    statuses = Counter(row["status"] for row in exported)
    left_out = len(expected.without_privacy) + len(expected.without_marketing)
    assert statuses == {"sent": len(expected.eligible), "skipped": left_out}
    assert str(len(expected.eligible)) in done.text.replace(".", "")
    assert sorted(row["recipient"] for row in exported) == [row[0] for row in listed]
    assert {row["message_id"] for row in exported if row["status"] == "sent"} == {
        parsed(mail)["Message-ID"] for mail in mails
    }
