"""Whether a mail in doubt is sent once more by itself: a choice for each kind of mail."""

from collections.abc import Mapping

# What is chosen until somebody chooses otherwise. A reminder that comes twice does no harm, one
# that doesn't come may cost a visit; everything else waits for a person's word.
REPEATED: Mapping[str, bool] = {
    "appointment_reminder": True,
    "appointment_status": False,
    "video_link": False,
    "invoice": False,
    "campaign": False,
}


def repeated_kinds(chosen: Mapping[str, bool] | None) -> dict[str, bool]:
    """Every kind of mail, and whether one in doubt is sent once more by itself; `chosen` is what
    the account has of its own (MailAccount.repeated_kinds)."""
    return {**REPEATED, **(chosen or {})}
