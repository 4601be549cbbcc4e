"""A challenger is promoted, and taken back: by admins alone, once, and with nothing proven."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from review_app.core.errors import (
    ChangedSinceError,
    ConflictError,
    InputError,
    NotAllowedError,
)
from review_app.core.permissions import Person
from review_app.core.settings import DEFAULT_CHECKPOINT
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.seen_images import prefixes
from storage.enums import AuditKind, PolicyState
from storage.repositories.held_out import HeadOf
from tests.applications import LOOSE, Deployment, deployment
from tests.learning.places import NEW, OLD, two_detectors

CHALLENGER = HeadOf(NEW, "score")


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Deployment, Person]]:
    with two_detectors(tmp_path, new=0.97) as pair:
        yield pair


def told(place: Deployment, kind: AuditKind) -> list[dict[str, object]]:
    with place.app.database.read() as repos:
        return [event.details for event in repos.event_history.of_kind(kind)]


def test_a_promotion_is_a_decision_with_the_figures_it_rests_on(
    pair: tuple[Deployment, Person],
) -> None:
    place, admin = pair
    report = place.app.challenges.compare(CHALLENGER)
    policy = place.app.promotions.promote(admin, NEW, "  it knows scans  ", 2)
    assert (policy.checkpoint, policy.state, policy.version) == (NEW, PolicyState.LEARNING, 3)
    (event,) = told(place, AuditKind.PROMOTED)
    assert event == {
        "version": 3,
        "from": OLD,
        "to": NEW,
        "comparison": 1,
        "note": "it knows scans",
        "labels": report.overall.labels,
        "difference": report.overall.difference,
        "low": report.overall.low,
        "high": report.overall.high,
        "advice": "promote",
        "ground": "better",
        "more": None,
    }
    assert place.app.policies.history()[0].note == "it knows scans"
    assert place.chain_holds()


def test_reviewers_may_neither_promote_nor_roll_back(pair: tuple[Deployment, Person]) -> None:
    place, _ = pair
    reviewer = place.factory.person()
    place.app.challenges.compare(CHALLENGER)
    with pytest.raises(NotAllowedError):
        place.app.promotions.promote(reviewer, NEW, "")
    with pytest.raises(NotAllowedError):
        place.app.promotions.roll_back(reviewer, "")
    assert place.app.policies.current().checkpoint == OLD


def test_nobody_promotes_what_was_not_compared_with_the_one_in_force(
    pair: tuple[Deployment, Person],
) -> None:
    place, admin = pair
    with pytest.raises(ConflictError, match="Compare them first"):
        place.app.promotions.promote(admin, NEW, "")
    place.app.challenges.compare(CHALLENGER)
    own, head = place.app.detectors.start()
    place.app.policies.adopt(admin, own, head, "another champion meanwhile")
    with pytest.raises(ConflictError, match="Compare them first"):
        place.app.promotions.promote(admin, NEW, "")


def test_a_second_click_or_a_second_admin_promotes_nothing(
    pair: tuple[Deployment, Person],
) -> None:
    place, admin = pair
    place.app.challenges.compare(CHALLENGER)
    place.app.promotions.promote(admin, NEW, "", 2)
    for person in (admin, place.factory.admin("grace")):
        with pytest.raises(ChangedSinceError, match="ada"):
            place.app.promotions.promote(person, NEW, "", 2)
    with pytest.raises(ConflictError, match="in force already"):
        place.app.promotions.promote(admin, NEW, "")
    assert len(told(place, AuditKind.PROMOTED)) == 1
    place.app.promotions.roll_back(admin, "", 3)
    with pytest.raises(ChangedSinceError):
        place.app.promotions.roll_back(admin, "", 3)
    assert place.app.policies.current().checkpoint == OLD


def test_auto_accept_stays_closed_until_the_challenger_is_certified_itself(
    pair: tuple[Deployment, Person],
) -> None:
    place, admin = pair
    place.app.policies.certify(admin, *LOOSE, audit_probability=0.0)
    place.app.challenges.compare(CHALLENGER)
    place.app.promotions.promote(admin, NEW, "")
    assert place.app.policies.current().certificates == ()
    price = place.app.policies.price(admin, *LOOSE)
    assert price.attempt == 2, "the comparison was a look at what labels say"
    certified = place.app.policies.certify(admin, *LOOSE, audit_probability=0.0, asked=price)
    assert (certified.state, certified.checkpoint) == (PolicyState.CERTIFIED, NEW)
    assert {c.provenance.checkpoint for c in certified.certificates} == {NEW}


def test_a_comparison_that_ends_after_the_price_was_told_spends_the_try(
    pair: tuple[Deployment, Person],
) -> None:
    """One of the challenger that has come into force while it was still being compared."""
    place, admin = pair
    place.app.challenges.compare(CHALLENGER)
    place.app.promotions.promote(admin, NEW, "")
    price = place.app.policies.price(admin, *LOOSE)
    with place.app.database.write() as repos:
        repos.comparisons.add(OLD, NEW, {}, "grace")
    with pytest.raises(ChangedSinceError, match="grace"):
        place.app.policies.certify(admin, *LOOSE, audit_probability=0.0, asked=price)
    assert place.app.policies.price(admin, *LOOSE).attempt == 4


def test_rolling_back_starts_closed_and_tells_the_old_certificate(
    pair: tuple[Deployment, Person],
) -> None:
    place, admin = pair
    certified = place.app.policies.certify(admin, *LOOSE, audit_probability=0.0)
    place.app.challenges.compare(CHALLENGER)
    place.app.promotions.promote(admin, NEW, "")
    former = place.app.promotions.former()
    assert former is not None
    assert former.policy == certified
    assert former.was_certified
    assert former.attempt == 2, "the try that certified it is spent"
    policy = place.app.promotions.roll_back(admin, "it calls sunsets fake")
    assert (policy.checkpoint, policy.head) == (OLD, "score")
    assert (policy.state, policy.certificates) == (PolicyState.LEARNING, ())
    (event,) = told(place, AuditKind.ROLLED_BACK)
    assert event == {
        "version": policy.version,
        "from": NEW,
        "to": OLD,
        "note": "it calls sunsets fake",
        "certified_then": certified.version,
    }
    again = place.app.promotions.former()
    assert again is not None
    assert again.policy.checkpoint == NEW


def test_where_there_was_one_detector_only_there_is_none_to_go_back_to(tmp_path: Path) -> None:
    with deployment(tmp_path) as place:
        admin = place.factory.admin()
        assert place.app.promotions.former() is None
        with pytest.raises(InputError, match="none to go back to"):
            place.app.promotions.roll_back(admin, "")


def test_a_transaction_that_fails_leaves_the_champion_in_force(
    pair: tuple[Deployment, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The policy and the decision are one transaction: the last thing that is written fails."""
    place, admin = pair
    place.app.challenges.compare(CHALLENGER)
    with place.app.database.write() as repos:
        repos.session.connection().exec_driver_sql(
            "CREATE TRIGGER no_promotion BEFORE INSERT ON audit_event WHEN NEW.kind = 'promoted' "
            "BEGIN SELECT RAISE(ABORT, 'the power goes'); END"
        )
    with pytest.raises(Exception, match="the power goes"):
        place.app.promotions.promote(admin, NEW, "")
    assert place.app.policies.current().checkpoint == OLD
    assert len(place.app.policies.history()) == 2
    assert place.chain_holds()


