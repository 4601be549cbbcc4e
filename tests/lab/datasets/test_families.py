"""Families are what belongs together, directly or through others."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.alike_images import post
from review_app.lab.datasets.families import equal_edges, families, near_edges
from review_app.lab.datasets.fingerprints import inspect_rows
from review_app.manifests.manifest import ManifestRow
from tests.lab.datasets.pictures import inspected


@settings(deadline=None, max_examples=15)
@given(st.lists(st.one_of(st.none(), st.integers(0, 9)), max_size=20))
def test_near_families_are_those_that_look_the_same(looks: list[int | None]) -> None:
    found = [None if one is None else inspected(0, looks=one).found for one in looks]
    n = len(looks)
    assert families(n, near_edges(found)) == families(n, equal_edges(looks))


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.sampled_from("abc")), max_size=20))
def test_equal_values_are_one_family_and_none_is_alone(values: list[str | None]) -> None:
    found = families(len(values), equal_edges(values))
    assert sorted(at for family in found for at in family) == list(range(len(values)))
    for family in found:
        assert len({values[at] for at in family}) == 1
        assert values[family[0]] is not None or len(family) == 1
    known = {value for value in values if value is not None}
    assert len(found) == len(known) + values.count(None)


def test_a_copy_of_a_screenshot_is_in_its_family_and_other_posts_are_not(tmp_path: Path) -> None:
    images = [post(3, number) for number in range(3)]
    images.append(images[1].reduce(2))
    rows = []
    for at, image in enumerate(images):
        path = tmp_path / f"{at}.png"
        image.save(path)
        rows.append(ManifestRow(at + 2, path.name, path, None))
    found = [one.found for one in inspect_rows(rows)]
    assert near_edges(found).tolist() == [[1, 3]]
