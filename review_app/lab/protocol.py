"""The whole protocol of the source method on any labelled manifest, from one call.

Features, both grid searches, a checkpoint with the source method's hyper-parameters and one with
those that the searches chose, the evaluation of both, and whether the search was worth it. What is
finished in the run's folder is not done again, unless the images, their labels or the backbone have
changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from review_app.core.progress import Progress
from review_app.inference.backbones.base import Backbone
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.dataset import (
    Decoder,
    LabelledFeatures,
    Versions,
    decode_plainly,
    load_labelled,
)
from review_app.inference.features import FeatureCache
from review_app.inference.heads import SOURCE_SEED, Grid, HeadName
from review_app.inference.presets import Preset, preset_called
from review_app.lab.comparison import COMPARED, Contender, compare_all, correct
from review_app.lab.datasets.leaks import refuse_leaks
from review_app.lab.evaluation import Evaluation, examine
from review_app.lab.metrics import replicates
from review_app.lab.resampling import Resamples
from review_app.lab.search import SOURCE_GRIDS, search
from review_app.lab.source_figures import SOURCE_FIGURES
from review_app.lab.stages import Stages
from review_app.lab.training import train_heads
from review_app.lab.versions import rows_of
from review_app.manifests.manifest import Manifest, ManifestRow

VERSION = 1
"""Raise it when training or reports change, and finished stages are done anew."""
SOURCE = "source"
SEARCHED = "source-searched"
_SHOWN = (
    "auroc", "accuracy", "f1", "ece", "intervals", "thresholds", "std_correct", "std_wrong",
    "uncertainty_gap", "error_auroc", "aurc", "reject",
)  # fmt: skip

Bar = Callable[[str], AbstractContextManager[Progress]]
"""A function that shows the progress of a step of that name."""


@contextmanager
def _silent(_: str) -> Iterator[Progress]:
    yield lambda done, total: None


@dataclass(frozen=True, slots=True)
class _Data:
    """The images of the three splits, and what identifies them all."""

    name: str
    train: LabelledFeatures
    val: LabelledFeatures
    test: LabelledFeatures
    test_rows: tuple[ManifestRow, ...]
    facts: list[Any]
    """Everything that is known of each row, and the sha256 of its file; JSON-safe."""


def run_protocol(
    manifest: Manifest,
    backbone: Backbone,
    out: Path,
    *,
    cache: FeatureCache | None = None,
    decode: Decoder = decode_plainly,
    grids: Mapping[HeadName, Grid] = SOURCE_GRIDS,
    seed: int = SOURCE_SEED,
    bar: Bar = _silent,
) -> dict[str, Any]:
    """Run the protocol in the folder ``out``, which holds nothing else; return its document.

    Makes ``search/``, ``checkpoints/source`` and ``checkpoints/source-searched``, and ``report/``
    with ``index.html``, ``metrics.json`` (the document) and a whole report of either checkpoint.
    Every folder appears whole or not at all. The manifest needs the splits train, val and test.

    Raises ManifestError for a manifest that cannot be used, InputError where ``out`` holds
    something else, and DetectorError or CheckpointError where a stage fails.
    """
    stages = Stages(out)
    data = _load(manifest, backbone, cache, decode, bar)
    with bar("Search") as progress:
        found = search(
            data.train, data.val, out / "search", grids=grids, seed=seed, progress=progress
        )
    presets = {SOURCE: preset_called(SOURCE)}
    presets[SEARCHED] = searched(presets[SOURCE], found, name=SEARCHED)
    facts = [VERSION, data.facts, backbone.key, seed]
    trained = {name: out / "checkpoints" / name for name in presets}
    with bar("Training") as progress:
        for done, (name, preset) in enumerate(presets.items()):
            progress(done, len(presets))
            stages.make(
                trained[name],
                partial(_train, data, backbone, preset, seed),
                *facts,
                _hyper_parameters(preset),
            )
        progress(len(presets), len(presets))
    with bar("Report") as progress:
        stages.make(
            out / "report",
            partial(_report, data, trained, found, seed, progress),
            *facts,
            found,
            [_hyper_parameters(preset) for preset in presets.values()],
        )
    document: dict[str, Any] = json.loads((out / "report" / "metrics.json").read_bytes())
    return document


def searched(preset: Preset, found: Mapping[str, Any], *, name: str) -> Preset:
    """``preset`` with the best hyper-parameters of :func:`review_app.lab.search.search`."""
    heads = dict(preset.heads)
    for head, each in found.items():
        heads[HeadName(head)] = replace(heads[HeadName(head)], **each["best"])  # type: ignore[type-var]
    return replace(preset, name=name, heads=heads)


def _hyper_parameters(preset: Preset) -> dict[str, Any]:
    """The hyper-parameters of every head, by its name; JSON-safe."""
    return {
        name.value: asdict(training)  # type: ignore[call-overload]
        for name, training in preset.heads.items()
    }


def _load(
    manifest: Manifest,
    backbone: Backbone,
    cache: FeatureCache | None,
    decode: Decoder,
    bar: Bar,
) -> _Data:
    parts = [rows_of(manifest, split) for split in ("train", "val", "test")]
    rows = tuple(row for part in parts for row in part)
    with bar("Features") as progress:
        images = load_labelled(
            manifest,
            rows,
            backbone,
            cache,
            purpose="the protocol",
            decode=decode,
            progress=progress,
        )
    refuse_leaks(images.keys, rows)
    n_train, n_val = len(parts[0]), len(parts[1])
    return _Data(
        manifest.path.name,
        images[:n_train],
        images[n_train : n_train + n_val],
        images[n_train + n_val :],
        parts[2],
        [
            manifest.path.name,
            [_known(row, key) for row, key in zip(rows, images.keys, strict=True)],
        ],
    )


def _known(row: ManifestRow, key: str) -> list[str | None]:
    return [row.name, key, row.label, row.source, row.group, row.split]


def _train(data: _Data, backbone: Backbone, preset: Preset, seed: int, folder: Path) -> None:
    train_heads(
        Versions(data.train),
        Versions(data.val),
        test=data.test,
        backbone=backbone.card,
        backbone_key=backbone.key,
        name=preset.name,
        data_name=data.name,
        preset=preset,
        seed=seed,
    ).save(folder)


def _report(
    data: _Data,
    trained: Mapping[str, Path],
    found: Mapping[str, Any],
    seed: int,
    progress: Progress,
    folder: Path,
) -> None:
    from review_app.lab.report import write_report
    from review_app.lab.report.protocol import write_protocol

    steps = 2 * len(trained) + 1
    evaluations: dict[str, Evaluation] = {}
    for name, path in trained.items():
        progress(2 * len(evaluations), steps)
        evaluations[name] = examine(
            Checkpoint.load(path),
            data.test,
            name=data.name,
            split="test",
            names=[row.name for row in data.test_rows],
            paths=[row.path for row in data.test_rows],
            validation=data.val,
            search=found,
            seed=seed,
        )
        progress(2 * len(evaluations) - 1, steps)
        write_report(evaluations[name], folder / name)
    sizes = {"n_train": len(data.train), "n_val": len(data.val)}
    document = document_of(data.name, sizes, evaluations, found, seed=seed)
    write_protocol(document, evaluations[SOURCE], folder)
    progress(steps, steps)


def document_of(
    name: str,
    sizes: Mapping[str, int],
    evaluations: Mapping[str, Evaluation],
    found: Mapping[str, Any],
    *,
    seed: int,
) -> dict[str, Any]:
    """``report/metrics.json`` of the evaluations ``source`` and ``source-searched``; JSON-safe.

    ``sizes`` says how many images there are in train and val, ``found`` is the search's document.
    ``runs`` has the figures of every head of either (keys as in ``evaluate --report``), and
    ``comparisons`` each searched head's tests, the first minus the second, corrected by Holm.
    """
    first = evaluations[SOURCE]
    model = first.document["model"]
    return {
        "schema_version": 1,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": {
            "name": name,
            **sizes,
            "n_test": len(first.is_fake),
            "n_test_fake": int(first.is_fake.sum()),
        },
        "backbone": model["backbone"],
        "backbone_key": model["backbone_key"],
        "seed": seed,
        "search": dict(found),
        "runs": {name: _run(evaluation) for name, evaluation in evaluations.items()},
        "comparisons": _comparisons(evaluations, [HeadName(head) for head in found], seed),
        "source_document": SOURCE_FIGURES,
    }


def _run(evaluation: Evaluation) -> dict[str, Any]:
    """The figures of one checkpoint that the page shows."""
    document = evaluation.document
    return {
        "checkpoint": document["checkpoint"],
        "default_head": document["default_head"],
        "heads": {
            name.value: {figure: document["heads"][name.value][figure] for figure in _SHOWN}
            | {
                "training": document["model"]["heads"][name.value]["training"],
                "losses": {str(at): loss for at, loss in enumerate(evaluation.losses[name], 1)},
            }
            for name in evaluation.heads
        },
    }


def _comparisons(
    evaluations: Mapping[str, Evaluation], heads: Sequence[HeadName], seed: int
) -> dict[str, Any]:
    """Each searched head with the source method's hyper-parameters minus with the searched ones."""
    found = {}
    for head in heads:
        contenders = {
            name: _contender(evaluation, head, seed) for name, evaluation in evaluations.items()
        }
        measured = evaluations[SOURCE]
        weighted = measured.weights is not None
        found[head.value] = compare_all(contenders, measured.is_fake, weighted=weighted)[0]
    for metric in ("auroc", *COMPARED):
        correct([pair[metric] for pair in found.values()])
    return found


def _contender(evaluation: Evaluation, name: HeadName, seed: int) -> Contender:
    head, metrics = evaluation.heads[name], evaluation.document["heads"][name.value]
    p_fake = head.prediction.p_fake
    values = {
        "auroc": (metrics["auroc"] or [None])[0],
        "accuracy": metrics["accuracy"],
        "aurc": metrics["shipped"]["aurc"],
        "error_auroc": metrics["shipped"]["error_auroc"],
    }
    is_fake = evaluation.is_fake
    drawn = replicates(
        Resamples(is_fake, seed),
        p_fake,
        head.called_fake,
        is_fake,
        head.reject,
        evaluation.weights,
    )
    return Contender(p_fake, values, drawn)
