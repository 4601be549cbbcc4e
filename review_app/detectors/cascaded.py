"""Cascades: the cheap detector decides what it can, and only the rest reaches the dear one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from review_app.cascade.card import HEAD, CascadeCard, CascadeMember, cascade_id
from review_app.certification.threshold_grid import ThresholdGrid
from review_app.detectors.adapter import both_sides
from review_app.detectors.scoring import Opinions, Scoring
from review_app.inference.service import Opinion
from storage.database import Database
from storage.models import Item, Prediction

NO_OPINION = "{detector} says nothing of this image by its head {head}"


class CascadedDetector:
    """One of them, by its card. ``has_seen``: of either detector, as of any."""

    def __init__(
        self,
        database: Database,
        card: CascadeCard,
        scoring: Scoring,
        has_seen: Callable[[str], Callable[[str], bool]],
    ) -> None:
        self.id = cascade_id(card.name)
        self.card = card
        self._database = database
        self._scoring = scoring
        self._has_seen = has_seen

    def threshold_grids(self, head: str) -> tuple[ThresholdGrid, ThresholdGrid]:
        """The threshold grids by the images whose labels made the gate."""
        cards = {name: each.ladder for name, each in self.card.heads.items()}
        return both_sides(cards, head, self.id)

    def seen(self) -> Callable[[str], bool]:
        """A function that tells by an image's key whether it made the gate, the grid, or one of the
        two detectors."""
        each = [self.card.seen(), *(self._has_seen(part) for part in self.parts)]
        return lambda key: any(seen(key) for seen in each)

    def score(self, items: Sequence[Item]) -> dict[int, Opinions | str]:
        """Each detector scores what it has not scored yet: the cheap one all ``items``, the dear
        one those that the gate sends on. What it says of those is the cascade's opinion as it is,
        as is what the cheap one says of the others, but for the score's scale."""
        gate, found = self.card.gate, self._said(items, self.card.cheap)
        sent = [
            item
            for item in items
            if isinstance(opinion := found[item.id], Prediction) and gate.sends(opinion.score)
        ]
        dear = self._said(sent, self.card.dear)
        return {
            item.id: _opinions(dear[item.id])
            if item.id in dear
            else _opinions(found[item.id], gate.scaled)
            for item in items
        }

    @property
    def parts(self) -> list[str]:
        """The ids of the two detectors."""
        return [self.card.cheap.checkpoint, self.card.dear.checkpoint]

    def _said(self, items: Sequence[Item], member: CascadeMember) -> Mapping[int, Prediction | str]:
        """What is stored of the ``member`` now, by item id, or in words why there is nothing."""
        failures = self._scoring.complete(items, member.checkpoint)
        with self._database.read() as repos:
            stored = repos.predictions.of_images([i.image_id for i in items], member.checkpoint)
        nothing = NO_OPINION.format(detector=member.checkpoint, head=member.head)
        return {
            item.id: stored.get(item.image_id, {}).get(member.head)
            or failures.get(item.id, nothing)
            for item in items
        }


def _opinions(
    said: Prediction | str, scaled: Callable[[float], float] = lambda score: score
) -> Opinions | str:
    """The opinion of the one head; novelty is left out, for the two have no scale of it in
    common: an image that either calls unlike has the score 1/2."""
    if isinstance(said, str):
        return said
    opinion = Opinion(
        p_fake=said.p_fake,
        std=said.std,
        entropy=said.entropy,
        mutual_information=said.mutual_information,
        score=scaled(said.score),
        novelty=None,
        scope=said.scope,
    )
    return {HEAD: opinion}
