"""What a tracker of experiments (MLflow) hears of learning and of promotions: a run for each.

Nothing of people or images is in it: no names, no notes, no hashes of files.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from review_app.inference.card import CheckpointCard
from review_app.learning.challenge import ChallengeReport, figures

EXPERIMENT: Final = "deepfake-review"
_ENDS: Final = ("", ".low", ".high")
"""What follows the name of a figure, where it has an interval."""


@dataclass(frozen=True)
class TrackedRun:
    """A run as it is logged. ``key``: the same however often it is logged, so that it is there
    once; ``parent``: the key of the run that it belongs below, if that is there."""

    key: str
    name: str
    kind: str
    at: datetime
    parent: str | None
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    documents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Files that go along with it, by name."""


def detector_key(checkpoint_id: str) -> str:
    """The key of the run of a detector."""
    return f"detector:{checkpoint_id}"


def run_of_detector(card: CheckpointCard) -> TrackedRun:
    """The run that has made a detector, by its card."""
    learned = card.learned
    told: dict[str, Any] = {
        "checkpoint": card.id,
        "parent": card.parent,
        "backbone": card.backbone.name,
        "preset": card.preset,
        "seed": card.seed,
        "data": card.data.name,
        "n_train": card.data.n_train,
        "default_head": card.default_head.value,
        **_prefixed("training", card.heads[card.default_head].training),
    }
    if learned is not None:
        told |= {
            "way": "update" if learned.head else "anew",
            **_prefixed("labels", learned.labels),
            "n_effective": learned.n_effective,
            "held_out": learned.held_out,
            "data_sha256": learned.data_sha256,
        }
    metrics: dict[str, float] = {}
    for name, head in card.heads.items():
        metrics |= _metrics(f"{name}.validation", head.validation)
        metrics |= _metrics(f"{name}.test", head.test.get("all", {}))
    return TrackedRun(
        detector_key(card.id),
        card.id,
        "learn",
        card.created_at,
        None if card.parent is None else detector_key(card.parent),
        _params(told),
        metrics,
        {"card.json": card.model_dump(mode="json")},
    )


def run_of_change(change: Mapping[str, Any], report: ChallengeReport | None) -> TrackedRun:
    """The run of a promotion, with what the comparison told, or of a rollback.

    ``change``: its ``kind``, ``from``, ``to``, policy ``version`` and time ``at`` (ISO 8601).
    """
    told: dict[str, Any] = {name: change[name] for name in ("from", "to", "version")}
    metrics: dict[str, float] = {}
    if report is not None:
        found = figures(report)
        told |= {name: found[name] for name in ("advice", "ground")}
        metrics = {"labels": float(found["labels"])}
        ends = (found["difference"], found["low"], found["high"])
        metrics |= _figure("auroc_difference", ends)
    return TrackedRun(
        f"{change['kind']}:{change['version']}:{change['to']}",
        f"{change['kind']} of {change['to']}",
        change["kind"],
        datetime.fromisoformat(change["at"]),
        detector_key(change["to"]),
        _params(told),
        metrics,
        {} if report is None else {"comparison.json": _without_items(report)},
    )


def _without_items(report: ChallengeReport) -> dict[str, Any]:
    """What a comparison told, less the images that it names."""
    document = report.to_json()
    document["replay"].pop("flips", None)
    return document


def _metrics(prefix: str, found: Mapping[str, Any]) -> dict[str, float]:
    """The figures among ``found``; one with an interval, [value, low, high], is three."""
    told: dict[str, float] = {}
    for name, value in found.items():
        ends = value if isinstance(value, list | tuple) else (value,)
        told |= _figure(f"{prefix}.{name}", ends)
    return told


def _figure(name: str, values: Any) -> dict[str, float]:
    if len(values) > len(_ENDS) or any(isinstance(value, dict | str) for value in values):
        return {}
    named = {name + end: value for end, value in zip(_ENDS, values, strict=False)}
    return {
        each: float(value)
        for each, value in named.items()
        if value is not None and math.isfinite(value)
    }


def _prefixed(prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{prefix}.{name}": value for name, value in values.items()}


def _params(told: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in told.items() if value is not None}
