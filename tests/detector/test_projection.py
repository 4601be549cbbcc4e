"""What a model makes of features before it asks a head is kept to the bit, and shared by whom it
may be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from review_app.inference.checkpoint import Checkpoint, Judgement
from review_app.inference.compression import Compression
from review_app.inference.heads import HeadName
from review_app.inference.model import Model
from review_app.inference.novelty import Novelty
from review_app.inference.projection import Projection, projection_key

DEFAULT = Path(__file__).parents[2] / "checkpoints" / "default"


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return Checkpoint.load(DEFAULT)


def features(checkpoint: Checkpoint, n: int) -> np.ndarray:
    """Features as a backbone rounds them."""
    standardizer = checkpoint.model.standardizer
    drawn = np.random.default_rng(n).normal(size=(n, len(standardizer.mean)))
    rows = standardizer.mean + drawn * standardizer.scale
    return rows.astype(np.float16).astype(np.float32)


def bits(judgement: Judgement) -> list[bytes]:
    found = [np.asarray(judgement.nearest).tobytes()]
    for name, says in judgement.heads.items():
        numbers = (says.p_fake, says.std, says.entropy, says.mutual_information)
        found += [each.tobytes() for each in (*numbers, judgement.scores[name])]
    assert judgement.novelty is not None
    return [*found, judgement.novelty.tobytes()]


def test_what_was_packed_is_judged_as_its_features_are(checkpoint: Checkpoint) -> None:
    rows = features(checkpoint, 19)
    packed = checkpoint.project(rows).packed()
    # Read back one by one, in another order, beside some that are fresh.
    kept = Projection.unpacked([packed[at] for at in range(10, -1, -1)], checkpoint.model)
    together = Projection.concatenated([kept, checkpoint.project(rows[11:])])
    order = [*range(10, -1, -1), *range(11, 19)]
    assert bits(checkpoint.judge_projected(together)) == bits(checkpoint.judge(rows[order]))
    assert {len(each) for each in packed} == {4 * (1536 + 4) + 8}


def test_models_that_differ_in_their_heads_share_a_key(checkpoint: Checkpoint) -> None:
    model = checkpoint.model
    assert model.novelty is not None
    assert model.compression is not None
    one_head = {HeadName.LINEAR: model.heads[HeadName.LINEAR]}
    rescaled = replace(model.novelty, scale=model.novelty.scale + 1)
    same = replace(model, heads=one_head, novelty=rescaled)
    step = model.compression.step * np.float32(1.5)
    references = model.novelty.references[1:]
    others: list[Model] = [
        replace(model, compression=Compression(model.compression.projection, step)),
        replace(model, novelty=Novelty(references, model.novelty.scale)),
        replace(model, novelty=None),
    ]
    assert projection_key(same) == projection_key(model)
    assert len({projection_key(each) for each in (model, *others)}) == 4


def test_heads_that_are_told_everything_leave_nothing_to_keep() -> None:
    assert projection_key(Checkpoint.load(DEFAULT.parent / "source").model) is None
