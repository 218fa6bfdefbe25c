"""What a mail server may do wrong, as data: at which step, when, and what."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

from tests.processes.main_job import MAIL_USER
from tests.torture.conversation import Conversation

SESSION_MAILS = 50
SILENCE_SECONDS = 40.0  # longer than a sender's lease
REPLY_BYTE_SECONDS = 0.005

When = Callable[[Conversation], bool]
Act = Callable[[Conversation], bool]  # True when it has answered in the sink's place


@dataclass(frozen=True)
class Misdeed:
    """`leaves_doubt`: whether nobody can know what became of the mail it befell."""

    step: str
    when: When
    act: Act
    leaves_doubt: bool = False

    def strike(self, conversation: Conversation, step: str) -> bool:
        """The sink's Strike; each misdeed stands in the book."""
        if step != self.step or not self.when(conversation):
            return False
        conversation.sink.book.note(conversation.recipient)
        return self.act(conversation)


def is_refused(recipient: str) -> bool:
    """About every seventh address, always the same ones; never the practice's own."""
    return recipient != MAIL_USER and zlib.crc32(recipient.encode()) % 7 == 0


def every(number: int) -> When:
    """In every so manieth transaction; never in the first, with which the mailbox is checked."""
    return lambda conversation: conversation.number % number == 0


def greylisted() -> When:
    """At a recipient's first time."""
    seen = {MAIL_USER}

    def is_new(conversation: Conversation) -> bool:
        new = conversation.recipient not in seen
        seen.add(conversation.recipient)
        return new

    return is_new


def _saying(reply: str) -> Act:
    def act(conversation: Conversation) -> bool:
        conversation.say(reply)
        return True

    return act


def _drop(conversation: Conversation) -> bool:
    conversation.drop()
    return True


def _keep_perhaps(conversation: Conversation) -> None:
    if conversation.sink.chance.random() < 0.5:
        conversation.keep()


def _drop_after_dot(conversation: Conversation) -> bool:
    _keep_perhaps(conversation)
    return _drop(conversation)


def _hang(conversation: Conversation) -> bool:
    _keep_perhaps(conversation)
    conversation.later(SILENCE_SECONDS, conversation.drop)
    return True


def _reply_late(conversation: Conversation) -> bool:
    conversation.keep()
    conversation.later(SILENCE_SECONDS, conversation.confirm)
    return True


def _take_leave(conversation: Conversation) -> bool:
    conversation.say("421 4.3.2 The service is going down")
    conversation.close()
    return True


def _end_session(conversation: Conversation) -> bool:
    """Some servers say so at the next mail, some just close."""
    if conversation.sink.chance.random() < 0.5:
        return _take_leave(conversation)
    conversation.close()
    return True


def _drip(conversation: Conversation) -> bool:
    conversation.reply_byte_seconds = REPLY_BYTE_SECONDS
    return False


def _forget(conversation: Conversation) -> bool:
    conversation.forget()
    return False


def _always(_conversation: Conversation) -> bool:
    return True


MISDEEDS = {
    "drops-before-data": Misdeed("data", every(40), _drop),
    "drops-in-mid-body": Misdeed("text", every(40), _drop, leaves_doubt=True),
    "drops-after-dot": Misdeed("dot", every(40), _drop_after_dot, leaves_doubt=True),
    "hangs-after-dot": Misdeed("dot", every(150), _hang, leaves_doubt=True),
    "replies-late": Misdeed("dot", every(150), _reply_late),
    "says-421": Misdeed("mail", every(40), _take_leave),
    "greylists": Misdeed("rcpt", greylisted(), _saying("450 4.7.1 Greylisted, come back later")),
    "refuses-every-7th": Misdeed(
        "rcpt", lambda c: is_refused(c.recipient), _saying("550 5.1.1 No such user")
    ),
    "closes-after-50": Misdeed("taken", lambda c: c.taken == SESSION_MAILS, _end_session),
    "drips": Misdeed("connect", _always, _drip),
    "lies-about-pipelining": Misdeed("command", _always, _forget),
}
