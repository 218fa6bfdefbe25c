"""The tests' own mail server, as a process and by tokens."""

from pathlib import Path

import pytest

from portal.mail.smtp import Network, Result, Session, SmtpFault
from tests.mail.smtp_sessions import MAIL, RECIPIENT, SENDER, account, fault_of
from tests.oauth_server import OAuthServer
from tests.smtp_server import MailServer, count_per_recipient, mail_server_process, read_mails

TOKEN = "ya29." + "the~token/of+them=" * 80


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


def test_a_server_by_tokens_lets_in_who_has_one(network: Network) -> None:
    with MailServer(tokens=lambda *given: given == (SENDER, TOKEN)) as server:
        mailbox = account(server.port, username=SENDER, password="", access_token=TOKEN)
        with Session.open(mailbox, network) as session:
            assert session.send(SENDER, RECIPIENT, MAIL).result is Result.accepted
        fault = fault_of(server, network, username=SENDER, password="", access_token="other")
        assert fault.step == "auth"
        assert fault.reply
        assert fault.reply.code == 535
        assert "5.7.8" in fault.reply.text
        assert fault_of(server, network).phase == "auth"  # no password is taken


def test_a_server_by_tokens_ends_the_session_of_a_token_that_is_gone(network: Network) -> None:
    good = {TOKEN}
    gone = "421 4.7.0 Your session has expired"
    with MailServer(tokens=lambda _, token: token in good, token_gone=gone) as server:
        mailbox = account(server.port, username=SENDER, password="", access_token=TOKEN)
        with Session.open(mailbox, network) as session:
            assert session.send(SENDER, RECIPIENT, MAIL).result is Result.accepted
            good.clear()
            outcome = session.send(SENDER, RECIPIENT, MAIL)
        assert outcome.result is Result.refused
        assert outcome.session_lost
        assert outcome.reply
        assert outcome.reply.code == 421


def test_a_server_process_asks_the_authorization_server(network: Network, tmp_path: Path) -> None:
    with (
        OAuthServer() as oauth,
        mail_server_process(tmp_path, "--oauth", oauth.base) as port,
    ):
        here = Network(network.private_hosts, network.ports, tmp_path / "ca.pem")
        mailbox = account(port, username=SENDER, password="", access_token=TOKEN)
        with pytest.raises(SmtpFault):
            Session.open(mailbox, here)
        assert [(one.path, one.fields) for one in oauth.requests] == [
            ("/live", {"address": SENDER, "token": TOKEN})
        ]
