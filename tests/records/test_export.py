"""Exports: what was labelled is what leaves, in bounded memory."""

from __future__ import annotations

import gc
import json
import re
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest

from review_app.records.exports.columns import COLUMN_NAMES, COLUMNS
from review_app.records.exports.tables import LabelTable
from review_app.records.service import RecordService
from review_app.review.service import ReviewService
from review_app.review.tasks import AnswerInput, Queue
from storage.database import Database
from storage.enums import ItemState, LabelValue, TriageFlag
from storage.repositories import export_batches
from storage.types import utc_now
from tests.factories import Factory
from tests.records.exporting import Answer, exported, rows, stream_csv
from tests.review.bench import items_of

CONTRACT = [
    "image_id", "sha256", "path", "source", "label", "label_source", "n_labels", "agreement",
    "reviewer", "labelled_at", "p_fake", "std", "entropy", "mutual_information", "checkpoint",
    "policy_version", "decision", "inclusion_probability", "audit",
]  # fmt: skip
NAME = re.compile(r"`(\w+)`")


def test_the_columns_are_those_of_the_contract_and_ours_after_them(database: Database) -> None:
    first = [
        *CONTRACT,
        "state",
        "comment",
        "score",
        "novelty",
        "mark",
        "tags",
        "escalation",
        "regions",
        "not_final",
        "together",
        "corrected",
        "verdict_was",
        "correction_reason",
        "generator_claim",
        "n_frames",
        "faces",
        "decision_group",
    ]
    assert list(COLUMN_NAMES[: len(first)]) == first, "new ones come last: scripts count places"
    assert stream_csv(database).decode().splitlines() == [
        ",".join(f'"{name}"' for name in COLUMN_NAMES)
    ]
    assert exported(database) == []


def test_the_documentation_explains_exactly_the_columns_there_are_in_their_order() -> None:
    text = (Path(__file__).parents[2] / "docs" / "exports.md").read_text(encoding="utf-8")
    table = text.partition("| column | meaning |")[2].partition("\n\n")[0]
    named = [name for line in table.splitlines() for name in NAME.findall(line.split(" | ")[0])]
    assert named == list(COLUMN_NAMES)


def test_each_value_is_of_the_type_that_its_column_says(
    database: Database, factory: Factory
) -> None:
    """The rows are one of which nothing is known, and one of which everything is."""
    factory.item()
    frames = {"frames": 2, "text": {"parameters": "Steps: 20, Sampler: Euler a"}}
    item = factory.item(
        known=LabelValue.REAL,
        name="a.gif",
        source="archive",
        verdict=LabelValue.FAKE,
        image={"file_metadata": frames},
    )
    factory.decision(item, novelty=1.5, mark=TriageFlag.RETRAIN, group_name="archive")
    factory.label(
        factory.person(),
        item,
        LabelValue.FAKE,
        comment="odd ears",
        tags=["other"],
        escalation="why",
        regions=[{"shape": "rectangle", "points": [[0.1, 0.2], [0.3, 0.4]]}],
        bulk_size=3,
    )
    factory.correction(factory.admin(), item, LabelValue.REAL)
    with database.write() as repos:
        repos.faces.put_many("finder-1", {item: [[0.1, 0.2, 0.3, 0.4, 0.99]]})
    bare, full = rows(database)
    for column in COLUMNS:
        assert isinstance(bare[column.name], column.type | None), column.name
        assert isinstance(full[column.name], column.type), column.name


def test_a_label_leaves_with_where_it_comes_from(
    database: Database, factory: Factory, answer: Answer
) -> None:
    factory.item(decided=True, source="archive")
    reviewer = factory.person()
    answer(reviewer, LabelValue.FAKE, comment="odd ears")
    (row,) = exported(database)
    assert (row["label"], row["label_source"], row["n_labels"]) == ("fake", "reviewer", 1)
    assert (row["agreement"], row["state"], row["comment"]) == (1.0, "resolved", "odd ears")
    assert row["source"] == "archive"
    assert row["reviewer"].startswith("r-")
    assert reviewer.name not in json.dumps(row)
    assert row["labelled_at"].endswith("+00:00")
    scores = ("p_fake", "std", "entropy", "mutual_information", "inclusion_probability", "audit")
    assert [row[name] for name in scores] == [0.83, 0.09, 0.45, 0.02, 1.0, False]
    assert (row["checkpoint"], row["policy_version"]) == ("checkpoint-1", 1)
    assert row["decision"] == "review"


