"""Finding images: by number, hash, name and path, newest first, page by page."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from review_app.core.errors import NotAllowedError
from review_app.core.permissions import Person
from review_app.records.search import PAGE, Search
from review_app.records.service import RecordService
from storage.database import Database
from storage.enums import ItemState, LabelValue
from storage.repositories import records as repository
from storage.repositories.records import Wanted
from tests.factories import NO_PICTURE, Factory
from tests.review.bench import Bench

ONLY_ROLLED_BACK = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None
)


def ids(records: RecordService, person: Person, text: str = "", **filters: object) -> list[int]:
    found = records.find(person, Search(text, **filters))  # type: ignore[arg-type]
    return [line.item_id for line in found.lines]


def test_an_image_is_found_by_number_hash_name_and_path(
    records: RecordService, factory: Factory, root: Person
) -> None:
    first = factory.item(name="holiday/IMG_0042.jpg", image={"sha256": "c0ffee12" * 8})
    second = factory.item(name="", image={**NO_PICTURE, "path": "bucket/100%_real.png"})
    assert ids(records, root) == [second, first]
    assert ids(records, root, f" #{first} ") == [first]
    assert ids(records, root, "C0FFEE12") == [first]
    assert ids(records, root, "img_0042") == [first]
    assert ids(records, root, "0%_r") == [second]
    assert ids(records, root, "%") == [second]  # no pattern, but the sign itself
    assert ids(records, root, "nowhere") == []
    (line,) = records.find(root, Search("bucket")).lines
    assert (line.name, line.has_picture) == ("bucket/100%_real.png", False)


def test_the_image_whose_number_is_typed_comes_before_names_that_hold_it(
    records: RecordService, factory: Factory, root: Person
) -> None:
    meant = factory.item(name="a.png")
    named = factory.items(2, name=f"frame-{meant}.png")
    assert ids(records, root, str(meant)) == [meant, *reversed(named)]
    assert ids(records, root, str(meant), state=ItemState.FAILED) == []


def test_filters_go_by_state_and_by_verdict(
    records: RecordService, factory: Factory, root: Person
) -> None:
    waiting = factory.item()
    fake = factory.item(ItemState.RESOLVED, verdict=LabelValue.FAKE)
    real = factory.item(ItemState.RESOLVED, verdict=LabelValue.REAL)
    assert ids(records, root, state=ItemState.IN_REVIEW) == [waiting]
    assert ids(records, root, state=ItemState.RESOLVED) == [real, fake]
    assert ids(records, root, verdict=LabelValue.FAKE) == [fake]


def test_what_waits_is_listed_without_what_could_sway_whoever_judges_it(
    records: RecordService, factory: Factory, root: Person
) -> None:
    waiting = factory.item(decided=True)
    settled = factory.item(ItemState.RESOLVED, decided=True, verdict=LabelValue.FAKE)
    newest, oldest = records.find(root, Search()).lines
    assert (newest.item_id, newest.p_fake, newest.std) == (settled, 0.83, 0.09)
    assert (oldest.item_id, oldest.p_fake, oldest.std) == (waiting, None, None)


def test_what_somebody_holds_to_judge_is_not_listed_to_them(
    records: RecordService, bench: Bench, factory: Factory, root: Person
) -> None:
    factory.items(2)
    (held,) = bench.take(root)
    assert held not in ids(records, root)
    assert ids(records, root, str(held)) == []
    assert records.find(root, Search()).held == 1
    other = factory.admin()
    assert held in ids(records, other)
    bench.clock.pass_minutes(24 * 60)
    assert held in ids(records, root)  # the lease ran out, whoever noticed
    assert records.show(root, held).blind


def test_a_reviewer_may_not_search(records: RecordService, ada: Person) -> None:
    with pytest.raises(NotAllowedError):
        records.find(ada, Search("img"))


def test_pages_follow_each_other_without_a_gap_and_without_anything_twice(
    records: RecordService, factory: Factory, root: Person
) -> None:
    made = factory.items(2 * PAGE + 3, name="frame.png")
    met: list[int] = []
    below = None
    sizes = []
    while True:
        found = records.find(root, Search("frame"), below)
        met += [line.item_id for line in found.lines]
        sizes.append(len(found.lines))
        if found.older is None:
            break
        below = found.older
    assert met == made[::-1]
    assert sizes == [PAGE, PAGE, 3]


@ONLY_ROLLED_BACK
@given(
    names=st.lists(st.sampled_from(["cat", "dog", "Cat and dog"]), min_size=1, max_size=12),
    limit=st.integers(1, 4),
    reach=st.integers(1, 5),
)
def test_paging_finds_what_fits_however_far_one_page_looks(
    names: list[str], limit: int, reach: int, database: Database, factory: Factory
) -> None:
    start = factory.item(name="another")
    made = [(factory.item(name=name), name) for name in names]
    met: list[int] = []
    with pytest.MonkeyPatch.context() as patch, database.read() as repos:
        patch.setattr(repository, "LOOKED_THROUGH", reach)
        below: int | None = None
        while True:
            page = repos.records.page(Wanted("CAT"), limit, below)
            assert len(page.items) <= limit
            met += [item.id for item in page.items if item.id > start]
            if page.older is None:
                break
            assert below is None or page.older < below
            below = page.older
    assert met == [item_id for item_id, name in reversed(made) if name != "dog"]
