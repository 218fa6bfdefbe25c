"""The tests' own mail server, as a process."""

from pathlib import Path

from portal.mail.smtp import Network, Result, Session
from tests.mail.smtp_sessions import MAIL, RECIPIENT, SENDER, account
from tests.smtp_server import count_per_recipient, mail_server_process, read_mails


def test_a_server_process_tells_what_it_took(network: Network, tmp_path: Path) -> None:
    refuse = "no@example.test=550 5.1.1 Nobody"
    with mail_server_process(tmp_path, "--tls", "tls", "--refuse", refuse) as port:
        here = Network(network.private_hosts, network.ports, tmp_path / "ca.pem")
        with Session.open(account(port, "tls"), here) as session:
            results = [
                session.send(SENDER, to, MAIL).result for to in (RECIPIENT, "no@example.test")
            ]
        assert results == [Result.accepted, Result.refused]
        assert count_per_recipient(read_mails(tmp_path)) == {RECIPIENT: 1}
