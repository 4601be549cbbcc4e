"""The provenance of an evaluation: the part of it that lets others repeat it."""

from __future__ import annotations

from typing import Any

from review_app.inference.card import HeadCard
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.dataset import LabelledFeatures


def about_data(
    checkpoint: Checkpoint, data: LabelledFeatures, name: str, split: str | None
) -> dict[str, Any]:
    """The counts of the evaluated images; ``seen``: how many trained or tuned the checkpoint."""
    sources = data.sources or ("",) * len(data)
    fake = data.is_fake
    return {
        "name": name,
        "split": split,
        "n_fake": int(fake.sum()),
        "n_real": int((~fake).sum()),
        "fake_share": float(fake.mean()),
        "seen": sum(checkpoint.seen(key) for key in data.keys),
        "repeated": len(data) - len(set(data.keys)),
        "sources": {
            source: {
                "n": sources.count(source),
                "n_fake": int((fake & data.from_source(source)).sum()),
                "trained_on": checkpoint.card.data.sources.get(source, 0),
            }
            for source in sorted(set(sources) - {""})
        },
    }


def about_model(checkpoint: Checkpoint) -> dict[str, Any]:
    """Which checkpoint it is, and how it was made: what its card says."""
    card = checkpoint.card
    return {
        "name": card.name,
        "heads_sha256": card.heads_sha256,
        "created_at": card.created_at.isoformat(timespec="seconds"),
        "backbone": card.backbone.name,
        "backbone_key": card.backbone_key,
        "preset": card.preset,
        "seed": card.seed,
        "licence": card.licence,
        "parent": card.parent,
        "training": card.data.model_dump(mode="json"),
        "experts": [list(sources) for sources in card.experts],
        "heads": {name.value: _about_head(head) for name, head in card.heads.items()},
    }


def _about_head(card: HeadCard) -> dict[str, Any]:
    """Hyper-parameters of a head, and what its validation images chose for it."""
    return card.model_dump(mode="json", include={"training", "facts", "calibration", "reject"})
