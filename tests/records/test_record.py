"""The record of an image: what the detector and people said of it, and what happened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from review_app.core.errors import ConflictError, NotAllowedError, NotFoundError
from review_app.core.permissions import Person
from review_app.i18n import use_language
from review_app.records.filters import Search
from review_app.records.record import AnswerFlag, Evidence
from review_app.records.service import RecordService
from review_app.review.tasks import Queue
from storage.enums import ItemState, LabelValue, PlacedBy
from tests.applications import deployment
from tests.factories import Factory
from tests.languages import GERMAN
from tests.review.bench import FAKE, REAL, Bench
from tests.scores.files import row, write


def test_a_settled_image_tells_what_the_detector_and_people_said(
    records: RecordService, bench: Bench, factory: Factory, root: Person, ada: Person
) -> None:
    item = factory.item(decided=True, name="a.png", source="wire")
    bench.take(ada)
    bench.label(ada, item, REAL, comment="The light fits.", tags=("face swap",))
    record = records.show(root, item)
    assert (record.state, record.verdict, record.blind) == (ItemState.RESOLVED, REAL, False)
    assert (record.file.name, record.file.source, record.file.size) == ("a.png", "wire", (320, 240))
    assert record.said is not None
    assert (record.said.p_fake, record.said.policy_version) == (0.83, 1)
    (answer,) = record.answers
    assert (answer.by, answer.value, answer.comment) == ("ada", REAL, "The light fits.")
    assert answer.tags == ("face swap",)
    words = [one.text for one in record.happenings]
    assert words[0] == "Taken in."
    assert "Answered: real. Then: resolved." in words
    assert json.loads(json.dumps(record.to_json()))["answers"][0]["by"] == "ada"


def test_a_record_says_what_was_measured_on_such_images_once_it_may_be_told(tmp_path: Path) -> None:
    with deployment(tmp_path) as place:
        root, records = place.factory.admin(), place.app.records
        inside = place.scored(0.5, novelty=0.1, scope="dfdc_faces")
        outside = place.scored(0.5, novelty=9.0, scope="dfdc_faces")
        unknown = place.scored(0.5)
        place.app.triage.run("test")
        waits = records.show(root, inside)
        assert waits.blind
        assert "dfdc" not in json.dumps(waits.to_json())
        place.answer(FAKE, 3)
        told = [records.show(root, item_id).said for item_id in (inside, outside, unknown)]
    said = [(one.scope, one.scope_text) for one in told if one is not None]
    assert said == [
        ("dfdc_faces", "Looks like: faces from videos, swapped (AUROC 0.89 there)."),
        (
            "dfdc_faces",
            "Not proven here: unlike everything that this detector was measured on. "
            "The least far off: faces from videos, swapped.",
        ),
        (None, ""),
    ]


def test_every_answer_ever_given_is_there_with_what_became_of_it(
    records: RecordService, bench: Bench, factory: Factory, root: Person, ada: Person
) -> None:
    factory.review_options(undo_minutes=10)
    item = factory.item(needed_labels=2, decided=True)
    ben, cleo = factory.person("ben"), factory.person("cleo")
    for person in (ada, ben, cleo):
        bench.take(person)
    bench.label(ada, item, REAL)
    bench.undo(ada)
    bench.label(ada, item, FAKE)
    bench.label(ben, item, REAL, together=2)
    bench.take(root, Queue.ESCALATED)
    bench.label(root, item, FAKE)
    bench.clock.pass_minutes(11)
    told = [(a.by, a.value, a.marks) for a in records.show(root, item).answers]
    assert told == [
        ("ada", REAL, (AnswerFlag.WITHDRAWN,)),
        ("ada", FAKE, (AnswerFlag.IN_SIGHT,)),
        ("ben", REAL, (AnswerFlag.TOGETHER,)),
        ("root", FAKE, (AnswerFlag.ADJUDICATES,)),
    ]


def test_what_waits_is_told_blind_but_an_escalated_image_with_its_answers(
    records: RecordService, bench: Bench, factory: Factory, root: Person, ada: Person
) -> None:
    item = factory.item(needed_labels=2, known=FAKE, decided=True)
    factory.prediction(item)
    bench.take(ada)
    bench.label(ada, item, REAL)
    record = records.show(root, item)
    assert record.blind
    assert (record.said, record.known, record.answers, record.evidence) == (None, None, (), ())
    assert [one.text for one in record.happenings] == ["Taken in."]
    ben = factory.person("ben")
    bench.take(ben)
    bench.label(ben, item, FAKE)
    escalated = records.show(root, item)
    assert escalated.blind
    assert [answer.by for answer in escalated.answers] == ["ada", "ben"]
    assert (escalated.said, escalated.known) == (None, None)


def test_whoever_was_told_the_opinion_after_their_answer_is_told_it_here(
    records: RecordService, bench: Bench, factory: Factory, root: Person
) -> None:
    item = factory.item(needed_labels=2, decided=True)
    bench.take(root)
    with pytest.raises(ConflictError, match="in your hands"):
        records.show(root, item)
    bench.label(root, item, FAKE)
    assert records.show(root, item).said is not None
    assert records.show(factory.admin(), item).said is None


def test_it_tells_whether_the_label_is_evidence(
    records: RecordService, factory: Factory, root: Person
) -> None:
    plain = factory.item(ItemState.RESOLVED, verdict=FAKE)
    known = factory.item(ItemState.RESOLVED, verdict=FAKE, known=FAKE)
    reviewed = factory.item(ItemState.RESOLVED, verdict=FAKE, decided=True)
    audited = factory.item(ItemState.RESOLVED, verdict=REAL)
    factory.policy(2, "certified")
    factory.decision(audited, policy_version=2, audited=True, proposal="accept_real")
    for item in (known, reviewed, audited):
        factory.prediction(item)
    told = {item: records.show(root, item).evidence for item in (plain, known, reviewed, audited)}
    assert told == {
        plain: (),
        known: (Evidence.CALIBRATION,),
        reviewed: (Evidence.CALIBRATION,),
        audited: (Evidence.AUDIT,),
    }


def test_it_tells_why_the_label_does_not_calibrate(
    records: RecordService, factory: Factory, bench: Bench, root: Person
) -> None:
    first = factory.item(ItemState.RESOLVED, verdict=FAKE, decided=True)
    with bench.database.read() as repos:
        earlier = repos.items.get(first)
    assert earlier is not None
    settled: dict[str, Any] = {"verdict": FAKE, "decided": True}
    near = {"near_id": earlier.image_id, "near_distance": 0}
    items: dict[int, tuple[str, ...]] = {
        first: (),
        factory.item(ItemState.RESOLVED, image=near, **settled): ("near",),
        factory.item(ItemState.RESOLVED, split="train", **settled): ("split",),
        factory.item(ItemState.RESOLVED, placed_by=PlacedBy.WORTH, **settled): ("placed",),
        factory.item(ItemState.RESOLVED, verdict=LabelValue.UNSURE, decided=True): ("undecided",),
        factory.item(ItemState.RESOLVED, verdict=FAKE): ("unmet",),
        factory.item(ItemState.AUTO_ACCEPTED): ("unlooked",),
        factory.item(ItemState.FAILED): ("unlabelled",),
    }
    swayed = factory.item(ItemState.RESOLVED, **settled)
    factory.label(root, swayed, FAKE, blind=False)
    chosen = factory.item(ItemState.RESOLVED, verdict=FAKE)
    factory.policy(2, "certified")
    factory.decision(chosen, policy_version=2)
    expected = {**items, swayed: ("swayed",), chosen: ("chosen",)}
    for item in expected:
        factory.prediction(item)
    told = {item: records.show(root, item) for item in expected}
    assert {item: record.uncounted for item, record in told.items()} == expected
    assert {record.near for record in told.values()} == {None, first}
    unscored = factory.item(ItemState.RESOLVED, **settled)
    assert records.show(root, unscored).uncounted == ("unscored",)


def test_what_happened_is_told_in_the_readers_language(
    records: RecordService, factory: Factory, root: Person
) -> None:
    item = factory.item(ItemState.RESOLVED, known=FAKE, verdict=FAKE, decided=True)
    with use_language(GERMAN):
        happenings = records.show(root, item).happenings
    assert "Kam mit einem Label: gefälscht." in [one.text for one in happenings]
    assert "Richtlinie 1" in [one.by for one in happenings]
    assert any(one.note == "factory.csv (row 1)" for one in happenings)


def test_a_record_is_for_admins_and_of_items_that_there_are(
    records: RecordService, factory: Factory, root: Person, ada: Person
) -> None:
    item = factory.item(ItemState.RESOLVED, verdict=FAKE)
    with pytest.raises(NotAllowedError):
        records.show(ada, item)
    for nowhere in (0, -1, item + 1, 2**63):
        with pytest.raises(NotFoundError, match="no item"):
            records.show(root, nowhere)


def test_an_image_that_a_score_file_brought_says_so(tmp_path: Path) -> None:
    with deployment(tmp_path) as place:
        path = write(tmp_path / "theirs.csv", [row(f"bucket/{n}.png") for n in range(3)])
        place.app.scores.ingest(path, "tester")
        root = place.factory.admin("root")
        (line, *_) = place.app.records.find(root, Search("bucket/1")).lines
        record = place.app.records.show(root, line.item_id)
    assert (record.file.name, record.file.size) == ("bucket/1.png", None)
    (first, *_) = record.happenings
    assert (first.by, first.text) == ("tester", "Taken in with a score file.")
    assert first.note == "theirs.csv"
