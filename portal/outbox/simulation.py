"""How long mails take under limits, told beforehand. Moments are seconds since 1970."""

from collections.abc import Sequence

from portal.outbox.windows import Span, Window

# Of one simulation. What is left then goes by its slowest limit, as if that began anew.
STEPS = 3000


def simulate(
    mails: int, starts_at: float, pace: float, windows: Sequence[Window]
) -> tuple[float, Window | None]:
    """When the last of a campaign's mails is begun, at `pace` mails a second from `starts_at` on,
    and the window that kept it waiting longest, None where none did. Uses the windows up.

    Never earlier than the limits allow, and in no more STEPS for a larger campaign. What else is
    sent meanwhile makes it later."""
    at = starts_at
    waited = dict.fromkeys(windows, 0.0)
    step = _step(mails, pace, windows)
    for _ in range(STEPS):
        at = _wait(at, waited)
        begun = min(mails, step, *(window.room(campaign=True) for window in windows))
        at += begun / pace
        for window in windows:
            window.add(at, begun)
        mails -= begun
        if mails <= 0:
            return at, _held_by(waited)
    return _as_if_begun_anew(mails, at, pace, windows)


def _step(mails: int, pace: float, windows: Sequence[Window]) -> int:
    """How many mails are taken for begun at one moment, the last one's: what the pace gets through
    in a part of the shortest span."""
    shortest = min((window.span.seconds for window in windows), default=None)
    return max(1, int(pace * shortest / 4)) if shortest else max(1, mails)


def _wait(at: float, waited: dict[Window, float]) -> float:
    """The first moment from `at` on when every window has room, noting for which it was waited."""
    while True:
        opening = []
        for window in waited:
            window.move_to(at)
            if opens_at := window.opens_at(campaign=True):
                opening.append((opens_at, window))
        if not opening:
            return at
        opens_at, latest = max(opening, key=lambda pair: pair[0])
        waited[latest] += opens_at - at
        at = opens_at


def _held_by(waited: dict[Window, float]) -> Window | None:
    longest = max(waited, key=waited.__getitem__, default=None)
    return longest if longest and waited[longest] else None


def _as_if_begun_anew(
    mails: int, at: float, pace: float, windows: Sequence[Window]
) -> tuple[float, Window]:
    """Once every window is empty, mails that are far enough apart meet none of the limits."""
    apart = {window: _whole(window.span) / window.share for window in windows}
    slowest = max(apart, key=apart.__getitem__)
    empty_at = at + max(_whole(window.span) for window in windows)
    return empty_at + mails * max(apart[slowest], 1 / pace), slowest


def _whole(span: Span) -> int:
    """How long a mail counts at most."""
    return span.seconds + span.bucket_seconds