def test_an_image_that_was_never_triaged_has_no_scores(
    database: Database, factory: Factory
) -> None:
    factory.item(ItemState.PENDING, known=LabelValue.REAL)
    factory.item(ItemState.PENDING)
    known, blank = exported(database)
    assert (known["label"], known["label_source"], known["n_labels"]) == ("real", "known", 0)
    assert (blank["label"], blank["label_source"]) == (None, None)
    assert [blank[name] for name in CONTRACT[10:]] == [None] * 9


def test_what_the_policy_accepted_is_no_label(database: Database, factory: Factory) -> None:
    item_id = factory.item(ItemState.AUTO_ACCEPTED)
    factory.decision(item_id, route="accept_fake", inclusion_probability=0.05)
    (row,) = exported(database)
    assert (row["label"], row["label_source"]) == (None, None)
    assert (row["decision"], row["inclusion_probability"]) == ("accept_fake", 0.05)


def test_the_newest_decision_is_the_one_that_counts(database: Database, factory: Factory) -> None:
    item_id = factory.item(decided=True)
    factory.decision(item_id, policy_version=factory.policy(2), p_fake=0.1, audited=True)
    (row,) = exported(database)
    assert (row["policy_version"], row["p_fake"], row["audit"]) == (2, 0.1, True)


def test_an_answer_that_was_undone_does_not_leave(
    database: Database, factory: Factory, review: ReviewService, answer: Answer
) -> None:
    factory.item()
    factory.review_options(undo_minutes=5)
    reviewer = factory.person()
    answer(reviewer, LabelValue.FAKE, comment="slip")
    review.undo(reviewer, "undo-0001")
    (row,) = exported(database)
    assert (row["label"], row["n_labels"], row["reviewer"], row["comment"]) == (None, 0, "", "")
    assert row["not_final"] == 0
    factory.review_options(undo_minutes=0)
    answer(reviewer, LabelValue.REAL)
    (row,) = exported(database)
    assert (row["label"], row["n_labels"]) == ("real", 1)


def test_answers_that_can_still_be_taken_back_are_counted_and_told_nothing_of(
    database: Database, factory: Factory, answer: Answer
) -> None:
    factory.item(needed_labels=2, known=LabelValue.REAL)
    answer(factory.person(), LabelValue.FAKE, comment="odd ears")
    factory.review_options(undo_minutes=5)
    answer(factory.person(), LabelValue.FAKE, comment="odd hands")
    (row,) = exported(database)
    told = ("label", "label_source", "n_labels", "agreement", "comment", "state", "not_final")
    assert [row[name] for name in told] == ["fake", "reviewer", 1, None, "odd ears", "resolved", 1]
    later = utc_now() + timedelta(minutes=6)
    (row,) = rows(database, now=later)
    assert [row[name] for name in told[:4]] == ["fake", "reviewer", 2, 1.0]
    assert (row["comment"], row["not_final"]) == ("odd ears | odd hands", 0)


def test_unsure_is_an_answer_and_disputed_is_none(
    database: Database, factory: Factory, answer: Answer
) -> None:
    factory.item(rank=1)
    factory.item(rank=2, needed_labels=2)
    first, second = factory.person(), factory.person()
    answer(first, LabelValue.UNSURE)
    answer(first, LabelValue.REAL)
    answer(second, LabelValue.FAKE)
    unsure, disputed = exported(database)
    assert (unsure["label"], unsure["label_source"]) == ("unsure", "reviewer")
    assert (unsure["state"], unsure["agreement"]) == ("escalated", None)
    assert (disputed["label"], disputed["label_source"]) == (None, None)
    assert (disputed["state"], disputed["n_labels"]) == ("escalated", 2)
    assert len(disputed["reviewer"].split(";")) == 2


def test_what_else_people_said_leaves_with_the_label(database: Database, factory: Factory) -> None:
    item, plain = factory.item(), factory.item()
    mark = {"shape": "rectangle", "points": [[0.25, 0.25], [0.5, 0.5]]}
    first, second = factory.person(), factory.person()
    factory.label(first, item, LabelValue.FAKE, tags=["face swap", "other"], regions=[mark])
    factory.label(second, item, LabelValue.FAKE, tags=["other"], escalation="urgent")
    factory.label(first, plain, LabelValue.REAL)
    full, bare = exported(database)
    assert (full["tags"], full["escalation"]) == ("face swap;other", "urgent")
    assert json.loads(full["regions"]) == [mark]
    assert (bare["tags"], bare["escalation"], bare["regions"]) == ("", "", None)


