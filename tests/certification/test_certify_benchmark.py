"""The benchmark of certificates measures what it says, on a world whose truth is known."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import certify as benchmark
from benchmarks import real_scores
from benchmarks.real_scores import Scored
from review_app.certification.fixed_sequence import DEFAULT_METHOD
from review_app.certification.threshold_grid import Side
from tests.certification.cases import GRIDS, draw

SCORES, FAKE = draw(np.random.default_rng(3), 1200, separation=1.2)
WORLD = Scored("default", SCORES, FAKE, {grid.side: grid for grid in GRIDS})


@pytest.mark.parametrize("side", Side)
def test_counts_are_those_of_a_plain_count(side: Side) -> None:
    world = benchmark.World.of(WORLD, side)
    weights = np.random.default_rng(1).multinomial(300, np.full(1200, 1 / 1200), 2)
    errors, accepted = world.counts(weights)
    for at, threshold in enumerate(WORLD.grids[side].thresholds):
        taken = side.accepts(SCORES, threshold)
        wrong = taken & (FAKE if side is Side.REAL else ~FAKE)
        assert accepted[:, at].tolist() == (weights @ taken).tolist()
        assert errors[:, at].tolist() == (weights @ wrong).tolist()


def test_certificates_keep_the_limit_that_the_naive_rule_breaks() -> None:
    rows = benchmark.measure(WORLD, 500, 300, np.random.default_rng(0))
    for row in rows.values():
        assert row[DEFAULT_METHOD]["violations"] <= 0.1
        assert row[DEFAULT_METHOD]["coverage"] <= row["oracle"] + 0.1
    assert rows["5%"]["naive"]["violations"] > 0.3


def test_without_the_images_it_says_so_and_succeeds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(real_scores, "MANIFEST", tmp_path / "manifest.csv")
    monkeypatch.setattr(sys, "argv", ["certify", "--json", "--cache", str(tmp_path)])
    assert benchmark.main() == 0
    assert "skipped" in json.loads(capsys.readouterr().out)
