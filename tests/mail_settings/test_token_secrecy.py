"""What may sign in to a mailbox is never to be read: in no log, no job, no file."""

import logging
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis
from rq import Queue

from portal.mail import oauth
from portal.queue import QUEUES
from tests.conftest import ON_SQLITE
from tests.mail_settings.oauth import access, permission, renewed, sign_in
from tests.oauth_server import ADDRESS, OAuthServer


def secrets_of(provider: OAuthServer) -> set[str]:
    """Everything that must not be seen: tokens, codes, verifiers, and the portal's own secret."""
    hidden = {"refresh_token", "code", "code_verifier", "client_secret"}
    sent = {
        value
        for request in provider.requests
        for name, value in request.fields.items()
        if name in hidden
    }
    return sent | set(provider.issued)


@pytest.mark.parametrize("issuer", ["google", "microsoft"])
def test_no_log_and_no_job_has_a_token(
    app: Flask,
    provider: OAuthServer,
    issuer: str,
    queue_url: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    sign_in(app, 25, issuer)
    used = access(app, 1)
    renewed(app, used)
    provider.end_grants("Token has been expired or revoked.")
    with pytest.raises(oauth.OAuthFault) as caught:
        renewed(app, access(app, 1))
    with Redis.from_url(queue_url) as connection:
        jobs = [job for name in QUEUES for job in Queue(name, connection=connection).jobs]
    assert "/token" in caplog.text
    assert [job.func_name for job in jobs] == ["jobs.mail_check.run"]
    shown = f"{caplog.text} {used!r} {caught.value!r} {[job.args for job in jobs]}"
    assert len(secrets_of(provider)) >= 6
    assert [secret for secret in secrets_of(provider) if secret in shown] == []


@ON_SQLITE
def test_the_database_file_has_no_token(app: Flask, provider: OAuthServer, tmp_path: Path) -> None:
    renewed(app, access(app, permission(app)))
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("portal.db*"))
    assert ADDRESS.encode() in stored
    assert [secret for secret in secrets_of(provider) if secret.encode() in stored] == []
