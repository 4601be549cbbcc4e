"""What a try by group may find: told from numbers of labels alone."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from review_app.certification.group_prospect import GroupProspect, group_prospects
from review_app.certification.grouping import UNKNOWN
from review_app.certification.groups import groups_to_test
from review_app.certification.prospect import Prospect
from review_app.certification.threshold_grid import Side
from tests.certification.cases import GRIDS


def prospects(**labels: int) -> dict[str, GroupProspect]:
    groups = [name for name, n in labels.items() for _ in range(n)]
    found = group_prospects(groups, *GRIDS, risk_limit=0.1, delta=0.1, attempt=1)
    return {one.name: one for one in found}


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 300), max_size=6))
def test_the_groups_that_are_tested_have_a_prospect(labels: dict[str, int]) -> None:
    found = prospects(**labels)
    assert set(found) == set(labels)
    tested = groups_to_test(labels, 0.1, 0.05)
    assert sorted(name for name, one in found.items() if one.sides) == list(tested)
    for name, one in found.items():
        assert one.labels == labels[name]
        assert one.least is not None
        assert (one.labels >= one.least) is (name in tested)


def test_a_group_alone_has_the_prospect_of_all_images_and_shares_with_others() -> None:
    alone, beside = prospects(a=500)["a"], prospects(a=500, b=300)["a"]
    assert alone.fake == Prospect(GRIDS[1], 500, 0.1, 0.1, 1)
    assert alone.fake is not None
    assert beside.fake is not None
    assert beside.fake.chance < alone.fake.chance
    assert alone.threshold(Side.FAKE) == alone.fake.threshold is not None


def test_of_images_of_which_nothing_is_known_nothing_is_expected() -> None:
    (one,) = prospects(**{UNKNOWN: 500}).values()
    assert (one.least, one.sides, one.threshold(Side.REAL)) == (None, (), None)
