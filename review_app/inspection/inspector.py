"""Inspect: one image, every head's reading of it, and a sentence in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from review_app.demo.samples import Sample, ensure_samples
from review_app.detector.service import Detector, Opinion
from review_app.detectors import Detectors
from review_app.triage.explanation import verdict_in_words
from review_app.triage.governance import PolicyDesk
from review_app.triage.marks import UncertaintyCuts
from review_app.words import Value, t

TITLES = {
    "linear": "Linear",
    "naive_bayes": "Naive Bayes",
    "mc_dropout": "MC dropout",
    "variational": "Variational",
    "laplace": "Laplace",
    "ensemble": "Deep ensemble",
}


@dataclass(frozen=True)
class HeadReading:
    """What one head says of the image; entropy and mutual information in nats."""

    name: str
    title: str
    p_fake: float
    std: float
    entropy: float
    mutual_information: float
    words: str
    is_default: bool
    """Triage decides on this head."""


@dataclass(frozen=True)
class Inspection:
    """Every head's reading, and the sentence of the head that triage decides on."""

    heads: list[HeadReading]
    words: str
    novelty: float | None
    """How unlike the training images the image is, z; None where the checkpoint does not say."""
    unlike: bool
    """Whether that is above the checkpoint's cut."""


class Inspector:
    """Reads images with the detector in force."""

    def __init__(self, policies: PolicyDesk, detectors: Detectors, samples_dir: Path) -> None:
        self._policies = policies
        self._detectors = detectors
        self._samples_dir = samples_dir

    def heads(self) -> list[str]:
        """Names of the heads, as they will be read."""
        return [name.value for name in self._reader().checkpoint.heads]

    def inspect(self, image: Image.Image) -> Inspection:
        """Read ``image`` (upright RGB, as ``intake.decode`` makes it). Nothing is stored."""
        policy = self._policies.current()
        detector = self._reader()
        card = detector.checkpoint.card
        decides = detector.checkpoint.id == policy.checkpoint
        head = policy.head if decides else card.default_head.value
        opinions = detector.inspect(image)
        novelty = next(iter(opinions.values())).novelty  # of the image: the same for every head
        unlike = card.novelty is not None and novelty is not None and novelty > card.novelty.cut
        readings = [
            _reading(
                name.value,
                opinion,
                UncertaintyCuts.of(**card.heads[name].cuts.model_dump()),
                unlike=unlike,
                is_default=decides and name.value == head,
            )
            for name, opinion in opinions.items()
        ]
        words = next(reading.words for reading in readings if reading.name == head)
        return Inspection(readings, words, novelty, unlike)

    def warm_up(self) -> None:
        """Load the weights now, rather than when the first person waits for them."""
        self._reader().warm_up()

    def samples(self) -> list[Sample]:
        """A few images to try, made on first use."""
        return ensure_samples(self._samples_dir)

    def checkpoint_words(self) -> str:
        """What the detector has learned from, and what that means for other images."""
        in_force = self._policies.current().checkpoint
        checkpoint = self._reader().checkpoint
        card = checkpoint.card
        sources = ", ".join(card.data.sources) or card.data.name
        trained: dict[str, Value] = {
            "checkpoint": checkpoint.id,
            "n": card.data.n_train,
            "sources": sources,
        }
        words = t("inspect.checkpoint", **trained)
        if checkpoint.id == in_force:
            return words
        return t("inspect.no_model", checkpoint=in_force, words=words)

    def _reader(self) -> Detector:
        return self._detectors.reader(self._policies.current().checkpoint)


def _reading(
    name: str, opinion: Opinion, cuts: UncertaintyCuts, *, unlike: bool, is_default: bool
) -> HeadReading:
    spread = (opinion.std, opinion.entropy, opinion.mutual_information)
    return HeadReading(
        name=name,
        title=TITLES.get(name, name),
        p_fake=opinion.p_fake,
        std=opinion.std,
        entropy=opinion.entropy,
        mutual_information=opinion.mutual_information,
        words=verdict_in_words(opinion.p_fake, *spread, cuts, unlike=unlike),
        is_default=is_default,
    )
