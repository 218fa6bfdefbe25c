"""Replies as a server would give them, and what the diagnosis makes of them."""

import re

from portal.mail.diagnosis import Diagnosis, diagnose, diagnose_outcome
from portal.mail.faults import Cause, Outcome, Reply, Result, SmtpFault
from portal.mail.smtp import Server

_SERVER = Server("smtp.example.test", 465, "ssl", "clinic", "secret")
_TEXT = re.compile(r"(\d{3}) (([245]\.\d{1,3}\.\d{1,3})?.*)", re.DOTALL)


def reply(text: str) -> Reply:
    """Return a reply written code first, as the wire would read it."""
    match = _TEXT.fullmatch(text)
    assert match, f"{text} does not begin with a code"
    return Reply(int(match[1]), match[2][:500], match[3])


def setting_up(step: str, text: str, provider: str = "other") -> Diagnosis:
    return diagnose(SmtpFault.rejected(step, reply(text)), _SERVER, provider)


def sending(step: str, text: str, provider: str = "other") -> Diagnosis:
    refused = Outcome(Result.refused, step, reply(text), Cause.rejected, session_lost=False)
    return diagnose_outcome(refused, provider)
