"""Rolling windows: how many mails were begun in the last day, hour or minute, counted by buckets
of time. Moments are seconds since 1970."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Span:
    """A length of time that a limit is for, and of the buckets that it is counted in."""

    name: str
    seconds: int
    bucket_seconds: int

    def bucket(self, at: float) -> int:
        """The number of the bucket that a moment is in."""
        return int(at // self.bucket_seconds)

    def oldest(self, at: float) -> int:
        """The first bucket of the window that ends at a moment. It counts whole, so that no window
        of the span, wherever it begins, ever has more than the limit."""
        return self.bucket(at - self.seconds)

    def leaves_at(self, bucket: int) -> float:
        """When a bucket is no longer in the window."""
        return (bucket + 1) * self.bucket_seconds + self.seconds


DAY = Span("day", 86400, 900)
HOUR = Span("hour", 3600, 60)
MINUTE = Span("minute", 60, 5)
SPANS = (DAY, HOUR, MINUTE)


class Bucket(NamedTuple):
    """What was begun in a stretch of time: all mails, and how many of them were a campaign's."""

    number: int
    mails: int
    campaign_mails: int


class Window:
    """What a span's limit leaves room for. Of `limit` mails, `share` may be a campaign's; both are
    1 or more."""

    def __init__(self, span: Span, limit: int, share: int, used: Iterable[Bucket] = ()) -> None:
        self.span, self.limit, self.share = span, limit, share
        self.mails = self.campaign_mails = 0
        self._buckets: deque[Bucket] = deque()
        for bucket in sorted(used):
            self._append(bucket)

    def _append(self, bucket: Bucket) -> None:
        self._buckets.append(bucket)
        self.mails += bucket.mails
        self.campaign_mails += bucket.campaign_mails

    def add(self, at: float, campaign_mails: int) -> None:
        """Count a campaign's mails at a moment, none before the last."""
        self._append(Bucket(self.span.bucket(at), campaign_mails, campaign_mails))

    def move_to(self, at: float) -> None:
        """Let go of what is no longer in the window that ends at a moment."""
        oldest = self.span.oldest(at)
        while self._buckets and self._buckets[0].number < oldest:
            gone = self._buckets.popleft()
            self.mails -= gone.mails
            self.campaign_mails -= gone.campaign_mails

    def room(self, *, campaign: bool) -> int:
        """How many mails more may be begun now; 0 or less for none."""
        room = self.limit - self.mails
        return min(room, self.share - self.campaign_mails) if campaign else room

    def opens_at(self, *, campaign: bool) -> float | None:
        """When there is room for one mail if no other is begun till then; None for now."""
        gone_mails = gone_campaign_mails = 0
        opens_at = None
        for bucket in self._buckets:
            fits = self.mails - gone_mails < self.limit
            if fits and (not campaign or self.campaign_mails - gone_campaign_mails < self.share):
                break
            gone_mails += bucket.mails
            gone_campaign_mails += bucket.campaign_mails
            opens_at = self.span.leaves_at(bucket.number)
        return opens_at
