"""Detectors whose model is elsewhere: what score files have told of them is all there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from review_app.certification.threshold_grid import ThresholdGrid
from review_app.detectors.adapter import both_sides
from review_app.detectors.scoring import Opinions
from review_app.scores.card import ExternalCard
from storage.database import Database
from storage.enums import CheckpointKind
from storage.models import Item


class ExternalDetector:
    """One of them, by its card. Its scores are stored predictions; there are no others."""

    def __init__(self, checkpoint_id: str, card: ExternalCard) -> None:
        self.id = checkpoint_id
        self.card = card

    def threshold_grids(self, head: str) -> tuple[ThresholdGrid, ThresholdGrid]:
        """The threshold grids as the sample of its first score files made them."""
        cards = {name: each.ladder for name, each in self.card.heads.items()}
        return both_sides(cards, head, self.id)

    def seen(self) -> Callable[[str], bool]:
        """A function that tells by an image's key whether its score made the threshold grid. What
        it has learned from is told by the image's split."""
        return self.card.seen()

    def score(self, items: Sequence[Item]) -> dict[int, Opinions | str]:
        """The reason, by item id and in words, why there is no score: it is not computed here."""
        words = (
            f"detector {self.card.detector} has given no score for this image; take in a score "
            "file that has it, then triage with --retry"
        )
        return {item.id: words for item in items}


def find_external(database: Database, checkpoint_id: str) -> ExternalDetector | None:
    """The external detector of this id, if it is one. Read anew each time: until somebody tries to
    certify it, a further score file makes its grid anew."""
    with database.read() as repos:
        row = repos.checkpoints.get(checkpoint_id)
    if row is None or row.kind is not CheckpointKind.EXTERNAL:
        return None
    return ExternalDetector(row.id, ExternalCard.model_validate(row.card))
