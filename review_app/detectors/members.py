"""What the members of a fused detector say of one image, beside each other."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from review_app.detectors.cards import fused_card
from review_app.fusion.card import FusedCard
from storage.repositories import Repositories


@dataclass(frozen=True)
class MemberSaid:
    """What one member says."""

    checkpoint: str
    head: str
    weight: float
    """Mean of its weight; of those that say the same, that of all together."""
    p_fake: float | None
    """Its P(fake); None where it has no score of the image, which widens the doubt."""


def members_said(
    card: FusedCard, p_fake: Mapping[tuple[str, str], float]
) -> tuple[MemberSaid, ...]:
    """Every member of the fusion, with what ``p_fake`` by checkpoint and head has of it."""
    return tuple(
        MemberSaid(
            member.checkpoint,
            member.head,
            member.weight,
            p_fake.get((member.checkpoint, member.head)),
        )
        for member in card.members
    )


def stored_members(
    repos: Repositories, checkpoint_id: str, image_id: int
) -> tuple[MemberSaid, ...]:
    """What is stored of the members of a fused detector; none of any other detector."""
    card = fused_card(repos, checkpoint_id)
    if card is None:
        return ()
    names = [(member.checkpoint, member.head) for member in card.members]
    scores, _ = repos.member_scores.of_images([image_id], names)
    there = zip(names, scores[0].tolist(), strict=True)
    return members_said(card, {name: p for name, p in there if not math.isnan(p)})
