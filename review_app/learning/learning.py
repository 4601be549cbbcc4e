"""``learn``: a challenger to the detector in force, taught by what people settled.

The detector in force, its folder and everything that was decided under it stay as they are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from review_app.core.errors import CheckpointError, InputError
from review_app.core.hashing import sha256
from review_app.core.progress import Progress
from review_app.core.secret import deployment_secret
from review_app.core.settings import Settings
from review_app.detectors.registry import Detectors
from review_app.inference.card import LearnedCard
from review_app.inference.checkpoint import Checkpoint, refuse_existing
from review_app.inference.heads import HeadName
from review_app.inference.presets import preset_called
from review_app.inference.seen_images import is_among
from review_app.intake.store import MediaStore
from review_app.lab.training import train
from review_app.lab.updating import (
    FEWEST,
    FOLDS,
    base_head,
    given,
    seen_by_base,
    update_checkpoint,
    with_learned,
)
from review_app.lab.versions import JoinedProgress
from review_app.learning.gathering import Reader, settled_items, taught_images
from review_app.learning.labels import (
    TUNING_SPLITS,
    LabelledItem,
    LabelShares,
    digest_of,
    share_out,
    wanting,
    with_chances,
)
from review_app.manifests.labels import ManifestLabel
from review_app.manifests.manifest import Manifest, ManifestRow, read_manifest
from review_app.manifests.weights import effective_size, truncated
from review_app.policy.governance import PolicyService
from review_app.records.settled import LeftOut
from storage.database import Database
from storage.types import utc_now

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_VALIDATION: Final = 5
"""One family in so many is validation where all heads are trained anew."""


class LearningServices(Protocol):
    """The parts of the application that learning needs."""

    @property
    def settings(self) -> Settings:
        """The settings, which name the data directory."""
        ...

    @property
    def database(self) -> Database:
        """The database of what people settled."""
        ...

    @property
    def media(self) -> MediaStore:
        """The stored images."""
        ...

    @property
    def detectors(self) -> Detectors:
        """The detectors that are here."""
        ...

    @property
    def policies(self) -> PolicyService:
        """The policies, which tell what is in force."""
        ...


@dataclass(frozen=True)
class Champion:
    """The detector in force, or where its model is not here, that of the settings."""

    checkpoint: Checkpoint
    head: HeadName
    """The head in force; where this one is an update, the one beneath."""


def learn(
    app: LearningServices, parameters: dict[str, Any], progress: Progress | None = None
) -> dict[str, Any]:
    """Make a challenger and register it; what came of it, as `deepfake-review learn --json` tells.

    ``parameters``: ``name`` of its folder in the data directory; ``data``, the manifest of the
    images that the detector in force was trained on, to train all heads anew on these and people's
    labels. Both may be missing or None. ``progress`` counts images, then heads. Interrupted at any
    moment it leaves nothing but cached features, and can be run again; with the same labels it
    gives what it has made before.

    Raises InputError where labels are too few, saying how many more, or the name cannot be used;
    ManifestError for the manifest; CheckpointError where the folder is there already.
    """
    name, data = parameters.get("name"), parameters.get("data")
    if name is not None:
        _check(name)
    champion = champion_of(app)
    checkpoint = champion.checkpoint
    seen = seen_by_base(checkpoint) if data is None else given(checkpoint)
    items, left_out = settled_items(app.database, utc_now())
    items = with_chances(items, deployment_secret(app.settings.data_dir))
    shares = share_out(items, lambda sha256: is_among(seen, sha256))
    _refuse_too_few(shares, left_out)
    name = name or _name_of(checkpoint.id, shares, data)
    folder = app.settings.data_dir / "checkpoints" / name
    if data is None:
        made = _updated(app, champion, shares, folder, progress)
    else:
        made = _trained_anew(app, champion, shares, Path(data), folder, progress)
    app.detectors.register(folder)
    return _document(made, folder, shares, left_out)


def champion_of(app: LearningServices) -> Champion:
    """The detector that a challenger is made from and compared with."""
    policy = app.policies.current()
    checkpoint = app.detectors.reader(policy.checkpoint).checkpoint
    used = HeadName(policy.head) if checkpoint.id == policy.checkpoint else None
    return Champion(checkpoint, base_head(checkpoint, used))


def _name_of(parent: str, shares: LabelShares, data: str | None) -> str:
    """A name that the same run has again on the same day, so that it finds what it has made."""
    weights = np.array([item.weight for item in shares.taught])
    told = f"{parent} {data} {digest_of(shares.taught, weights)}"
    return f"learned-{utc_now():%Y%m%d}-{sha256(told.encode())[:6]}"


def _check(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name!r} cannot name a checkpoint; take up to 60 letters, digits, dots, dashes and "
            "underscores, a letter or digit first"
        )


def _refuse_too_few(shares: LabelShares, left_out: Counter[LeftOut]) -> None:
    missing = wanting(shares, FEWEST)
    if not missing:
        return
    more = " and ".join(f"{n} more that say {label}" for label, n in missing.items())
    fakes = sum(item.is_fake for item in shares.taught)
    told = [
        f"{n} {why.value.replace('_', ' ')}"
        for counts in (shares.apart, left_out)
        for why, n in sorted(counts.items())
    ]
    raise InputError(
        f"not enough labels yet: {more} (there are {len(shares.taught) - fakes} real and {fakes} "
        f"fake to learn from, {len(shares.held_out)} held out to compare on"
        + (f"; not counted: {', '.join(told)})" if told else ")")
    )


def _updated(
    app: LearningServices,
    champion: Champion,
    shares: LabelShares,
    folder: Path,
    progress: Progress | None,
) -> Checkpoint:
    """The challenger whose default head is the champion's, changed by labels; saved."""
    tally = JoinedProgress(progress, len(shares.taught) + 1 + FOLDS)
    reader = Reader(app.database, app.detectors, champion.checkpoint, champion.head)
    taught, items = taught_images(reader, shares.taught, shares.families, tally.step())
    card = _card(shares, items, champion.head)
    if (done := _made_before(folder, champion.checkpoint, card)) is not None:
        return done
    refuse_existing(folder)
    made = update_checkpoint(
        champion.checkpoint,
        taught,
        name=folder.name,
        learned=card,
        held_out=[item.sha256 for item in shares.held_out],
        fits=tally.step(),
    )
    made.save(folder)
    return made


