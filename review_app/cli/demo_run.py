"""The demo walks the true loop: labels → heads → certificate → triage, on images it makes itself.

What was done is found in the data directory, so that a second start goes on where the first one
stopped and ends at once when all is there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas

from review_app.core.errors import CalibrationError
from review_app.core.notice import DEMO
from review_app.core.permissions import Person
from review_app.core.progress import Progress
from review_app.demo.generate import DemoSplit, generate
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
LICENCE = (
    "Made by the demo from photos that are in the public domain or freely licensed "
    "(docs/demo-licences.md). For trying the program; it knows no forgeries but the demo's own."
)

if TYPE_CHECKING:
    from review_app.bootstrap import Application

Say = Callable[[str], None]


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
            f"Demo queue ready in {self.seconds:.0f} s: {n['auto_accepted']} accepted by the "
            f"policy, {n['in_review']} wait for reviewers, {n['resolved']} settled. The images are "
            "crops of free photos, many of them forged by this program; no result here says "
            "anything about real deepfakes."
        )

    def to_json(self) -> dict[str, Any]:
        """The document of ``demo --json``."""
        return asdict(self)


def prepare(app: Application, say: Say, progress: Progress) -> DemoSummary:
    """Bring the data directory to a triaged demo queue. ``say``: one line per step."""
    started = time.perf_counter()
    admin = app.people.ensure("admin", Role.ADMIN, "demo")
    person = Person(admin.id, admin.name, admin.role)
    app.notice.set(DEMO)
    folder = app.settings.data_dir / "demo-images"
    say("1/5 Making images: crops of free photos, and forgeries of them")
    manifest = generate(folder, progress=progress)
    say("2/5 Training the heads on frozen features")
    checkpoint = _trained(app, manifest, progress)
    if app.policies.current().checkpoint != checkpoint.id:
        head = checkpoint.default_head.value
        app.policies.adopt(person, checkpoint.id, head, "the demo's own detector")
    say("3/5 Scoring the calibration images")
    _take_in(app, manifest, DemoSplit.CALIBRATION, progress)
    app.triage.run("demo", progress)
    say("4/5 Certifying")
    certified = _certify(app, person, say)
    say("5/5 Triaging the queue")
    _take_in(app, manifest, DemoSplit.QUEUE, progress)
    app.triage.run("demo", progress)
    items = app.monitoring.stats()["items"]
    return DemoSummary(items, certified, round(time.perf_counter() - started, 1))


def _trained(app: Application, manifest: Path, progress: Progress) -> Checkpoint:
    out = app.settings.data_dir / "checkpoints" / "demo"
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
    rows = pandas.read_csv(manifest, dtype=str, keep_default_na=False)
    part = manifest.with_name(f"{'-'.join(splits)}.csv")
    rows[rows["split"].isin(splits)].to_csv(part, columns=columns, index=False)
    return part
