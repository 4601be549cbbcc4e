"""The demo walks the true loop: labels → heads → certificate → triage, on images it makes itself.

What was done is found in the data directory, so that a second start goes on where the first one
stopped and ends at once when all is there. The first images wait for people before the others are
made, under the policy of a new deployment, which sends everything to them.
"""

from __future__ import annotations

import csv
import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from review_app.core.errors import CalibrationError
from review_app.core.notice import DEMO
from review_app.core.permissions import Person
from review_app.core.progress import Progress
from review_app.demo import generate as images
from review_app.demo.generate import DemoSplit, generate
from review_app.demo.photos import Use
from review_app.inference.backbones import load_backbone
from review_app.inference.checkpoint import Checkpoint
from review_app.lab.training import train
from review_app.manifests.manifest import read_manifest
from review_app.policy.policy_text import describe
from storage.enums import Role

RISK_LIMIT = 0.1
DELTA = 0.1
AUDIT_PROBABILITY = 0.1
"""Higher than in earnest, so that a short queue shows audits too."""
FIRST = 24
"""Images that wait for people before all the others are made."""
LICENCE = (
    "Made by the demo from photos that are in the public domain or freely licensed "
    "(docs/demo-licences.md). For trying the program; it knows no forgeries but the demo's own."
)

if TYPE_CHECKING:
    from review_app.bootstrap import Application

Say = Callable[[str], None]
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DemoSummary:
    """The queue as the demo opens it."""

    items: dict[str, int]
    certified: bool
    seconds: float

    @property
    def text(self) -> str:
        """The summary for the terminal."""
        n = self.items
        return (
            f"Demo queue ready after {self.seconds:.0f} s: {n['auto_accepted']} accepted by the "
            f"policy, {n['in_review']} wait for reviewers, {n['resolved']} settled. The images are "
            "crops of free photos, many of them forged by this program; no result here says "
            "anything about real deepfakes."
        )

    def to_json(self) -> dict[str, Any]:
        """The document of ``demo --json``."""
        return asdict(self)


def prepare(app: Application, say: Say, progress: Progress) -> DemoSummary:
    """Bring the data directory to a triaged demo queue. ``say``: one line per step; ``progress``:
    of all steps together."""
    started = time.perf_counter()
    admin = app.people.ensure("admin", Role.ADMIN, "demo")
    person = Person(admin.id, admin.name, admin.role)
    app.notice.set(DEMO)
    steps = _Steps(progress)
    folder = app.settings.data_dir / "demo-images"
    own = app.settings.data_dir / "checkpoints" / "demo"
    if not own.exists():
        say("1/6 Making the first images, for people to begin with")
        first = generate(folder, first=FIRST, progress=steps.of(FIRST))
        _take_in(app, first, DemoSplit.QUEUE, steps.of(FIRST))
        app.triage.run("demo", steps.of(FIRST))
    say("2/6 Making all images: crops of free photos, and forgeries of them")
    manifest = generate(folder, progress=steps.of(_count(*Use)))
    say("3/6 Training the heads on frozen features")
    checkpoint = _trained(app, manifest, own, steps.of(_count(Use.TRAIN, Use.VAL)))
    if app.policies.current().checkpoint != checkpoint.id:
        head = checkpoint.default_head.value
        app.policies.adopt(person, checkpoint.id, head, "the demo's own detector")
    labelled = round(_count(Use.STREAM) * images.CALIBRATION_SHARE)
    say("4/6 Scoring the calibration images")
    _take_in(app, manifest, DemoSplit.CALIBRATION, steps.of(labelled))
    app.triage.run("demo", steps.of(labelled))
    say("5/6 Certifying")
    certified = _certify(app, person, say)
    say("6/6 Triaging the queue")
    rest = _count(Use.STREAM) - labelled
    _take_in(app, manifest, DemoSplit.QUEUE, steps.of(rest))
    app.triage.run("demo", steps.of(rest))
    app.triage.retriage("demo")  # the first images, those that nobody has taken
    items = app.monitoring.stats()["items"]
    return DemoSummary(items, certified, round(time.perf_counter() - started, 1))


def demo_job(app: Application, _parameters: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Bring the demo's queue about in the background."""
    made = prepare(app, _logger.info, progress)
    return {"certified": made.certified, "seconds": made.seconds}


class _Steps:
    """The progress of steps that follow each other, told as that of one whole: in images looked
    at, each as often as a step does."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._begun = 0
        stream = _count(Use.STREAM)
        self._total = 3 * FIRST + _count(*Use) + _count(Use.TRAIN, Use.VAL) + 2 * stream

    def of(self, weight: int) -> Progress:
        """The progress of the next step, which looks at ``weight`` images."""
        before = self._begun
        self._begun += weight
        most = 0.0

        def tell(done: int, total: int | None) -> None:
            nonlocal most
            most = max(most, done / total if total else 0.0)
            self._progress(before + int(weight * min(most, 1.0)), self._total)

        return tell


def _count(*uses: Use) -> int:
    """The number of the demo's images of these uses."""
    return sum(sum(images.COUNTS[use]) for use in uses)


def _trained(app: Application, manifest: Path, out: Path, progress: Progress) -> Checkpoint:
    if not out.exists():
        train(
            read_manifest(_part(manifest, (DemoSplit.TRAIN, DemoSplit.VAL), labelled=True)),
            load_backbone("efficientnet_lite0"),
            out,
            cache=app.detectors.cache,
            decode=app.detectors.decode,
            licence=LICENCE,
            progress=progress,
        )
    return app.detectors.register(out)


def _take_in(app: Application, manifest: Path, split: DemoSplit, progress: Progress) -> None:
    """Ingest one split: calibration with its labels, the queue without."""
    part = _part(manifest, (split,), labelled=split is DemoSplit.CALIBRATION)
    app.intake.ingest([part], "demo", progress)


def _certify(app: Application, person: Person, say: Say) -> bool:
    policy = app.policies.current()
    if not policy.certificates:
        try:
            policy = app.policies.certify(person, RISK_LIMIT, DELTA, AUDIT_PROBABILITY)
            say(f"    {describe(policy)}")
        except CalibrationError as error:
            say(f"    {error}")
    return bool(policy.certificates)


def _part(manifest: Path, splits: tuple[DemoSplit, ...], *, labelled: bool) -> Path:
    """A manifest of some splits beside the whole one; without labels for what is to be reviewed."""
    columns = ["path", "source", "group", "split"] + (["label"] if labelled else [])
    with manifest.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] in splits]
    part = manifest.with_name("-".join([manifest.stem, *splits]) + ".csv")
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return part