def test_a_label_tells_for_how_many_images_at_once_it_was_given(
    database: Database, factory: Factory
) -> None:
    several, alone = factory.item(), factory.item()
    for bulk_size in (3, None, 12):
        factory.label(factory.person(), several, LabelValue.FAKE, bulk_size=bulk_size)
    factory.label(factory.person(), alone, LabelValue.FAKE)
    assert [row["together"] for row in exported(database)] == [12, None]


def test_an_admins_decision_settles_a_dispute(
    database: Database, factory: Factory, answer: Answer
) -> None:
    factory.item(needed_labels=2)
    for value in (LabelValue.REAL, LabelValue.FAKE):
        answer(factory.person(), value)
    answer(factory.admin(), LabelValue.FAKE, queue=Queue.ESCALATED)
    (row,) = exported(database)
    assert (row["label"], row["n_labels"], row["state"]) == ("fake", 3, "resolved")
    assert row["agreement"] == pytest.approx(2 / 3)


def test_the_first_of_two_answers_is_told_while_the_second_is_missing(
    database: Database, factory: Factory, answer: Answer
) -> None:
    factory.item(needed_labels=2)
    answer(factory.person(), LabelValue.REAL)
    (row,) = exported(database)
    assert (row["label"], row["state"], row["agreement"]) == ("real", "in_review", None)


def test_every_label_leaves_as_it_was_given(
    database: Database, factory: Factory, review: ReviewService
) -> None:
    factory.items(60)
    given: dict[int, str] = {}
    for person in (factory.person(), factory.person()):
        while tasks := review.take(person, 5):
            for task in tasks:
                (item_id,) = items_of(database, [task.item_id])
                value = list(LabelValue)[item_id % 3]
                answer = AnswerInput(
                    client_id=f"answer-{item_id}", item_id=task.item_id, value=value
                )
                review.label(person, answer)
                given[item_id] = value.value
    found = exported(database)
    assert len(given) == len(found) == 60
    assert [row["label"] for row in found] == [given[i] for i in sorted(given)]


def test_memory_does_not_grow_with_the_queue(
    database: Database, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def peak() -> int:
        seldom = gc.get_threshold()
        gc.set_threshold(700, 10, 10)  # as Python does, unlike our tests
        tracemalloc.start()
        for _ in LabelTable(database).batches():
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        gc.set_threshold(*seldom)
        return most

    monkeypatch.setattr(export_batches, "WINDOW", 100)
    factory.items(400)
    peak()  # caches of compiled statements fill up
    small = peak()
    factory.items(400)
    assert peak() < 1.2 * small


def test_a_corrected_verdict_leaves_in_place_of_the_one_it_was(
    database: Database, factory: Factory, answer: Answer
) -> None:
    item_id = factory.item(decided=True)
    answer(factory.person(), LabelValue.FAKE)
    root, records = factory.admin(), RecordService(database)
    (before,) = exported(database)
    assert (before["corrected"], before["verdict_was"]) == (False, None)
    records.correct(root, item_id, "real", "The raw file came.")
    records.correct(root, item_id, "undecidable", "=it() was another's.")
    (row,) = exported(database)
    assert (row["label"], row["label_source"]) == ("undecidable", "correction")
    told = ("corrected", "verdict_was", "correction_reason")
    assert [row[name] for name in told] == [True, "fake", "=it() was another's."]
    same = {name: value for name, value in before.items() if name not in ("label", *told)}
    assert {**same, "label_source": "correction"} == {name: row[name] for name in same}
    assert b"'=it()" in stream_csv(database)


def test_a_corrected_acceptance_is_a_label_that_no_draw_chose(
    database: Database, factory: Factory
) -> None:
    item_id = factory.item(ItemState.AUTO_ACCEPTED)
    factory.decision(item_id, route="accept_fake", inclusion_probability=0.05)
    RecordService(database).correct(factory.admin(), item_id, "real", "The raw file came.")
    (row,) = exported(database)
    assert (row["label"], row["label_source"], row["verdict_was"]) == ("real", "correction", "fake")
    assert (row["decision"], row["inclusion_probability"]) == ("accept_fake", None)
    assert (row["n_labels"], row["state"]) == (0, "auto_accepted")
