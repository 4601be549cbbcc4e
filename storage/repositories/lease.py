"""What a lease is, and an item that is handed out under one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.models import Claim, Item


@dataclass(frozen=True)
class Lease:
    """The time for which what is handed out or renewed now may be held."""

    now: datetime
    expires_at: datetime
    since: datetime
    """What was handed out before is renewed no more."""
    rested: datetime
    """What was given back for that reason since then is for others."""

    @classmethod
    def of(cls, now: datetime, lasts: timedelta, longest: timedelta) -> Lease:
        """A lease that ``lasts`` so long; none is renewed beyond the ``longest`` time in all."""
        until = now + lasts
        return cls(now, until, until - max(longest, 2 * lasts), now - lasts)

    def has_worn_out(self, claimed_at: datetime, expires_at: datetime) -> bool:
        """Whether a claim ran out since it could not be renewed any more."""
        lasts, longest = self.expires_at - self.now, self.expires_at - self.since
        return expires_at - claimed_at > longest - lasts


@dataclass(frozen=True)
class Handed:
    """An item in somebody's hands."""

    claim_id: int
    handle: str
    """What they know it by."""
    expires_at: datetime
    item: Item


def handed(claim: Claim, item: Item) -> Handed:
    """``item`` as the holder of ``claim`` has it."""
    return Handed(claim.id, claim.handle, claim.expires_at, item)
