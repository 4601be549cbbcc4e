"""Finding images: by number, hash, name and path, newest first, page by page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from review_app.core.errors import InputError, NotAllowedError, NotFoundError
from review_app.core.permissions import Person
from review_app.records.filters import FILTERS, Search, search_of
from review_app.records.search import PAGE
from review_app.records.service import RecordService
from storage.database import Database
from storage.enums import ItemState, LabelValue, TriageFlag
from storage.models import ScoreFile
from storage.repositories import records as repository
from storage.repositories.wanted import Wanted
from tests.factories import NO_PICTURE, Factory
from tests.review.bench import Bench

ONLY_ROLLED_BACK = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None
)


def ids(records: RecordService, person: Person, text: str = "", **filters: object) -> list[int]:
    found = records.find(person, Search(text, **filters))  # type: ignore[arg-type]
    return [line.item_id for line in found.lines]


def test_an_image_is_found_by_number_hash_name_and_path(
    records: RecordService, factory: Factory, root: Person, database: Database
) -> None:
    first = factory.item(name="holiday/IMG_0042.jpg", image={"sha256": "c0ffee12" * 8})
    assert ids(records, root, "bucket") == []
    second = factory.item(name="", image={**NO_PICTURE, "path": "bucket/100%_real.png"})
    with database.write() as repos:
        repos.taken_files.add(
            ScoreFile(
                name="scores.csv",
                sha256="f" * 64,
                rows=1,
                scores={},
                images=1,
                labels=0,
                first_item_id=second,
                last_item_id=second,
                taken_by="root",
            )
        )
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
    first=st.integers(1, 5),
    hurry=st.booleans(),
)
def test_paging_finds_what_fits_however_far_one_page_looks(
    names: list[str], limit: int, first: int, hurry: bool, database: Database, factory: Factory
) -> None:
    start = factory.item(name="another")
    made = [(factory.item(name=name), name) for name in names]
    met: list[int] = []
    with pytest.MonkeyPatch.context() as patch, database.read() as repos:
        patch.setattr(repository, "FIRST_SPAN", first)
        patch.setattr(repository, "SECONDS", 0 if hurry else 60)
        below: int | None = None
        while True:
            page = repos.records.page(Wanted("CAT"), limit, below)
            assert len(page.items) <= limit
            met += [item.id for item in page.items]
            if page.older is None:
                break
            assert below is None or page.older < below
            below = page.older
        fit = repos.records.count(Wanted("CAT"))
    ours = [item_id for item_id in met if item_id > start]
    assert ours == [item_id for item_id, name in reversed(made) if name != "dog"]
    assert fit.n == len(met) or not fit.is_all


@pytest.mark.parametrize("first", [1, 2, 100])
def test_a_verdict_is_found_as_it_stands_in_order_and_once_however_short_a_look(
    first: int,
    database: Database,
    factory: Factory,
    root: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By people's answers and by corrections, which different indexes tell."""
    real, fake = LabelValue.REAL, LabelValue.FAKE
    stands: dict[int, LabelValue] = {}
    for verdict, *corrected in (
        *((real,), (fake, real), (fake,), (real, fake), (real, fake, real)),
        *((fake, fake), (real,), (fake,), (fake, real, fake)),
    ):
        item_id = factory.item(ItemState.RESOLVED, verdict=verdict)
        factory.items(3)  # none of which is looked at: an index passes them by
        for value in corrected:
            factory.correction(root, item_id, value)
        stands[item_id] = corrected[-1] if corrected else verdict
    monkeypatch.setattr(repository, "FIRST_SPAN", first)
    monkeypatch.setattr(repository, "SECONDS", 1e-9)
    for verdict in (real, fake):
        wanted, met, below, pages = Wanted(verdict=verdict), list[int](), None, 0
        with database.read() as repos:
            while pages == 0 or below is not None:
                page = repos.records.page(wanted, 2, below)
                met += [item.id for item in page.items]
                below, pages = page.older, pages + 1
            assert repos.records.ids(wanted, 9) == met
            assert repos.records.count(wanted).n == len(met)
        assert met == [item_id for item_id in reversed(stands) if stands[item_id] is verdict]
        assert pages <= len(stands) // first + len(met) // 2 + 1


def by(**filters: str) -> Search:
    return search_of(filters, "Europe/Berlin")


def found(records: RecordService, person: Person, **filters: str) -> list[int]:
    """The images that the filters find, oldest first; they are counted, too."""
    shown = records.find(person, by(**filters))
    fit = records.count(person, by(**filters))
    assert fit.n == len(shown.lines)
    assert shown.fit == fit, "the page tells as much"
    return sorted(line.item_id for line in shown.lines)


