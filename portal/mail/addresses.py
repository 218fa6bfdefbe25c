"""E-mail addresses, and the names of mail servers."""

import idna
from email_validator import validate_email

MAX_ADDRESS = 254


def valid_address(text: str) -> str:
    """The address as an envelope can carry it: ASCII, its domain in lower case and as IDNA.

    Raises ValueError. The domain is not looked up, but it is a public one or one for tests and
    examples: `localhost`, `.local` and `.invalid` are refused.
    """
    address = validate_email(
        text.strip(), check_deliverability=False, allow_smtputf8=False, test_environment=True
    )
    return f"{address.local_part}@{address.ascii_domain}"


def ascii_host(name: str) -> str:
    """A server's name as the DNS and certificates have it: labels of other letters as A-labels by
    IDNA 2008 (UTS 46), where Python's own IDNA 2003 finds another server for some, such as those
    with ß. An IP address is itself.

    Raises ValueError for what no server can be called."""
    return name if name.isascii() else idna.encode(name, uts46=True).decode()
