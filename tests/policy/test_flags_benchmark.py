"""The benchmark of marks counts what it says."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import marks as benchmark
from benchmarks import real_scores
from storage.enums import TriageFlag


def test_errors_are_counted_by_mark_and_compared_with_the_unmarked() -> None:
    found = np.array(
        [None] * 10 + [TriageFlag.RETRAIN] * 5 + [TriageFlag.SECOND_REVIEWER] * 4, np.object_
    )
    wrong = np.array([1] + [0] * 9 + [1, 1, 0, 0, 0] + [1, 0, 0, 0], np.bool_)
    rows = benchmark.measure(found, wrong)
    assert [rows[name]["errors"] for name in ("none", *TriageFlag)] == [0.1, 0.4, 0.25]
    assert all(row["low"] <= row["errors"] <= row["high"] for row in rows.values())
    assert [bar["value"] for bar in benchmark.bars(rows)] == pytest.approx([4.0, 2.5])


def test_without_the_images_it_says_so_and_succeeds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(real_scores, "MANIFEST", tmp_path / "manifest.csv")
    monkeypatch.setattr(sys, "argv", ["marks", "--json", "--cache", str(tmp_path)])
    assert benchmark.main() == 0
    assert "skipped" in json.loads(capsys.readouterr().out)["skipped"]
