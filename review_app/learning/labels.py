"""Which settled images teach a detector, which are held out, and which are kept apart. Pure.

Near-duplicates and groups stay together: a *family* teaches, is held out, or is kept apart.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from math import ceil
from typing import Final

from review_app.lab.datasets.families import equal_edges, families
from review_app.manifests.weights import Float64
from review_app.policy.audit_coin import audit_coins
from review_app.queueing.order import raced_chances
from review_app.queueing.ranking import RACE_COINS

HELD_OUT: Final = 0.2
"""Share of people's labels, the newest, that a challenger is compared on and never learns from."""
TUNING_SPLITS: Final = ("train", "val")
_LEAST: Final = 1e-3
"""A chance below it counts as this."""


class KeptApart(StrEnum):
    """A reason why an image with a label does not teach."""

    KNOWN = "known"
    """Its label came with it, and no manifest sets it aside for training: it is gold for reviewers
    and evidence for certificates."""
    SET_ASIDE = "set_aside"
    """A manifest sets it aside to measure or to calibrate."""
    SEEN = "seen"
    """The detector learned from it before."""
    ALIKE = "alike"
    """It is a near-duplicate, or of the group, of one that is kept apart."""


@dataclass(frozen=True, slots=True)
class LabelledItem:
    """A settled image."""

    item_id: int
    image_id: int
    sha256: str
    is_fake: bool
    weight: float
    """How many images of the stream it stands for."""
    at: datetime
    """The time of the newest answer, or when the image came in."""
    alike: int
    """The same number for all near-duplicates of one image."""
    source: str | None = None
    group: str | None = None
    split: str | None = None
    known: bool = False
    """Whether the label came with the image."""
    audited: bool = False
    corrected: bool = False
    put_first: bool = False
    raced: float | None = None
    """Its rank, where the learning order gave it; None elsewhere."""


@dataclass(frozen=True)
class LabelShares:
    """Labels by what they are for."""

    taught: tuple[LabelledItem, ...]
    families: tuple[str, ...]
    """The family of each of those, "" for an image by itself."""
    held_out: tuple[LabelledItem, ...]
    apart: dict[KeptApart, int]

    @property
    def held_out_since(self) -> datetime | None:
        """The time of the first label that is held out."""
        return min((item.at for item in self.held_out), default=None)

    def told(self) -> dict[str, int]:
        """What whoever promotes the result should know of the labels, in numbers."""
        return {
            "audited": sum(item.audited for item in self.taught),
            "corrected": sum(item.corrected for item in self.taught),
            "put_first": sum(item.put_first for item in self.taught),
            "known": sum(item.known for item in self.taught),
            **{f"apart_{why.value}": n for why, n in sorted(self.apart.items())},
        }


def with_chances(items: Sequence[LabelledItem], secret: bytes) -> list[LabelledItem]:
    """``items``, those that came by the learning order weighed by the probability of that, too;
    ``secret``: draws their coins."""
    raced = [at for at, item in enumerate(items) if item.raced is not None]
    coins = audit_coins((items[at].sha256 for at in raced), RACE_COINS, secret)
    chances = raced_chances([items[at].raced or 0.0 for at in raced], coins)
    found = list(items)
    for at, chance in zip(raced, chances.tolist(), strict=True):
        found[at] = replace(found[at], weight=found[at].weight / max(chance, _LEAST))
    return found


def share_out(items: Sequence[LabelledItem], seen: Callable[[str], bool]) -> LabelShares:
    """Which of ``items`` teach; ``seen`` tells by its hash whether the detector learned from one.

    Held out are the newest families, as many as hold a fifth of people's labels: none has a member
    that is older than any that teaches at its newest.
    """
    own = [_own_reason(item, seen) for item in items]
    alike = equal_edges([item.alike for item in items])
    groups = equal_edges([item.group for item in items])
    usable: list[list[int]] = []
    apart: Counter[KeptApart] = Counter()
    for family in families(len(items), alike, groups):
        reasons = [own[at] for at in family]
        if all(reason is None for reason in reasons):
            usable.append(family)
        else:
            apart.update(reason or KeptApart.ALIKE for reason in reasons)
    usable.sort(key=lambda family: (min(items[at].at for at in family), family))
    held_out = _newest(items, usable)
    taught = usable[: len(usable) - held_out]
    return LabelShares(
        tuple(items[at] for family in taught for at in family),
        tuple(
            f"family {items[family[0]].sha256[:16]}" if len(family) > 1 else ""
            for family in taught
            for _ in family
        ),
        tuple(items[at] for family in usable[len(taught) :] for at in family),
        dict(apart),
    )


def wanting(shares: LabelShares, fewest: int) -> dict[str, int]:
    """How many more labels of each class there must be before ``fewest`` teach; empty where there
    are enough. Of new labels a share is held out, too."""
    fakes = sum(item.is_fake for item in shares.taught)
    have = {"real": len(shares.taught) - fakes, "fake": fakes}
    return {label: ceil((fewest - n) / (1 - HELD_OUT)) for label, n in have.items() if n < fewest}


def digest_of(items: Sequence[LabelledItem], weights: Float64) -> str:
    """The SHA-256 of the images' hashes, labels and ``weights`` [n], whatever their order."""
    lines = sorted(
        f"{item.sha256} {int(item.is_fake)} {weight!r}"
        for item, weight in zip(items, weights.tolist(), strict=True)
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _own_reason(item: LabelledItem, seen: Callable[[str], bool]) -> KeptApart | None:
    if item.known and item.split not in TUNING_SPLITS:
        return KeptApart.KNOWN
    if item.split is not None and item.split not in TUNING_SPLITS:
        return KeptApart.SET_ASIDE
    return KeptApart.SEEN if seen(item.sha256) else None


def _newest(items: Sequence[LabelledItem], usable: Sequence[Sequence[int]]) -> int:
    """How many of the ``usable`` families, oldest first, are held out at their end."""
    counts = [sum(not items[at].known for at in family) for family in usable]
    wanted, found, held_out = HELD_OUT * sum(counts), 0, 0
    for family, n in zip(reversed(usable), reversed(counts), strict=True):
        if found + n > wanted or n < len(family):  # what came with the image is never held out
            break
        found += n
        held_out += 1
    return held_out
