"""``learn``: what people settled becomes a better detector."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from review_app.cli.common import AsJson, application, figure, progress_bar, result


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(learn)


def learn(
    data: Annotated[
        Path | None,
        typer.Option(
            help="Manifest that the detector in force was trained on: train all heads anew on it "
            "and people's labels. Without it the head in force is updated by them."
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the challenger; by default one with the day.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a challenger of the detector in force, taught by what people settled.

    The detector in force stays as it is. The newest fifth of the labels is held out, to compare
    both on.
    """
    from review_app.learning.learning import learn as learn_labels
    from review_app.learning.track_job import ask_to_track

    parameters = {"name": name, "data": None if data is None else str(data)}
    with application() as app, progress_bar("Learning") as progress:
        document = learn_labels(app, parameters, progress)
        if app.settings.mlflow_tracking_uri:
            document["logged_by_job"] = ask_to_track(app.jobs, document)
    result(document, as_json, _words(document))


def _words(document: dict[str, Any]) -> str:
    labels, weights = document["labels"], document["weights"]
    n = sum(labels.values())
    by = f"the head {document['base']}, changed by" if document["base"] else "all heads, from"
    lines = [
        f"checkpoint {document['checkpoint']} in {document['path']}: {by} {labels['real']} real "
        f"and {labels['fake']} fake labels"
        + (f" (as good as {weights['effective_n']:,.0f} of equal weight)" if n else "")
    ]
    if weights["clipped"]:
        lines.append(
            f"{weights['clipped']} weights were cut to {weights['largest']:.1f} of the mean"
        )
    lines.append(f"held out to compare on: {document['held_out']} of the newest labels")
    for what in ("apart", "left_out"):
        if document[what]:
            told = ", ".join(f"{n} {why.replace('_', ' ')}" for why, n in document[what].items())
            lines.append(f"{what.replace('_', ' ')}: {told}")
    shown = document["validation"]
    lines.append(f"on labels that each fold was not shown: AUROC {figure(shown['auroc'])}")
    if "logged_by_job" in document:
        lines.append(f"it is logged to MLflow by job {document['logged_by_job']}")
    return "\n".join(lines)
