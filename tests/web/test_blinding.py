"""A classifier that learns from all that a reviewer's browser is told cannot tell known images from
others, nor audited ones; and it could, were anything told of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.trust_blinding import judged, numbered, of_audits, of_gold, of_second_looks, timed

N = 20
SURE = 0.9999
"""Confidence of the intervals here: a run in ten thousand fails by chance."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("blinding")


def test_nothing_that_is_told_tells_known_images(folder: Path) -> None:
    seen, groups = of_gold(folder / "gold", 2 * N)
    for told in judged(seen, groups, SURE).values():
        assert told["low"] < 0.5 < told["high"], told
    for leak in (numbered, timed):
        told = judged(leak(folder / "gold", seen), groups)["before"]
        assert told["low"] > 0.6, f"{leak.__name__}: the classifier sees what there is to see"


def test_nothing_that_is_told_tells_second_looks(folder: Path) -> None:
    seen, groups = of_second_looks(folder / "second", N)
    assert sum(groups[one.handle] for one in seen) >= N / 4
    for told in judged(seen, groups, SURE).values():
        assert told["low"] < 0.5 < told["high"], told


def test_nothing_that_is_told_tells_audited_images(folder: Path) -> None:
    seen, groups = of_audits(folder / "audits", N)
    assert sum(groups[one.handle] for one in seen) >= N / 2
    for told in judged(seen, groups, SURE).values():
        assert told["low"] < 0.5 < told["high"], told