def test_each_filter_finds_what_it_says_and_several_what_all_of_them_do(
    records: RecordService, factory: Factory, root: Person
) -> None:
    ada, bob = factory.person("ada"), factory.person("bob")
    at: dict[str, Any] = {"created_at": datetime(2026, 3, 31, 23, 30, tzinfo=UTC)}
    state, verdict = ItemState.RESOLVED, LabelValue.FAKE
    a, b, c, d = (factory.item(state, verdict=verdict, source=name, **at) for name in "xxyz")
    later = factory.item(state)
    for item, p_fake, std, mark in (
        (a, 0.9, 0.05, TriageFlag.RETRAIN),
        (b, 0.1, 0.2, TriageFlag.SECOND_REVIEWER),
        (c, 0.5, 0.01, None),
    ):
        factory.decision(item, p_fake=0.99, std=0.3, mark=TriageFlag.RETRAIN)  # an earlier one
        factory.decision(item, p_fake=p_fake, std=std, mark=mark)
    factory.label(ada, a, LabelValue.FAKE)
    taken_back = factory.label(bob, a, LabelValue.REAL)
    factory.label(bob, a, LabelValue.FAKE, supersedes_id=taken_back)
    factory.label(ada, b, LabelValue.FAKE, escalation="Six toes.")
    factory.label(bob, b, LabelValue.REAL)
    assert found(records, root, source="x") == [a, b]
    assert found(records, root, reviewer="ada") == found(records, root, reviewer="bob") == [a, b]
    assert found(records, root, trait="disagreement") == [b]
    assert found(records, root, trait="asked_admin") == [b]
    assert found(records, root, trait="retrain") == [a]
    assert found(records, root, trait="second_reviewer") == [b]
    assert found(records, root, trait="against_detector") == [b]
    assert found(records, root, p_from="0.5") == [a, c]
    assert found(records, root, p_from="0.1", p_to="0,5") == [b, c]
    assert found(records, root, std_from="0.05", std_to="0.2") == [a, b]
    assert found(records, root, source="x", p_from="0.5", state="resolved") == [a]
    assert found(records, root, source="z", p_from="0") == []
    assert found(records, root, since="2026-04-01", until="2026-04-01") == [a, b, c, d]
    assert found(records, root, until="2026-03-31") == []
    assert search_of({"since": "2026-04-01"}).since == datetime(2026, 4, 1, tzinfo=UTC)
    assert found(records, root, since="2026-04-02") == [later]


def test_near_duplicates_are_found_by_any_of_them(
    records: RecordService, factory: Factory, root: Person
) -> None:
    first = factory.item()
    with_image = records.item(first).image_id
    others = [factory.item(duplicate_group_id=with_image) for _ in range(2)]
    factory.item()
    for one in (first, *others):
        assert found(records, root, like=f"#{one}") == [first, *others]


@pytest.mark.parametrize(
    "filters",
    [
        {"p_from": "0"},
        {"std_to": "1"},
        {"trait": "retrain"},
        {"trait": "disagreement"},
        {"reviewer": "ada"},
        {"verdict": "fake"},
    ],
)
def test_what_waits_is_not_found_by_what_is_said_of_it(
    filters: dict[str, str], records: RecordService, factory: Factory, root: Person
) -> None:
    """Not to be found by it would tell, too: so no image that waits is, whatever is said."""
    ada, bob = factory.person("ada"), factory.person("bob")
    for state in (ItemState.IN_REVIEW, ItemState.ESCALATED):
        item = factory.item(state, verdict=LabelValue.FAKE)
        factory.decision(item, mark=TriageFlag.RETRAIN)
        factory.label(ada, item, LabelValue.FAKE)
        factory.label(bob, item, LabelValue.REAL)
    assert found(records, root, **filters) == []


def test_filters_that_cannot_be_are_refused(
    records: RecordService, root: Person, ada: Person
) -> None:
    for name, value in (
        ("state", "lost"), ("trait", "x"), ("p_from", "2"), ("std_to", "nan"), ("p_to", "a"),
        ("since", "1.4.2026"), ("until", "9999-12-31"), ("like", "-1"), ("nothing", ""),
    ):  # fmt: skip
        with pytest.raises(InputError):
            search_of({name: value})
    for name, value in (("reviewer", "nobody"), ("like", str(10**18 - 1))):
        with pytest.raises(NotFoundError):
            records.find(root, by(**{name: value}))
    with pytest.raises(NotAllowedError):
        records.count(ada, Search())
    with pytest.raises(NotAllowedError):
        records.sources(ada, 1)
    assert search_of(dict.fromkeys(FILTERS, "")) == Search()


def test_sources_are_told_each_once(records: RecordService, factory: Factory, root: Person) -> None:
    for name in ("b", "a", "b", None):
        factory.item(source=name)
    assert records.sources(root, 5) == ["a", "b"]
    assert records.sources(root, 1) == ["a"]
