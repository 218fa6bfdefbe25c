"""What can be the matter with the mailbox or a mail, in sentences that say what to do next."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.mail.alternatives import field_to_correct
from portal.mail.network import Place
from portal.mail.providers import Endpoint
from portal.mail_settings.connection_texts import CONNECTION_SENTENCES
from portal.mail_settings.server_texts import SECURITY_NAMES
from portal.oauth.texts import SENTENCES as OAUTH_SENTENCES

# By the code of a diagnosis, or of the portal itself.
SENTENCES: dict[str, Any] = {
    **CONNECTION_SENTENCES,
    **OAUTH_SENTENCES,
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
        "DMARC). Ask whoever looks after your domain, or enter an address of another domain."
    ),
    "sender_restricted": _l(
        "The provider has stopped this address from sending, mostly after spam. Ask your "
        "provider what to do, or enter another address."
    ),
    "sender_policy": _l(
        "The provider's rules do not allow this address as a sender. Enter the account's own."
    ),
    "own_address_refused": _l(
        "The server knows no mailbox of this address. Look for a slip in it."
    ),
    "own_mailbox_busy": _l(
        "The sign-in went well and mails to patients go out, but the practice's own mailbox is "
        "full or takes nothing for some minutes. Make room in it, and check again."
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
    "smtputf8_missing": _l(
        "The mail server does not take addresses with letters such as ñ before the @. Ask the "
        "person for another address."
    ),
    "eight_bit_missing": _l(
        "The mail server does not take letters with accents as this mail has them. Write it "
        "without unusual characters."
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


# What to do in the field in which the place that answers differs from the one that was tried.
CORRECTIONS: dict[str, Any] = {
    "smtp_server": _l("Enter %(server)s here, port %(port)s with %(security)s."),
    "smtp_port": _l("Enter %(port)s here, and choose %(security)s as the protocol."),
    "security": _l("Choose %(security)s here."),
}
_NO_ANSWER = _l("The server does not answer on port %(port)s.")
_NO_SIGN_IN = _l("The server lets nobody sign in on port %(port)s.")
_OTHER_PROTOCOL = _l("The server expects another protocol on port %(port)s.")
# Why the mailbox can't be reached where it was tried. They advise nothing: what to do is known.
REASONS: dict[str, Any] = {
    "unknown_host": _l("There is no server called %(server)s."),
    "name_lookup_failed": _l("The name %(server)s could not be looked up just now."),
    "private_address": _l("%(server)s is in a private network, where the portal may not connect."),
    "port_not_allowed": _l("The server's port %(port)s is one that the portal may not use."),
    "connection_refused": _NO_ANSWER,
    "connection_timeout": _NO_ANSWER,
    "server_silent": _NO_ANSWER,
    "unreachable": _l("%(server)s can't be reached from here just now."),
    "connection_lost": _l("The server closed the connection on port %(port)s."),
    "server_slow": _l("The server took too long to answer on port %(port)s."),
    "not_smtp": _l("The server does not speak as a mail server on port %(port)s."),
    "wrong_security": _OTHER_PROTOCOL,
    "starttls_missing": _l("The server offers no STARTTLS on port %(port)s."),
    "unencrypted": _l("The server offers no encryption on port %(port)s."),
    "tls_failed": _l("Portal and server could not agree on an encryption on port %(port)s."),
    "certificate_name": _l("The certificate of %(server)s is for another name."),
    "certificate_expired": _l("The certificate of %(server)s has expired."),
    "certificate_self_signed": _l("The certificate of %(server)s is self-signed."),
    "certificate_untrusted": _l("The certificate of %(server)s is from nobody known."),
    "auth_missing": _NO_SIGN_IN,
    "encryption_required": _NO_SIGN_IN,
    "sign_in_not_offered": _NO_SIGN_IN,
    "password_sign_in_gone": _NO_SIGN_IN,
}
_REFUSED = _l("The server takes no mail from the portal on port %(port)s.")


def sentence(cause: str | None, reply: str | None = None) -> str:
    """What to tell a person, with the server's own words behind it."""
    return _with_words(str(SENTENCES.get(cause or "", _("The mailbox does not work."))), reply)


def reason(cause: str, failed: Place, found: Endpoint) -> str:
    """Why the mailbox can't be reached at `failed`, when it was found at another place."""
    same_port = field_to_correct(failed, found) == "security"
    text = _OTHER_PROTOCOL if same_port else REASONS.get(cause, _REFUSED)
    return str(text) % _names(failed)


def correction(cause: str, reply: str | None, failed: Place, found: Endpoint) -> str:
    """What to do in the field to correct, when the mailbox was found at another place, and why."""
    what = str(CORRECTIONS[field_to_correct(failed, found)]) % _names(found)
    return _with_words(f"{what} {reason(cause, failed, found)}", reply)


def _names(place: Place) -> dict[str, Any]:
    security = SECURITY_NAMES[place.security]
    return {"server": place.host, "port": place.port, "security": security}


def _with_words(text: str, reply: str | None) -> str:
    said = _("The server says:")
    return f"{text} {said} {reply}" if reply else text