def test_labels_that_trained_a_challenger_never_certify_it(tmp_path: Path) -> None:
    with deployment(tmp_path) as place:
        admin = place.factory.admin("ada")
        place.app.policies.current()
        items = place.calibrated(15)
        with place.app.database.read() as repos:
            keys = [item.image.key for item in repos.items.get_many(items)]
        trained_on = keys[:5] + keys[20:25]
        challenger = trained(tmp_path / "challenger", trained_on)
        place.app.detectors.register(tmp_path / "challenger")
        head = challenger.default_head.value
        say_all(place, items, challenger.id, head)
        report = place.app.challenges.compare(HeadOf(challenger.id, head))
        assert (report.labels.gold, report.labels.seen) == (20, 10)
        assert place.counted(admin) == (30, 0)
        place.app.promotions.promote(admin, challenger.id, "")
        assert place.counted(admin) == (20, 0)
        place.app.promotions.roll_back(admin, "")
        assert place.counted(admin) == (30, 0)


def trained(folder: Path, keys: list[str]) -> Checkpoint:
    """The light checkpoint as if these images had made it."""
    light = Checkpoint.load(DEFAULT_CHECKPOINT.parent / "faces")
    facts = dict(light.card) | {"name": "challenger", "parent": "default"}
    given = {name: facts[name] for name in facts if name not in ("schema_version", "heads_sha256")}
    made = Checkpoint.assemble(given, light.model, light.calibrations, prefixes(keys))
    made.save(folder)
    return made


def say_all(place: Deployment, items: list[int], checkpoint_id: str, head: str) -> None:
    """The detector says of the items what the one in force says."""
    for at, item_id in enumerate(items):
        values = {"checkpoint_id": checkpoint_id, "head": head, "p_fake": float(at >= 15)}
        place.factory.prediction(item_id, **values)
