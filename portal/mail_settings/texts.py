"""What can be the matter with the mailbox or a mail, in sentences that say what to do next."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.mail_settings.connection_texts import CONNECTION_SENTENCES

# By the code of a diagnosis, or of the portal itself.
SENTENCES: dict[str, Any] = CONNECTION_SENTENCES | {
    "sender_refused": _l(
        "The server does not let this account send from this address. Enter the account's own."
    ),
    "sender_not_owned": _l(
        "This address does not belong to the account that signs in. Enter the account's own, or "
        "add this one at your provider."
    ),
    "sender_unverified": _l(
        "The provider does not know this address as a sender yet. Have it verified at your "
        "provider, or enter one that is."
    ),
    "sender_domain_unknown": _l(
        "The domain of this address is unknown to the server. Look for a slip in what follows "
        "the @."
    ),
    "sender_unauthenticated": _l(
        "The domain of this address does not say that its mail may come from here (SPF, DKIM or "
        "DMARC). Ask whoever looks after your domain."
    ),
    "sender_restricted": _l(
        "The provider has stopped this address from sending, mostly after spam. Ask your "
        "provider what to do, or send from another one."
    ),
    "sender_policy": _l(
        "The provider's rules do not allow this address as a sender. Enter the account's own."
    ),
    "own_address_refused": _l(
        "The server knows no mailbox of this address. Look for a slip in it."
    ),
    "sending_limit": _l(
        "The provider's limit of mails is reached. Mails that wait go by themselves once it "
        "takes mail again."
    ),
    "rate_limit": _l(
        "Mails came faster than the provider allows. Mails that wait go by themselves in a while."
    ),
    "too_many_recipients": _l(
        "There were more recipients than the provider allows at a time. Mails that wait go by "
        "themselves later."
    ),
    "recipient_unknown": _l(
        "There is no mailbox of this address. Ask the person for the right one."
    ),
    "recipient_domain_unknown": _l(
        "The domain of this address does not exist. Look for a slip in what follows the @."
    ),
    "recipient_disabled": _l("This mailbox has been closed. Ask the person for another address."),
    "recipient_full": _l(
        "This mailbox is full. Mail to it is tried again; whoever it belongs to must make room."
    ),
    "recipient_rate": _l("This mailbox receives too much just now. It is tried again later."),
    "recipient_refused": _l(
        "The recipient's server does not take this mail. Compare the address with what the "
        "person gave you."
    ),
    "greylisted": _l(
        "The recipient's server asks to come back in some minutes (greylisting). Nothing needs "
        "to be changed."
    ),
    "delivery_refused": _l(
        "The server refused to pass on a mail. Ask your provider why, with the server's words."
    ),
    "content_refused": _l(
        "The server refused a mail for what it contains. Change the text, and send yourself a "
        "test mail first."
    ),
    "spam_content": _l(
        "The server takes a mail for spam. Leave out shortened links and capitals, and send "
        "yourself a test mail first."
    ),
    "attachment_refused": _l(
        "The server does not take an attachment of this kind. Send it as a PDF, or leave it out."
    ),
    "infected": _l(
        "The server found a virus in a mail. Have the computer that the attachment is from "
        "examined."
    ),
    "too_large": _l(
        "A mail is bigger than the server takes. Leave out attachments, or make them smaller."
    ),
    "check_unfinished": _l("The check did not finish. Check again in a minute."),
    "test_unconfirmed": _l(
        "Whether the test mail was accepted is not known: the server did not say so in time. "
        "Look into your inbox."
    ),
}


def sentence(cause: str | None, reply: str | None = None) -> str:
    """What to tell a person, with the server's own words behind it."""
    text = str(SENTENCES.get(cause or "", _("The mailbox does not work.")))
    return f"{text} {_('The server says:')} {reply}" if reply else text
