"""An adapter tells triage what it needs to know of a detector, wherever its model is; some models
are here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from review_app.certification.threshold_grid import Side, ThresholdGrid
from review_app.core.errors import NotFoundError
from review_app.detectors.scoring import Opinions
from review_app.inference.card import ThresholdGridCards
from review_app.inference.features import Loader
from review_app.inference.service import Detector, Failed
from storage.models import Item
from storage.models.image import PATH_KEY

NO_PICTURE = (
    "this image is not stored here, so no detector can look at it; take the file itself in, or "
    "adopt the detector whose scores were taken in"
)
"""Why an image of which only scores are here fails under a detector whose model is here."""


class DetectorAdapter(Protocol):
    """One detector that a policy of this deployment may name."""

    def threshold_grids(self, head: str) -> tuple[ThresholdGrid, ThresholdGrid]:
        """The threshold grids for real and for fake. Raises NotFoundError where it has no such
        head."""
        ...

    def seen(self) -> Callable[[str], bool]:
        """A function that tells by an image's key whether it made the detector or its threshold
        grid."""
        ...

    def score(self, items: Sequence[Item]) -> dict[int, Opinions | str]:
        """Every head's opinion by item id, or in words why there is none."""
        ...


class TrainedDetector:
    """A checkpoint. ``load``: gives the pixels of an item with this hash."""

    def __init__(self, detector: Detector, load: Callable[[Item, str], Loader]) -> None:
        self._detector = detector
        self._load = load

    def threshold_grids(self, head: str) -> tuple[ThresholdGrid, ThresholdGrid]:
        """The threshold grids as its validation scores made them."""
        checkpoint = self._detector.checkpoint
        cards = {name.value: each.ladder for name, each in checkpoint.card.heads.items()}
        return both_sides(cards, head, checkpoint.id)

    def seen(self) -> Callable[[str], bool]:
        """A function that tells by the hashes that the checkpoint carries whether it was trained on
        an image. Of one that is known by its path alone, it was not: nothing could be learned from
        it here."""
        seen = self._detector.checkpoint.seen
        return lambda key: not key.startswith(PATH_KEY) and seen(key)

    def score(self, items: Sequence[Item]) -> dict[int, Opinions | str]:
        """The scores are computed now, but for features that are cached."""
        found: dict[int, Opinions | str] = {item.id: NO_PICTURE for item in items}
        pictured = [(item, item.image.picture) for item in items]
        wanted = [(item, picture.sha256) for item, picture in pictured if picture is not None]
        outcomes = self._detector.score(
            [(sha256, self._load(item, sha256)) for item, sha256 in wanted]
        )
        for (item, _), outcome in zip(wanted, outcomes, strict=True):
            if isinstance(outcome, Failed):
                found[item.id] = outcome.reason
            else:
                found[item.id] = {head.value: o for head, o in outcome.opinions.items()}
        return found


def both_sides(
    grids: Mapping[str, ThresholdGridCards], head: str, checkpoint_id: str
) -> tuple[ThresholdGrid, ThresholdGrid]:
    """The grids of ``head`` for real and for fake, from the ``grids`` of a card by head."""
    if head not in grids:
        raise NotFoundError(
            f"checkpoint {checkpoint_id} has no head {head!r}, only: {', '.join(grids)}"
        )
    own = grids[head]
    return (
        ThresholdGrid(Side.REAL, own.real.thresholds, own.real.acceptance),
        ThresholdGrid(Side.FAKE, own.fake.thresholds, own.fake.acceptance),
    )
