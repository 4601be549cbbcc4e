"""A classifier that learns from all that a reviewer's browser is told cannot tell known images from
others, nor audited ones; and it could, were anything told of them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from benchmarks.trust_blinding import judged, numbered, of_audits, of_gold, of_second_looks, timed
from review_app.bootstrap import open_application
from review_app.core.settings import Settings
from review_app.web.server import create_app
from tests.web.serving import Serving

N = 20
"""Groups are to have 30 images or so: two of 20 are told apart by chance now and then."""
SURE = 0.9999
"""Confidence of the intervals here: a run in ten thousand fails by chance."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("blinding")


@contextmanager
def here(folder: Path) -> Iterator[Serving]:
    """The application over ``folder`` behind a real server in this process: another process would
    read in for seconds what this one has."""
    with closing(open_application(Settings(data_dir=folder))) as app:
        # In a thread: the event loop of a browser under test may be running in this one.
        with ThreadPoolExecutor(1) as thread:
            web = thread.submit(create_app, app).result()
        with Serving(web) as serving:
            yield serving


def test_nothing_that_is_told_tells_known_images(folder: Path) -> None:
    seen, groups = of_gold(folder / "gold", 2 * N, here)
    for told in judged(seen, groups, SURE).values():
        assert told["low"] < 0.5 < told["high"], told
    for leak in (numbered, timed):
        told = judged(leak(folder / "gold", seen), groups)["before"]
        assert told["low"] > 0.6, f"{leak.__name__}: the classifier sees what there is to see"


def test_nothing_that_is_told_tells_second_looks(folder: Path) -> None:
    seen, groups = of_second_looks(folder / "second", 2 * N, here)
    assert sum(groups[one.handle] for one in seen) >= N / 4
    for told in judged(seen, groups, SURE).values():
        assert told["low"] < 0.5 < told["high"], told


def test_nothing_that_is_told_tells_audited_images(folder: Path) -> None:
    seen, groups = of_audits(folder / "audits", N + N // 2, here)
    assert sum(groups[one.handle] for one in seen) >= N / 2
    for told in judged(seen, groups, SURE).values():
        assert told["low"] < 0.5 < told["high"], told
