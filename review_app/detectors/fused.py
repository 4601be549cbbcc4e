"""Detectors made of others: what the members said of an image becomes one opinion."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from review_app.certification.threshold_grid import ThresholdGrid
from review_app.detectors.adapter import both_sides
from review_app.detectors.cards import stored_card
from review_app.detectors.scoring import Opinions, Scoring
from review_app.detectors.teaching import heard_of, native
from review_app.fusion.card import HEAD, FusedCard, fused_id
from review_app.inference.rejection import reject_score, signed
from review_app.inference.service import Opinion
from storage.database import Database
from storage.models import Item
from storage.repositories import Repositories

Float64 = NDArray[np.float64]
NOTHING_SAID = "none of the members of {id} has a score for this image; {why}"


class FusedDetector:
    """One of them, by its card. ``has_seen``: of a member, as of any detector."""

    def __init__(
        self,
        database: Database,
        card: FusedCard,
        scoring: Scoring,
        has_seen: Callable[[str], Callable[[str], bool]],
    ) -> None:
        self.id = fused_id(card.name)
        self.card = card
        self._database = database
        self._scoring = scoring
        self._has_seen = has_seen
        self._cuts: Float64 | None = None

    def threshold_grids(self, head: str) -> tuple[ThresholdGrid, ThresholdGrid]:
        """The threshold grids by images whose labels did not make what is said of them."""
        cards = {name: each.ladder for name, each in self.card.heads.items()}
        return both_sides(cards, head, self.id)

    def seen(self) -> Callable[[str], bool]:
        """A function that tells by an image's key whether it made the fusion, its grid, or a member
        whose model is here."""
        each = [self.card.seen(), *(self._has_seen(part) for part in self.parts)]
        return lambda key: any(seen(key) for seen in each)

    def score(self, items: Sequence[Item]) -> dict[int, Opinions | str]:
        """The members whose models are here score what they have not scored yet, of the others what
        is stored counts; a member without a score widens the doubt."""
        failures: dict[int, str] = {}
        for member in self.parts:
            failures |= self._scoring.complete(items, member)
        members = [(member.checkpoint, member.head) for member in self.card.members]
        with self._database.read() as repos:
            scores, novelty = repos.member_scores.of_images([i.image_id for i in items], members)
            if self._cuts is None:
                self._cuts = novelty_cuts(repos, [checkpoint for checkpoint, _ in members])
        opinions = self._opinions(scores, unlike(novelty, self._cuts))
        heard = heard_of(scores)
        lacking = "take in a score file that has it, then triage with --retry"
        return {
            item.id: {HEAD: opinions[at]}
            if heard[at]
            else NOTHING_SAID.format(id=self.id, why=failures.get(item.id, lacking))
            for at, item in enumerate(items)
        }

    def _opinions(self, scores: Float64, is_unlike: NDArray[np.bool_]) -> list[Opinion]:
        said = self.card.model.predict(scores)
        signs = signed(said.p_fake, reject_score(said.p_fake), is_unlike)
        columns = (said.p_fake, said.std, said.entropy, said.mutual_information, signs)
        rows = np.column_stack(columns).tolist()
        return [
            Opinion(
                p_fake=p_fake,
                std=std,
                entropy=entropy,
                mutual_information=information,
                score=score,
                novelty=None,
            )
            for p_fake, std, entropy, information, score in rows
        ]

    @property
    def parts(self) -> list[str]:
        """The ids of its members whose models are here."""
        return native([(member.checkpoint, member.head) for member in self.card.members])


def novelty_cuts(repos: Repositories, checkpoints: Sequence[str]) -> Float64:
    """The novelty from which on each of ``checkpoints`` calls an image unlike its training images,
    [n]; infinity of external ones, whose score says so itself where it should."""
    cards = [stored_card(repos, each) for each in checkpoints]
    cuts = [None if card is None else card.novelty for card in cards]
    return np.array([np.inf if cut is None else cut.cut for cut in cuts], np.float64)


def unlike(novelty: Float64, cuts: Float64) -> NDArray[np.bool_]:
    """Which images [n] are unlike what every member learned from that measures it, by ``novelty``
    [n, members]: one that knows such images is enough."""
    measured = ~np.isnan(novelty) & np.isfinite(cuts)
    beyond = np.where(measured, novelty > cuts, True)
    return np.asarray(measured.any(axis=1) & beyond.all(axis=1))
