"""Damaged files by the hundred: the whole run is ``python -m benchmarks.fuzz``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import fuzz
from benchmarks.fuzz_files import bases, mutated
from review_app.intake.decode import decode


@pytest.fixture(scope="module")
def measures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    return fuzz.measure(200, seed=1, folder=tmp_path_factory.mktemp("fuzz"))


def test_damaged_files_end_nothing_and_each_has_an_outcome(measures: dict[str, object]) -> None:
    assert measures["crash"] is None
    found = fuzz.report(measures, quick=True)
    failing = [bar for bar in found["bars"] if not bar["holds"]]
    assert not failing, (failing, measures["errors"], measures["differ"])


def test_some_damaged_files_are_accepted_and_compared(measures: dict[str, object]) -> None:
    outcomes = measures["outcomes"]
    assert isinstance(outcomes, dict)
    assert outcomes["added"] > 20
    assert outcomes["refused"] > 50
    assert isinstance(measures["compared"], int)
    assert measures["compared"] > 5


def test_the_same_seed_makes_the_same_files() -> None:
    whole = bases()
    others = list(whole.values())
    twice = [mutated(np.random.default_rng([3, 7]), whole["plain.jpg"], others) for _ in range(2)]
    assert twice[0] == twice[1]
    assert whole == bases()


def test_whole_files_have_the_pixels_of_another_decoder() -> None:
    compared = 0
    for name, data in bases().items():
        if not name.endswith(".tif"):
            continue
        decoded = decode(data, name, fuzz.LIMITS)
        other = fuzz.second(data, decoded)
        if other is not None:
            compared += 1
            assert np.abs(other - np.asarray(decoded.image, float)).mean() < 1, name
    assert compared > 8


def test_a_crash_is_told_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "WORK", "import os; os.abort()")
    measures = fuzz.measure(2, seed=1, folder=tmp_path)
    assert "exit -6" in str(measures["crash"])
    assert not fuzz.report(measures, quick=True)["bars"][0]["holds"]
