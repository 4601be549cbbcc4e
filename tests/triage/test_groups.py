"""Triage under a policy that certifies group by group, on a real queue."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from review_app.certification.grouping import UNKNOWN, Grouping
from review_app.certification.threshold_grid import Side
from review_app.core.errors import CalibrationError
from review_app.core.permissions import Person
from review_app.policy.governance import PolicyService
from review_app.queueing.reference_window import recent_items
from storage.enums import AuditKind, ItemState, LabelValue, PolicyState
from storage.models import DecisionRow
from storage.repositories.triage_candidates import TriageCandidates
from storage.repositories.workload import Workload
from storage.types import utc_now
from tests.applications import LOOSE, Deployment, deployment


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path) as place:
        yield place


@pytest.fixture
def admin(place: Deployment) -> Person:
    return place.factory.admin("ada")


@pytest.fixture
def policies(place: Deployment) -> PolicyService:
    return place.app.policies


def decided(place: Deployment, item_id: int) -> DecisionRow:
    with place.app.database.read() as repos:
        found = repos.decisions.of_item(item_id)
    assert found is not None
    return found


def calibrate(place: Deployment) -> None:
    """Labels of one source that the detector knows, of one that it does not, of one that has few,
    and of none."""
    place.calibrated(source="agency")
    place.scored_alike(20, 1.0, LabelValue.REAL, source="forum")
    place.scored_alike(20, 0.0, LabelValue.FAKE, source="forum")
    place.scored_alike(3, 1.0, LabelValue.FAKE, source="tip")
    place.calibrated(source=None)
    place.app.triage.run("tester")


def test_each_image_is_decided_by_what_is_proven_of_its_source(
    place: Deployment, policies: PolicyService, admin: Person
) -> None:
    calibrate(place)
    with pytest.raises(CalibrationError):
        policies.certify(admin, *LOOSE, 0.0)  # over all of them it errs too often
    policy = policies.certify(admin, *LOOSE, 0.0, grouping=Grouping.SOURCE)
    found = {group.name: len(group.certificates) for group in policy.groups}
    assert found == {"agency": 2, "forum": 0, "tip": 0, UNKNOWN: 0}
    items = {
        source: place.scored(1.0, source=source)
        for source in ("agency", "forum", "tip", "never seen", None)
    }
    place.app.triage.run("tester")
    rows = {source: decided(place, item_id) for source, item_id in items.items()}
    assert {source: row.route for source, row in rows.items()} == {
        "agency": "accept_fake",
        "forum": "review",
        "tip": "review",
        "never seen": "review",
        None: "review",
    }
    assert [row.group_name for row in rows.values()] == [*list(items)[:4], UNKNOWN]
    assert rows["tip"].reasons == rows[None].reasons == ["group_not_certified"]
    assert place.app.records.show(admin, items["agency"]).said is not None
    assert place.chain_holds()
    with place.app.database.read() as repos:
        recent = recent_items(repos, policy)
    assert len(recent.stream) > len(recent.to_people) > 0


def test_certifying_by_group_is_one_try_and_its_price_is_told(
    place: Deployment, policies: PolicyService, admin: Person
) -> None:
    place.scored_alike(12, 1.0, LabelValue.FAKE, source="a")
    price = policies.price(admin, *LOOSE, grouping=Grouping.SOURCE)
    assert (price.attempt, price.labels, price.grouping) == (1, 12, Grouping.SOURCE)
    assert "group by group; the largest group has 12 labels" in price.text
    policies.certify(admin, *LOOSE, 0.0, asked=price, grouping=Grouping.SOURCE)
    with place.app.database.read() as repos:
        assert len(repos.event_history.of_kind(AuditKind.CERTIFICATION_TRIED)) == 1
    assert policies.price(admin, *LOOSE).attempt == 2


def test_many_groups_of_few_labels_are_no_try(
    place: Deployment, policies: PolicyService, admin: Person
) -> None:
    for source in "abcd":
        place.scored_alike(3, 1.0, LabelValue.FAKE, source=source)
    place.scored_alike(30, 1.0, LabelValue.FAKE, source=None)
    with pytest.raises(CalibrationError, match="the largest has 3"):
        policies.certify(admin, *LOOSE, 0.0, grouping=Grouping.SOURCE)
    with place.app.database.read() as repos:
        assert not repos.event_history.of_kind(AuditKind.CERTIFICATION_TRIED)


def test_a_small_group_is_audited_more_often_and_its_decisions_say_so(
    place: Deployment, policies: PolicyService, admin: Person
) -> None:
    place.calibrated(n=100, source="large")
    place.calibrated(n=6, source="small")
    policy = policies.certify(admin, *LOOSE, 0.02, grouping=Grouping.SOURCE)
    probabilities = {group.name: group.audit_probability for group in policy.groups}
    assert 0.02 <= probabilities["large"] < probabilities["small"] <= 1
    item_id = place.scored(1.0, source="small")
    place.app.triage.run("tester")
    assert decided(place, item_id).inclusion_probability == probabilities["small"]


def test_an_alarm_closes_it_and_what_is_reopened_keeps_its_group(
    place: Deployment, policies: PolicyService, admin: Person
) -> None:
    place.calibrated(source="agency", split="calibration")
    place.app.triage.run("tester")
    policies.certify(admin, *LOOSE, 1.0, grouping=Grouping.SOURCE)
    audited = place.scored_alike(40, 1.0, source="agency")
    place.app.triage.run("tester")
    assert {decided(place, i).audited for i in audited} == {True}
    accepted = place.scored(1.0, source="agency", state=ItemState.AUTO_ACCEPTED)
    place.factory.decision(
        accepted,
        policy_version=policies.current().version,
        checkpoint_id=policies.current().checkpoint,
        route="accept_fake",
        reasons=["certified_fake"],
        group_name="agency",
    )
    report = place.app.breaker.report()
    assert report is not None
    assert {side.certificate.side for side in report.sides} == set(Side)
    assert [side.open for side in report.sides] == [0, 40]
    place.answer(LabelValue.REAL, 40)
    place.app.breaker.check()
    assert policies.current().state is PolicyState.SUSPENDED
    back = decided(place, accepted)
    assert (back.route, back.group_name) == ("review", "agency")
    assert place.chain_holds()


@pytest.mark.parametrize("grouping", [None, *Grouping])
def test_labels_and_the_queue_know_the_fact_of_every_grouping(
    grouping: Grouping | None, place: Deployment
) -> None:
    place.scored(0.9, LabelValue.FAKE, source="agency", novelty=0.5, scope="faces")
    policy = place.app.policies.current()
    told = (policy.checkpoint, policy.head)
    with place.app.database.read() as repos:
        (label,) = repos.calibration.rows(*told, utc_now(), grouping)
        candidates = TriageCandidates(repos.session, ItemState.PENDING, 1, *told, (0, 1), grouping)
        waiting = candidates.after(0, 10)
        (recent,) = Workload(repos.session).recent_scores(*told, 10, grouping)
    expected = {
        None: None,
        Grouping.SOURCE: "agency",
        Grouping.SIZE_CLASS: 240,
        Grouping.SCOPE: "faces",
        Grouping.NOVELTY_BAND: 0.5,
    }
    assert label.fact == recent.fact == expected[grouping]
    assert waiting.fact == [expected[grouping]]
