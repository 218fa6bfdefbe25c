"""What to do about a mailbox that doesn't work: a short way for each kind of trouble, in words for
whoever sits at the desk."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.mail.findings import MEANINGS, Finding


@dataclass(frozen=True)
class Guide:
    """A way out of one kind of trouble: its title, and what to do, in this order."""

    title: Any
    steps: Sequence[Any]


GUIDES: dict[str, Guide] = {
    "app-password": Guide(
        _l("Make an app password"),
        (
            _l("Open your provider's page and sign in to the mailbox as you always do."),
            _l("In its security settings switch on 2-step verification, if it isn't on yet."),
            _l(
                "There, make an app password for this portal. It is a second password, for "
                "programs only."
            ),
            _l("Copy it at once: it is shown a single time."),
            _l("Paste it into the field Password of the email settings, and save."),
        ),
    ),
    "oauth2": Guide(
        _l("Sign in at the provider"),
        (
            _l(
                "This provider lets other programs in by a sign-in on its own page (OAuth 2.0). "
                "The portal then holds a permission to send, and no password."
            ),
            _l(
                "Use “Sign in with Google” or “Sign in with Microsoft”, here or in the email "
                "settings, with the account that the practice's mails go out from, and agree to "
                "what the page asks."
            ),
            _l("You come back to the email settings, and the portal checks the mailbox at once."),
            _l(
                "If that is not offered for your mailbox, send from another one of the practice: "
                "enter its address and password in the email settings, and save."
            ),
        ),
    ),
    "sign-in-blocked": Guide(
        _l("The provider holds the sign-in up"),
        (
            _l("Open the mailbox in a browser, on your provider's own page."),
            _l(
                "Look for a message about a new or suspicious sign-in and confirm that it was you; "
                "look into the inbox for it too."
            ),
            _l(
                "If the account is locked, follow what the page says to open it again, or call the "
                "provider."
            ),
            _l("Wait a quarter of an hour, come back, and check again."),
        ),
    ),
    "smtp-disabled": Guide(
        _l("Allow other programs to send"),
        (
            _l(
                "Sending by other programs (SMTP) is switched off for this mailbox. It is switched "
                "on at the provider, not here."
            ),
            _l(
                "Open the mailbox's settings on your provider's page and look for “SMTP”, “POP and "
                "IMAP” or “external programs”. For a mailbox of an organisation its administrator "
                "does that."
            ),
            _l("Switch it on. Some providers need up to an hour."),
            _l("Come back and check again."),
        ),
    ),
    "password": Guide(
        _l("Find the right password"),
        (
            _l(
                "Open the mailbox in a browser, on your provider's own page, with the address and "
                "the password that you entered in the email settings."
            ),
            _l("If that fails, set a new password there."),
            _l(
                "If it works, look into the provider's help whether programs need a password of "
                "their own (app password)."
            ),
            _l("Type the password into the email settings by hand, and save."),
        ),
    ),
    "username": Guide(
        _l("Find the right user name"),
        (
            _l(
                "Look into the letter or mail by which you got the mailbox, or into your "
                "provider's help: the user name is mostly the whole address."
            ),
            _l(
                "If it is another one, tick “Different user” in the email settings and enter it in "
                "User name. If it is the address, leave that unticked."
            ),
            _l("Enter the password again, and save."),
        ),
    ),
    "sender": Guide(
        _l("Send from an address that the provider allows"),
        (
            _l(
                "Compare the email address in the settings with the mailbox that you sign in to. "
                "Many providers allow that one address only."
            ),
            _l(
                "To send from another address, add it at your provider first, as an alias or a "
                "verified sender."
            ),
            _l(
                "If the server speaks of SPF, DKIM or DMARC, hand its words to whoever looks after "
                "your domain: an entry is missing there."
            ),
            _l("Enter the address in the email settings, and save."),
        ),
    ),
    "server": Guide(
        _l("Find the right server"),
        (
            _l(
                "In your provider's help look for “outgoing mail” or “set up a mail program”. The "
                "name there (SMTP server) often begins with smtp or mail."
            ),
            _l("Compare it letter by letter with the server in the email settings."),
            _l(
                "If your mail program at the desk works, look there: its account settings have the "
                "outgoing server too."
            ),
            _l("Enter the name in the email settings, and save."),
        ),
    ),
    "security": Guide(
        _l("Bring port and protocol together"),
        (
            _l(
                "Two pairs are usual: port 465 with SSL/TLS, and port 587 with STARTTLS. Look into "
                "your provider's help which one it has."
            ),
            _l("Open the server's fields in the email settings and choose that pair."),
            _l("Save. If it fails, try the other pair."),
        ),
    ),
    "certificate": Guide(
        _l("The server can't prove its name"),
        (
            _l(
                "An encrypted connection starts with a proof of the server's name (certificate). "
                "This one isn't good, so no password was sent."
            ),
            _l("Compare the server's name with your provider's help; its own name has a proof."),
            _l(
                "If the name is right, tell whoever runs the server. The proof has to be renewed "
                "there."
            ),
            _l("Check again when that is done."),
        ),
    ),
    "limit": Guide(
        _l("The provider's limit is reached"),
        (
            _l(
                "There is nothing to change: the provider counts mails and sign-ins, and has had "
                "enough of them for now. Trying again makes it wait longer."
            ),
            _l("Mails that wait go by themselves once the provider takes mail again."),
            _l(
                "If it happens often, send big campaigns on several days, or ask the provider for "
                "a plan with a higher limit."
            ),
        ),
    ),
    "recipient": Guide(
        _l("One recipient was refused"),
        (
            _l("The mailbox works. It is this one recipient's server that refuses the mail."),
            _l("Compare the address with what the person gave you, letter by letter."),
            _l("If it is right, call the person: the mailbox may be full or closed."),
        ),
    ),
    "content": Guide(
        _l("A mail was refused for what it contains"),
        (
            _l("The mailbox works. The server takes this text, a link or an attachment for harm."),
            _l(
                "Leave out shortened links, words all in capitals and big attachments, and say in "
                "the first line who writes."
            ),
            _l("Send yourself a test mail, then go on."),
        ),
    ),
    "reputation": Guide(
        _l("The server's address is on a block list"),
        (
            _l(
                "Mail from the network that sends is refused, whoever signs in. No field of the "
                "settings mends that."
            ),
            _l(
                "Hand the server's words to your provider or to whoever runs this portal. They "
                "name the list, and where to ask for removal."
            ),
            _l(
                "If no mailbox of yours may send from here, a sending service (relay) is the way: "
                "you find some under Host."
            ),
        ),
    ),
    "wait": Guide(
        _l("Wait and check again"),
        (
            _l("The server is busy or can't be reached just now. The settings may well be right."),
            _l("Wait some minutes and check again. The portal tries by itself as well."),
            _l("If it goes on for a day, ask your provider whether there is an outage."),
        ),
    ),
}

# Causes that are the portal's own, beside those of a diagnosis.
_OWN_CAUSES = {
    "password_unreadable": "password",
    "permission_unreadable": "oauth2",
    "check_unfinished": "wait",
    "test_unconfirmed": "wait",
}


def guide_of(cause: str) -> str:
    """The key of GUIDES for a cause that was found, also for one of an older day."""
    try:
        return MEANINGS[Finding(cause)].guide
    except ValueError:
        return _OWN_CAUSES.get(cause, "wait")