def _trained_anew(
    app: LearningServices,
    champion: Champion,
    shares: LabelShares,
    data: Path,
    folder: Path,
    progress: Progress | None,
) -> Checkpoint:
    """The challenger that learned from the images of ``data`` and people's labels; saved."""
    own = champion.checkpoint.card
    card = _card(shares, shares.taught, None)
    if (done := _made_before(folder, champion.checkpoint, card)) is not None:
        return done
    refuse_existing(folder)
    manifest = read_manifest(data, check_files=True)
    preset = preset_called(own.preset)
    rows = (*_weighed(manifest.rows), *_rows(app.media, shares, len(manifest.rows) + 2))
    learning = sum(row.split in TUNING_SPLITS for row in rows)
    images = len(rows) + len(preset.copies) * learning
    tally = JoinedProgress(progress, images + preset.folds + 1)
    return train(
        Manifest(data, rows),
        app.detectors.detector(champion.checkpoint.id).backbone,
        folder,
        cache=app.detectors.cache,
        preset=preset,
        licence=own.licence,
        parent=champion.checkpoint.id,
        decode=app.detectors.decode,
        progress=tally.step(),
        fits=tally.step(),
        finish=lambda made: with_learned(
            made,
            card,
            [item.sha256 for item in shares.taught],
            [item.sha256 for item in shares.held_out],
        ),
    )


def _made_before(folder: Path, parent: Checkpoint, card: LearnedCard) -> Checkpoint | None:
    """What an earlier run with the same labels has made; None where there was none."""
    try:
        found = Checkpoint.load(folder)
    except CheckpointError:
        return None
    learned = found.card.learned
    same = learned is not None and learned.data_sha256 == card.data_sha256
    return found if same and found.card.parent == parent.id else None


def _card(
    shares: LabelShares, taught: Sequence[LabelledItem], head: HeadName | None
) -> LearnedCard:
    given = np.array([item.weight for item in taught])
    weights, limit = truncated(given)
    fakes = sum(item.is_fake for item in taught)
    return LearnedCard(
        head=head,
        labels={"real": len(taught) - fakes, "fake": fakes},
        n_effective=effective_size(weights),
        clipped=int((given > limit).sum()),
        largest_weight=float(weights.max() / weights.mean()),
        held_out=len(shares.held_out),
        held_out_since=shares.held_out_since,
        told=shares.told(),
        data_sha256=digest_of(taught, weights),
    )


def _weighed(rows: Sequence[ManifestRow]) -> list[ManifestRow]:
    """``rows`` with a weight each: weights of some only would count for none."""
    return [replace(row, weight=row.weight or 1.0) for row in rows]


def _rows(media: MediaStore, shares: LabelShares, first: int) -> list[ManifestRow]:
    """People's labels as rows of a manifest, numbered from ``first`` on; their mean weight is 1."""
    weights, _ = truncated(np.array([item.weight for item in shares.taught]))
    shown = zip(shares.taught, shares.families, weights / weights.mean(), strict=True)
    return [
        ManifestRow(
            first + at,
            f"item {item.item_id}",
            media.original(item.sha256),
            ManifestLabel.FAKE if item.is_fake else ManifestLabel.REAL,
            item.source,
            family or None,
            _split(family or item.sha256),
            float(weight),
        )
        for at, (item, family, weight) in enumerate(shown)
    ]


def _split(family: str) -> str:
    """The split of a family, by a hash of its name."""
    return "train" if int(sha256(family.encode())[:8], 16) % _VALIDATION else "val"


def _document(
    made: Checkpoint, folder: Path, shares: LabelShares, left_out: Counter[LeftOut]
) -> dict[str, Any]:
    learned, head = made.card.learned, made.card.heads[made.default_head]
    assert learned is not None
    return {
        "checkpoint": made.id,
        "path": str(folder),
        "parent": made.card.parent,
        "way": "update" if learned.head else "anew",
        "head": made.default_head.value,
        "base": learned.head.value if learned.head else None,
        "labels": learned.labels,
        "weights": {
            "effective_n": learned.n_effective,
            "largest": learned.largest_weight,
            "clipped": learned.clipped,
        },
        "held_out": len(shares.held_out),
        "held_out_since": _iso(shares.held_out_since),
        "apart": {why.value: n for why, n in sorted(shares.apart.items())},
        "left_out": {why.value: n for why, n in sorted(left_out.items())},
        "told": learned.told,
        "data_sha256": learned.data_sha256,
        "facts": head.facts,
        "validation": {name: head.validation[name] for name in ("auroc", "nll", "ece")},
    }


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
