"""What the members of a detector that is made of others say of one image, beside each other."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from review_app.cascade.card import CascadeCard
from review_app.detectors.cards import cascade_card, fused_card
from review_app.fusion.card import FusedCard
from storage.repositories import Repositories


@dataclass(frozen=True)
class MemberSaid:
    """What one member says."""

    checkpoint: str
    head: str
    weight: float
    """Mean of its weight; of those that say the same, that of all together. In a cascade 1 of the
    one that decides, 0 of the other."""
    p_fake: float | None
    """Its P(fake); None where it has no score of the image: it widens the doubt of a fusion, and of
    a cascade the dear one has none of most images."""


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
    """What is stored of the members of a fused detector, or of the two of a cascade; none of any
    other detector."""
    card, cascade = fused_card(repos, checkpoint_id), cascade_card(repos, checkpoint_id)
    if cascade is not None:
        return _in_a_row(repos, cascade, image_id)
    if card is None:
        return ()
    names = [(member.checkpoint, member.head) for member in card.members]
    scores, _ = repos.member_scores.of_images([image_id], names)
    there = zip(names, scores[0].tolist(), strict=True)
    return members_said(card, {name: p for name, p in there if not math.isnan(p)})


def _in_a_row(repos: Repositories, card: CascadeCard, image_id: int) -> tuple[MemberSaid, ...]:
    """The cheap detector and the dear one. Which of them decides follows from the score, not from
    what is stored: the dear one may have met the image for another reason."""
    members = (card.cheap, card.dear)
    stored = [
        repos.predictions.of_images([image_id], each.checkpoint).get(image_id, {}).get(each.head)
        for each in members
    ]
    sent = stored[0] is not None and card.gate.sends(stored[0].score)
    return tuple(
        MemberSaid(
            each.checkpoint, each.head, float(decides), None if said is None else said.p_fake
        )
        for each, said, decides in zip(members, stored, (not sent, sent), strict=True)
    )
