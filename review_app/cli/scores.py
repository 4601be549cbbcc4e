"""``simulate``, and what ``certify`` and ``evaluate`` do with score files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from review_app.cli.common import AsJson, progress_bar, result, settings
from review_app.core.errors import InputError

if TYPE_CHECKING:  # imports that other commands do without
    from review_app.inference.backbones.base import Backbone
    from review_app.inference.checkpoint import Checkpoint
    from review_app.inference.features import FeatureCache
    from review_app.lab.simulation.plan import Drift
    from review_app.manifests.manifest import Manifest
    from review_app.scores.table import ScoreTable

ScoreFile = Annotated[
    Path | None,
    typer.Option(
        "--scores", help="CSV with path or sha256, detector, p_fake, and where known label, split."
    ),
]
DetectorName = Annotated[
    str | None,
    typer.Option(
        "--detector", help="Whose rows; needed where there are several. Stands in for the column."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(simulate)


def simulate(
    scores: Annotated[
        Path, typer.Argument(help="CSV with path or sha256, detector, p_fake, label.")
    ],
    detector: DetectorName = None,
    risk_limit: Annotated[
        float, typer.Option(min=0, max=0.5, help="Largest share of errors among accepted images.")
    ] = 0.05,
    confidence: Annotated[
        float, typer.Option(min=0.5, max=1, help="Confidence that it holds.")
    ] = 0.9,
    audit_probability: Annotated[
        float,
        typer.Option(min=0, max=1, help="Share of accepted images that people check."),
    ] = 0.05,
    certify_at: Annotated[
        list[int] | None,
        typer.Option(
            help="Labels after which certifying is tried; again for further tries. "
            "By default 250, 500, 1000 and 2000."
        ),
    ] = None,
    images: Annotated[int, typer.Option(help="Images that come after the certificate.")] = 20_000,
    runs: Annotated[int, typer.Option(help="How often it is replayed.")] = 200,
    hold_out: Annotated[
        str | None, typer.Option(help="A source that appears only in the course of the stream.")
    ] = None,
    appears_at: Annotated[
        float, typer.Option(help="Share of the stream after which it does.")
    ] = 0.5,
    mix: Annotated[float, typer.Option(help="Its share of the images from then on.")] = 0.5,
    groups: Annotated[
        str | None,
        typer.Option(help="Certify by group, too, and compare; 'source' is what a file can tell."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Folder for report.html, metrics.json and the figure.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """Replay a labelled score file: cold start, certificate, audits, drift, alarm."""
    from review_app.lab.simulation.plan import Drift, SimulationPlan, grouping_called
    from review_app.lab.simulation.population import world_of
    from review_app.lab.simulation.replays import document_of
    from review_app.lab.simulation.replays import simulate as replay_all

    drift = None if hold_out is None else Drift(hold_out, appears_at, mix)
    plan = SimulationPlan(
        risk_limit=risk_limit,
        delta=round(1 - confidence, 12),
        audit_probability=audit_probability,
        certify_at=tuple(certify_at or SimulationPlan().certify_at),
        images=images,
        drift=drift,
        groups=None if groups is None else grouping_called(groups),
        runs=runs,
        seed=seed,
    )
    if report is not None:
        from review_app.lab.report.write import make_folder

        make_folder(report)  # a wrong path is told before the work
    table = read(scores, detector)
    world = world_of(table, drift, seed=seed)
    with progress_bar("Replaying") as progress:
        simulation = replay_all(world, plan, progress)
    document = document_of(simulation, file=scores.name, detector=table.detector)
    if report is not None:
        from review_app.lab.simulation.report import write_simulation

        write_simulation(simulation, document, report)
    result(document, as_json, _simulated(document, drift))


def read(path: Path, detector: str | None) -> ScoreTable:
    """The scores at ``path``, within the limit of the settings; see `scores.read_scores`."""
    from review_app.scores.reading import read_scores
    from review_app.scores.remedies import contradiction

    table = read_scores(path, detector=detector, max_rows=settings().max_score_rows)
    n = table.contradicting()
    if n:
        sys.stderr.write(f"note: {contradiction(n, len(table))}\n")
    return table


def certify_scores(
    path: Path, detector: str | None, risk_limit: float, delta: float
) -> tuple[dict[str, Any], str]:
    """What a score file proves, as a document and in words; nothing is put in force.

    The grid comes from split ``val`` or a fifth of the rows, the proof from the other labels. It
    is taken as the only try.
    """
    from review_app.certification.certificate import Certificate, Provenance
    from review_app.certification.certify import certify_policy
    from review_app.scores.threshold_grids import grid_part, threshold_grids_of
    from storage.types import utc_now

    table = read(path, detector)
    grid, rest = grid_part(table, seed=0)
    labels = table.take(rest).with_labels()
    found = certify_policy(
        labels.score,
        labels.is_fake,
        *threshold_grids_of(table.score[grid]),
        risk_limit=risk_limit,
        delta=delta,
        provenance=Provenance(table.detector, "score", path.name, utc_now()),
    )
    sides: dict[str, Any] = {}
    lines = [f"{table.detector}, {len(labels):,} labels of {path.name}; nothing is put in force."]
    for side, each in (("real", found.real), ("fake", found.fake)):
        if isinstance(each, Certificate):
            sides[side] = {"certified": True, **each.to_json()}
            lines.append(
                f"Accepting as {side} is certified at the score {each.threshold:.3g}: "
                f"{each.errors} wrong of {each.accepted:,}, at most {each.upper_bound:.1%} at "
                f"{1 - delta / 2:.1%} confidence."
            )
        else:
            sides[side] = {"certified": False, "words": each.text}
            lines.append(each.text)
    document = {
        "file": path.name,
        "detector": table.detector,
        "n": len(labels),
        "n_fake": int(labels.is_fake.sum()),
        "risk_limit": risk_limit,
        "delta": delta,
        **sides,
    }
    return document, "\n".join(lines)


def evaluate_scores(path: Path, detector: str | None, split: str | None) -> dict[str, Any]:
    """The document of ``evaluate`` for a score file; the threshold is 0.5.

    Rows of split ``test`` where there are any, unless ``split`` says otherwise, else all.
    """
    import numpy as np
    from scipy.special import entr

    from review_app.inference.heads import HeadPrediction
    from review_app.lab.metrics import head_metrics

    table = read(path, detector)
    chosen = split or ("test" if (table.split == "test").any() else None)
    if chosen is not None:
        table = table.take(np.asarray(table.split == chosen, np.bool_))
        if not len(table):
            raise InputError(f"{path} has no rows of split {chosen!r}")
    table = table.with_labels()
    nothing = np.zeros(len(table))
    has_std = not bool(np.isnan(table.std).any())
    entropy = entr(table.p_fake) + entr(1 - table.p_fake)
    std = table.std if has_std else nothing
    prediction = HeadPrediction(table.p_fake, std, entropy, nothing)
    figures = head_metrics(prediction, table.is_fake, 0.5, has_std=has_std)
    return {"checkpoint": table.detector, "n": len(table), "heads": {"scores": figures}}


def write_own_scores(
    checkpoint: Checkpoint,
    manifest: Manifest,
    backbone: Backbone,
    out: Path,
    *,
    split: str | None,
    cache: FeatureCache,
) -> None:
    """Write the scores of the checkpoint's default head on the images that ``evaluate`` measured;
    their features are in ``cache``."""
    from review_app.inference.dataset import load_labelled
    from review_app.scores.own import own_scores
    from review_app.scores.writing import write_scores

    _, rows = manifest.to_measure(split)
    data = load_labelled(manifest, rows, backbone, cache, purpose="scoring")
    write_scores(out, own_scores(checkpoint, data, rows))


def _simulated(document: dict[str, Any], drift: Drift | None) -> str:
    def share(found: list[float] | None) -> str:
        return "–" if found is None else f"{found[0]:.1%} ({found[1]:.1%} to {found[2]:.1%})"

    def spread(found: dict[str, float] | None, form: str = "{:,.0f}") -> str:
        if found is None:
            return "–"
        low, median, high = (form.format(found[k]) for k in ("low", "median", "high"))
        return f"{median} ({low} to {high})"

    truth, alarm = document["truth"], document["alarm"]
    lines = {
        "certified": share(document["certified"]),
        "labels spent": spread(document["labels"]),
        "wrong certificates": share(document["violations"]["either"]),
        "accepted": spread(truth["before"]["coverage"], "{:.1%}"),
        "true error among them": spread(truth["before"]["risk"], "{:.1%}"),
        "audits spent": spread(document["audits"]),
        "suspended": share(alarm["raised"]),
        "audits until then": spread(alarm["audits"]),
    }
    if drift is not None:
        lines["accepted, then"] = spread(truth["after"]["coverage"], "{:.1%}")
        lines["true error, then"] = spread(truth["after"]["risk"], "{:.1%}")
    if (both := document["groups"]) is not None:
        for name, kind in (("one for all", both["pooled"]), ("by group", both["by_group"])):
            lines[f"{name}, worst wrong"] = share(kind["violations"])
            lines[f"{name}, accepted"] = spread(kind["coverage"], "{:.1%}")
            lines[f"{name}, alarm"] = f"{share(kind['alarm']['raised'])}, audits until then: "
            lines[f"{name}, alarm"] += spread(kind["alarm"]["audits"])
        lines["coverage lost"] = spread(both["coverage_lost"], "{:.1%}")
    head = f"{document['detector']}: {document['runs']} runs"
    return "\n".join([head, *(f"{name:>22}: {words}" for name, words in lines.items())])
