"""Champion and challenger on the labels and the queue of a deployment."""

from __future__ import annotations

from pathlib import Path

import pytest

from review_app.core.errors import InputError, NotFoundError
from review_app.learning.challenge import ChallengeReport
from review_app.learning.recommendation import Advice
from review_app.policy.eligibility import tries_of_looks
from storage.enums import LabelValue
from storage.repositories.held_out import HeadOf
from storage.types import utc_now
from tests.learning.places import NEW, OLD, two_detectors, write_pair

CHAMPION, CHALLENGER = HeadOf(OLD, "score"), HeadOf(NEW, "score")


def test_a_better_challenger_is_told_to_be_better_and_the_look_is_written_down(
    tmp_path: Path,
) -> None:
    with two_detectors(tmp_path) as (place, admin):
        steps: list[tuple[int, int | None]] = []
        report = place.app.challenges.compare(
            CHALLENGER, admin.name, lambda *step: steps.append(step)
        )
        assert (report.champion, report.challenger) == (OLD, NEW)
        assert report.recommendation.advice is Advice.PROMOTE
        assert report.overall.labels == report.labels.gold == 400 - report.labels.seen
        assert report.labels.seen > 0, "labels whose scores made a threshold grid are left out"
        assert {part.name for part in report.parts} == {"phones", "scans"}
        assert report.replay.items == 400
        assert report.replay.attempt == 1 + tries_of_looks(1)
        assert place.app.challenges.last(NEW) == report
        assert ChallengeReport.from_json(report.to_json()) == report
        assert place.chain_holds()
        assert place.app.challenges.last(OLD) is None


def test_every_look_makes_the_challengers_next_try_dearer(tmp_path: Path) -> None:
    assert [tries_of_looks(m) for m in (0, 1, 2, 3, 10)] == [0, 1, 3, 4, 7]
    assert sum(0.5 ** tries_of_looks(m) for m in range(1, 1000)) <= 1
    with two_detectors(tmp_path) as (place, admin):
        told = [place.app.challenges.compare(CHALLENGER).replay.attempt for _ in range(3)]
        assert told == [2, 4, 5]
        place.app.policies.adopt(admin, NEW, "score", "past the comparison")
        assert place.app.policies.price(admin, 0.3, 0.5).attempt == 5
        place.app.policies.adopt(admin, OLD, "score", "and back")
        assert place.app.policies.price(admin, 0.3, 0.5).attempt == 1


def test_a_replay_alone_looks_at_no_label_and_costs_nothing(tmp_path: Path) -> None:
    with two_detectors(tmp_path) as (place, admin):
        assert place.app.challenges.replay(CHALLENGER).attempt == 1
        assert place.app.challenges.last(NEW) is None
        place.app.policies.adopt(admin, NEW, "score", "")
        assert place.app.policies.price(admin, 0.3, 0.5).attempt == 1


def test_the_detector_in_force_and_unknown_ones_are_no_challengers(tmp_path: Path) -> None:
    with two_detectors(tmp_path, 60) as (place, _):
        with pytest.raises(InputError, match="in force already"):
            place.app.challenges.compare(CHAMPION)
        with pytest.raises(NotFoundError):
            place.app.challenges.compare(HeadOf("external:nobody", "score"))
        with pytest.raises(NotFoundError):
            place.app.challenges.compare(HeadOf(NEW, "variational"))


def test_left_by_its_progress_it_writes_nothing(tmp_path: Path) -> None:
    def leave(_done: int, _total: int | None) -> None:
        raise InterruptedError

    with two_detectors(tmp_path, 60) as (place, _):
        place.factory.item(known=LabelValue.FAKE, decided=True)  # scored by neither
        with pytest.raises(InterruptedError):
            place.app.challenges.compare(CHALLENGER, "ada", leave)
        with place.app.database.read() as repos:
            assert repos.comparisons.count() == 0


def test_past_acceptances_that_the_challenger_turns_round_are_told(tmp_path: Path) -> None:
    with two_detectors(tmp_path, new=0.95) as (place, _):
        with place.app.database.read() as repos:
            rows = repos.stored_decisions.rows(CHAMPION, CHALLENGER, 10)
        wrong = next(row for row in rows if (row.challenger_p or 0) >= 0.5)
        version = place.app.policies.current().version
        values = {"policy_version": version, "checkpoint_id": OLD, "head": "score"}
        place.factory.decision(wrong.item_id, route="accept_real", **values)
        found = place.app.challenges.replay(CHALLENGER)
        assert (found.accepted, found.opposite) == (1, 1)
        (flip,) = found.flips
        assert (flip.item_id, flip.accepted_as) == (wrong.item_id, "real")
        assert flip.challenger == wrong.challenger_p


def test_verdicts_and_audits_compare_by_their_probability_and_what_was_chosen_does_not(
    tmp_path: Path,
) -> None:
    with two_detectors(tmp_path, 40) as (place, _):
        place.app.scores.ingest(
            write_pair(tmp_path / "more.csv", 4, first=1000, labels=False, split=None), "tester"
        )
        place.app.triage.run("tester")
        place.answer(LabelValue.REAL, 4)
        with place.app.database.read() as repos:
            rows = repos.held_out.rows(CHAMPION, CHALLENGER, utc_now())
        verdicts = [row for row in rows if row.kind == "verdict"]
        assert [row.inclusion_probability for row in verdicts] == [1.0] * 4
        audited, chosen, reopened = (row.item_id for row in verdicts[:3])
        values = {"policy_version": 2, "checkpoint_id": OLD, "head": "score"}
        place.factory.decision(
            audited, route="review", proposal="accept_real", audited=True,
            inclusion_probability=0.05, **values,
        )  # fmt: skip
        place.factory.decision(reopened, route="accept_real", **values)
        with place.app.database.write() as repos:
            item = repos.items.get(chosen)
            assert item is not None
            item.placed_by = "worth"  # type: ignore[assignment]
        with place.app.database.read() as repos:
            rows = repos.held_out.rows(CHAMPION, CHALLENGER, utc_now())
        found = {row.item_id: row for row in rows if row.kind != "gold"}
        assert set(found) == {audited, verdicts[3].item_id}
        assert (found[audited].kind, found[audited].inclusion_probability) == ("audit", 0.05)


def test_a_fusion_challenges_its_members(tmp_path: Path) -> None:
    with two_detectors(tmp_path) as (place, admin):
        place.app.fusion.fuse(admin, "both", [(OLD, "score"), (NEW, "score")], 200)
        fused = HeadOf("fused:both", next(iter(place.app.detectors.fused().values())))
        report = place.app.challenges.compare(fused)
        assert report.replay.items == 400
        assert report.overall.labels + report.labels.seen == 400
        assert report.labels.seen >= 200, "what made the fusion compares nothing"
        assert report.labels.unscored == 0
        policy = place.app.promotions.promote(admin, "fused:both", "")
        assert policy.checkpoint == "fused:both"
