"""Nobody's hand makes a proof better: what is evidence, and what audits find, stays as it was."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from review_app.core.permissions import Person
from review_app.policy.policy import Policy, learning_policy
from review_app.queueing.ranking import reorder
from storage.enums import BulkKind, ItemState, LabelValue, PlacedBy, Route
from storage.repositories.alarms import DoubtfulSpan
from storage.repositories.bulk_bars import BulkBar
from storage.repositories.evidence import Uncounted
from storage.repositories.export_columns import items
from storage.repositories.triage_candidates import TriageCandidates
from storage.types import utc_now
from tests.bulk.scene import CERTIFIED, Scene
from tests.factories import Factory
from tests.review.bench import FAKE, Bench

REVIEW, ACCEPTED = ItemState.IN_REVIEW, ItemState.AUTO_ACCEPTED
MOVES = (BulkKind.PRIORITISE, BulkKind.ASSIGN, BulkKind.ESCALATE)


def _policy() -> Policy:
    return learning_policy(
        checkpoint="checkpoint-1",
        head="variational",
        risk_limit=0.05,
        delta=0.1,
        audit_probability=0.05,
        version=CERTIFIED,
    )


@pytest.mark.parametrize("kind", MOVES)
def test_what_chance_has_placed_is_moved_by_nobody(
    kind: BulkKind, scene: Scene, ada: Person
) -> None:
    """Of what waits while everything goes to people, each verdict may calibrate."""
    waiting = scene.decided(4, REVIEW, policy=1)
    told = scene.preview(kind, waiting, name=ada.name)
    assert (told.images, told.left_out) == (0, {BulkBar.EVIDENCE: 4})
    gold = scene.decided(1, REVIEW, policy=1, known=LabelValue.FAKE)
    assert scene.preview(kind, gold, name=ada.name).left_out == {BulkBar.EVIDENCE: 1}, "like any"
    before = scene.as_it_was()
    scene.act(kind, waiting, name=ada.name)
    assert scene.as_it_was() == before


@pytest.mark.parametrize("kind", MOVES)
def test_audits_move_with_the_rest_and_nothing_tells_them_apart(
    kind: BulkKind, scene: Scene, ada: Person
) -> None:
    scene.certify()
    waiting = scene.decided(6, REVIEW, audited=3)
    told = scene.preview(kind, waiting, name=ada.name)
    assert (told.images, told.left_out) == (6, {})
    with scene.database.read() as repos:
        assert len(repos.audits.open([CERTIFIED], utc_now())) == 3
    scene.act(kind, waiting, name=ada.name)
    items = [scene.item(item_id) for item_id in waiting]
    assert len({(item.state, item.placed_by, item.open_slots) for item in items}) == 1
    with scene.database.read() as repos:
        assert len(repos.audits.open([CERTIFIED], utc_now())) == 3


def test_places_within_an_action_tell_nothing_of_its_images(scene: Scene) -> None:
    """By coin, whatever chunk they were in: not by number, nor audits first."""
    scene.certify()
    waiting = scene.decided(40, REVIEW, audited=20)
    scene.act(BulkKind.PRIORITISE, waiting)
    order = sorted(waiting, key=lambda item_id: scene.item(item_id).rank)
    assert order not in (waiting, waiting[::-1])
    assert 4 <= sum(item_id in waiting[:20] for item_id in order[:20]) <= 16


def test_a_verdict_on_what_was_requeued_never_calibrates(
    scene: Scene, bench: Bench, ada: Person
) -> None:
    scene.certify()
    (accepted,) = scene.decided(1, ACCEPTED)
    scene.factory.prediction(accepted)
    scene.act(BulkKind.REQUEUE, [accepted])
    assert bench.take(ada) == [accepted]
    bench.label(ada, accepted, FAKE)
    later = utc_now() + timedelta(days=365)
    with scene.database.read() as repos:
        assert not repos.calibration.counts(accepted, later)
        uncounted = repos.calibration.uncounted(accepted, later)
        assert repos.audits.settled([CERTIFIED], later) == []
        assert len(repos.audits.open([CERTIFIED], later)) == 0
    assert {Uncounted.PLACED, Uncounted.CHOSEN} <= set(uncounted)


def test_no_policy_and_no_order_touches_what_a_hand_has_placed(scene: Scene) -> None:
    scene.certify()
    accepted, waiting = scene.decided(2, ACCEPTED), scene.decided(2, REVIEW)
    scene.act(BulkKind.REQUEUE, accepted)
    ranks = {item_id: scene.item(item_id).rank for item_id in accepted}
    with scene.database.read() as repos:
        candidates = TriageCandidates(repos.session, REVIEW, 3, "checkpoint-1", "x", (0.0, 1.0))
        assert candidates.after(0, 10).item_id.tolist() == waiting
    reorder(scene.database, _policy, b"secret of the tests")
    assert {item_id: scene.item(item_id).rank for item_id in accepted} == ranks
    assert {scene.item(item_id).placed_by for item_id in accepted} == {PlacedBy.HAND}


def test_what_waits_is_neither_archived_nor_deleted(scene: Scene) -> None:
    scene.certify()
    waiting = scene.decided(2, REVIEW) + scene.decided(1, ItemState.ESCALATED)
    pending = scene.factory.items(1, ItemState.PENDING)
    for kind in (BulkKind.ARCHIVE, BulkKind.DELETE):
        told = scene.preview(kind, waiting + pending, reason="too hard")
        assert (told.images, told.left_out) == (0, {BulkBar.WAITS: 3, BulkBar.NOT_TRIAGED: 1})


def test_what_is_evidence_is_not_deleted(scene: Scene, factory: Factory) -> None:
    scene.certify()
    known = scene.known()
    (audit,) = scene.decided(1, ItemState.RESOLVED, audited=1, verdict=LabelValue.FAKE)
    (open_yet,) = scene.decided(
        1, ItemState.RESOLVED, verdict=FAKE, final_at=utc_now() + timedelta(minutes=5)
    )
    learned = factory.item(ItemState.RESOLVED, verdict=FAKE, decided=True)
    factory.prediction(learned)
    told = scene.preview(BulkKind.DELETE, [known, audit, open_yet, learned], reason="why not")
    assert (told.images, told.left_out) == (0, {BulkBar.EVIDENCE: 4})


def test_of_what_is_deleted_labels_and_scores_stay_and_the_rest_goes(
    scene: Scene, factory: Factory, ada: Person
) -> None:
    scene.certify()
    (item_id,) = scene.decided(1, ItemState.RESOLVED, verdict=FAKE)
    factory.label(ada, item_id, FAKE)
    factory.prediction(item_id)
    image = scene.item(item_id).image
    assert image.sha256 is not None
    scene.media.add(image.sha256, b"original", b"public", "image/png")
    scene.media.keep(scene.media.derived(image.sha256, "small.png"), b"small")
    with scene.database.write() as repos:
        repos.descriptors.add(image.id, 1, bytes(1024))
        repos.features.put_many({image.sha256: np.ones(4, np.float32)}, "a backbone")
        repos.projections.put_many({image.sha256: b"packed"}, "a model")
    scene.act(BulkKind.DELETE, [item_id], reason="asked to be forgotten", hours=0)
    (number,) = scene.purge()
    assert [*scene.media.all_stored(), *scene.media.all_derived()] == []
    gone = scene.item(item_id)
    assert (gone.image.picture, gone.image.file_metadata) == (None, None)
    assert (gone.state, gone.verdict) == (ItemState.RESOLVED, FAKE)
    with scene.database.read() as repos:
        tombstone = repos.item_marks.tombstone(item_id)
        assert tombstone is not None
        assert (tombstone.deleted_by, tombstone.reason) == ("root", "asked to be forgotten")
        assert repos.descriptors.of_image(image.id) is None
        assert not repos.features.get_many([image.sha256], "a backbone")
        assert not repos.projections.get_many([image.sha256], "a model")
        assert [label.value for label in repos.labels.in_force(item_id)] == [FAKE]
    assert scene.faults() == []
    scene.media.add(image.sha256, b"original", b"public", "image/png")  # as if cut off before
    with scene.database.write() as repos:
        action = repos.bulk_actions.get(number)
        assert action is not None
        action.ended_at = None
    scene.run(number)
    assert [*scene.media.all_stored()] == []


def test_an_alarm_sends_nobody_what_was_deleted(scene: Scene) -> None:
    scene.certify()
    first, hidden, second = scene.decided(3, ACCEPTED)
    scene.act(BulkKind.DELETE, [first], reason="asked to be forgotten", hours=0)
    scene.purge()
    scene.act(BulkKind.DELETE, [hidden], reason="asked to be forgotten")
    long_ago = utc_now() - timedelta(days=1)
    doubt = DoubtfulSpan((CERTIFIED,), Route.ACCEPT_REAL, long_ago)
    with scene.database.read() as repos:
        assert [one.item_id for one in repos.audits.still_accepted(doubt, 10)] == [second]
    told = scene.preview(BulkKind.REQUEUE, [first, hidden, second])
    assert told.left_out == {BulkBar.DELETED: 2}


def test_an_export_knows_no_probability_of_what_was_requeued(scene: Scene) -> None:
    """It got to people since somebody chose it; what waited anyway has the one that it had."""
    scene.certify()
    accepted, waiting = scene.decided(2, ACCEPTED), scene.decided(1, REVIEW)
    scene.act(BulkKind.REQUEUE, accepted[:1])
    scene.act(BulkKind.PRIORITISE, waiting)
    with scene.database.read() as repos:
        told = repos.session.execute(items(("item_id", "inclusion_probability"))).all()
    assert [row[1] for row in told] == [None, 1.0, 1.0]
