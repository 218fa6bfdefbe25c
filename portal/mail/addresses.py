"""E-mail addresses."""

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
