"""The score file of a checkpoint of ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from review_app.inference.checkpoint import Checkpoint
from review_app.inference.dataset import LabelledFeatures
from review_app.manifests.manifest import ManifestRow
from review_app.scores.row import ScoreRow


def own_scores(
    checkpoint: Checkpoint, data: LabelledFeatures, rows: Sequence[ManifestRow]
) -> Iterator[ScoreRow]:
    """What the default head of ``checkpoint`` says of ``data``, whose images are those of ``rows``.

    The detector is called by the checkpoint's id; ``score`` is what triage compares with its
    thresholds.
    """
    judgement, head = checkpoint.judge(data.features), checkpoint.default_head
    prediction = judgement.heads[head]
    scores = judgement.scores[head]
    has_std = checkpoint.heads[head].has_std
    for at, row in enumerate(rows):
        yield ScoreRow(
            row=row.row,
            path=row.name,
            sha256=data.keys[at],
            detector=checkpoint.id,
            p_fake=float(prediction.p_fake[at]),
            score=float(scores[at]),
            std=float(prediction.std[at]) if has_std else None,
            novelty=None if judgement.novelty is None else float(judgement.novelty[at]),
            label=row.label,
            source=row.source,
            split=row.split,
            time=None,
        )
