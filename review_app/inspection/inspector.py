"""Inspect: one image, every head's reading of it, and a sentence in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from review_app.copies.descriptors import Probe
from review_app.core.permissions import Person
from review_app.demo.samples import Sample, ensure_samples
from review_app.detectors.members import MemberSaid, members_said
from review_app.detectors.registry import Detectors
from review_app.i18n import Value, t
from review_app.inference.heads import HeadName, head_title
from review_app.inference.scope_text import place_in_words
from review_app.inference.scopes import place_of
from review_app.inference.service import Detector, Opinion
from review_app.inspection.gate import ReadingGate
from review_app.inspection.workshop import JobResult, Workshop
from review_app.intake.decode import Limits
from review_app.policy.explanation import verdict_in_words
from review_app.policy.flags import UncertaintyCuts
from review_app.policy.governance import PolicyService

NOBODY: Final = 0
"""Whoever starts the server: no account has this id."""


@dataclass(frozen=True)
class HeadReading:
    """The reading of the image by one head; entropy and mutual information in nats."""

    name: str
    title: str
    p_fake: float
    std: float
    entropy: float
    mutual_information: float
    text: str
    is_default: bool
    """Triage decides on this head."""


@dataclass(frozen=True)
class Inspection:
    """Every head's reading, and the sentence of the head that triage decides on."""

    heads: list[HeadReading]
    text: str
    novelty: float | None
    """How unlike the training images the image is, z; None where the checkpoint does not say."""
    unlike: bool
    """Whether that is above the checkpoint's cut."""
    scope_text: str
    """A sentence on what was measured on images like it, or that nothing was; empty where nothing
    tells."""
    checkpoint: str
    """Id of the checkpoint that read it."""
    members: tuple[MemberSaid, ...] = ()
    """The members of a fused detector that is in force: of those that are heads of this checkpoint
    what they say, the others are not asked."""


class Inspector:
    """A service that reads images with the detector in force, for whoever may know.

    ``limits``: of one image, ``trust``: certificates of those whose content credentials are
    trusted, ``find_faces``: whether faces are looked for.
    """

    def __init__(
        self,
        policies: PolicyService,
        detectors: Detectors,
        gate: ReadingGate,
        workshop: Workshop,
        limits: Limits,
        samples_dir: Path,
        trust: Path | None = None,
        *,
        find_faces: bool = True,
    ) -> None:
        self._policies = policies
        self._detectors = detectors
        self._gate = gate
        self._workshop = workshop
        self._limits = limits
        self._samples_dir = samples_dir
        self._trust = None if trust is None else str(trust)
        self._find_faces = find_faces

    def heads(self) -> list[str]:
        """Names of the heads, as they will be read."""
        return [name.value for name in self._reader().checkpoint.heads]

    def read(self, person: Person, path: Path, name: str) -> Future[JobResult]:
        """Have the image at ``path`` read: what `tell` is to be given. ``name`` stands for it in
        messages.

        The future raises RefusedFile for what is no image or too large. Raises NotAllowedError
        where Inspect is closed to ``person``, and BusyError where one image of theirs is being read
        and another waits.
        """
        self._gate.require_open(person)
        model = self._detectors.model(self._reader().checkpoint.id)
        limits = {"max_bytes": self._limits.max_bytes, "max_pixels": self._limits.max_pixels}
        file = {"path": str(path), "name": name, "trust": self._trust}
        job = {"do": "read", "faces": self._find_faces, **file, **limits, **model}
        return self._workshop.submit(person.id, job, most_waiting=1)

    def ahead(self, person: Person) -> int:
        """How many images come before the one that ``person`` waits for."""
        return self._workshop.ahead(person.id)

    def tell(self, person: Person, done: JobResult) -> Inspection:
        """What the heads say of an image that was read, put on record first.

        Raises NotAllowedError where ``person`` must not know; see `ReadingGate`.
        """
        self._gate.pass_on(person, Probe.from_bytes(done.blobs[1]))
        return self.explain(
            {HeadName(name): Opinion(**one) for name, one in done.said["opinions"].items()}
        )

    def explain(self, opinions: Mapping[HeadName, Opinion]) -> Inspection:
        """Every head's opinion of one image in words, with the head that decides."""
        policy = self._policies.current()
        detector = self._reader()
        card = detector.checkpoint.card
        decides = detector.checkpoint.id == policy.checkpoint
        head = policy.head if decides else card.default_head.value
        of_image = next(iter(opinions.values()))  # these two are the same for every head
        novelty, place = of_image.novelty, place_of(card, of_image.scope, of_image.novelty)
        readings = [
            _reading(
                name.value,
                opinion,
                UncertaintyCuts.of(**card.heads[name].cuts.model_dump()),
                unlike=place.outside,
                is_default=decides and name.value == head,
            )
            for name, opinion in opinions.items()
        ]
        words = next(reading.text for reading in readings if reading.name == head)
        scope_text = place_in_words(place, head)
        told = detector.checkpoint.id
        fused = self._detectors.fusion_card(policy.checkpoint)
        said = {(told, reading.name): reading.p_fake for reading in readings}
        members = () if fused is None else members_said(fused, said)
        return Inspection(readings, words, novelty, place.outside, scope_text, told, members)

    def warm_up(self) -> None:
        """Load the weights now, rather than when the first person waits for them."""
        model = self._detectors.model(self._reader().checkpoint.id)
        self._workshop.submit(NOBODY, {"do": "warm_up", **model}, most_waiting=1).result()

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
        title=head_title(name),
        p_fake=opinion.p_fake,
        std=opinion.std,
        entropy=opinion.entropy,
        mutual_information=opinion.mutual_information,
        text=verdict_in_words(opinion.p_fake, *spread, cuts, unlike=unlike),
        is_default=is_default,
    )
