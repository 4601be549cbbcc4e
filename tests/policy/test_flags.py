"""Flags: which kind of doubt an image raises, and that none of it moves an image."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from review_app.policy.decision_text import cuts_of
from review_app.policy.explanation import explain
from review_app.policy.flags import UncertaintyCuts, find_flag, find_flags
from review_app.policy.policy import Policy
from review_app.policy.routing import Scores, decide, decide_many
from storage.enums import ItemState, Route, TriageFlag
from tests.applications import deployment
from tests.certification.cases import certified, policies, start

CUTS = UncertaintyCuts(std=0.05, entropy=0.5, mutual_information=0.03)
probability = st.floats(0, 1) | st.sampled_from([0.0, 0.5, 1.0])
spread = st.floats(0, 1)
cuts_or_none = st.none() | st.builds(UncertaintyCuts, spread, spread, spread)
coin = st.floats(0, 1, exclude_max=True)
images = st.builds(
    Scores,
    p_fake=probability,
    std=spread,
    entropy=spread,
    mutual_information=spread,
    score=probability,
    unlike=st.booleans(),
)


@pytest.mark.parametrize(
    ("std", "entropy", "mutual_information", "unlike", "found"),
    [
        (0.01, 0.1, 0.001, False, None),
        (0.06, 0.1, 0.001, False, TriageFlag.RETRAIN),
        (0.01, 0.1, 0.031, False, TriageFlag.RETRAIN),
        (0.01, 0.1, 0.001, True, TriageFlag.RETRAIN),
        (0.01, 0.6, 0.001, False, TriageFlag.SECOND_REVIEWER),
        (0.06, 0.6, 0.031, False, TriageFlag.RETRAIN),
        (0.05, 0.5, 0.03, False, None),
    ],
)
def test_doubt_of_the_detector_asks_for_training_and_of_the_image_for_another_person(
    std: float, entropy: float, mutual_information: float, unlike: bool, found: TriageFlag | None
) -> None:
    assert find_flag(std, entropy, mutual_information, unlike=unlike, cuts=CUTS) is found


def test_without_cuts_only_unlike_images_are_marked() -> None:
    assert find_flag(0.4, 0.69, 0.3, unlike=False, cuts=None) is None
    assert find_flag(0.0, 0.0, 0.0, unlike=True, cuts=None) is TriageFlag.RETRAIN


def test_a_detector_without_a_spread_knows_nothing_of_its_own_doubt() -> None:
    cuts = UncertaintyCuts.of(entropy=0.5)
    assert find_flag(0.4, 0.4, 0.3, unlike=False, cuts=cuts) is None
    assert find_flag(0.4, 0.6, 0.3, unlike=False, cuts=cuts) is TriageFlag.SECOND_REVIEWER


@given(policies(), images, coin, cuts_or_none)
def test_a_mark_moves_no_image_and_only_those_that_the_rule_sends_to_people_have_one(
    policy: Policy, scores: Scores, c: float, cuts: UncertaintyCuts | None
) -> None:
    plain = decide(replace(scores, unlike=False), policy, c)
    found = decide(scores, policy, c, cuts)
    assert replace(found, flag=None, reasons=()) == replace(plain, flag=None, reasons=())
    if found.proposal is not Route.REVIEW:
        assert found.flag is None
    elif scores.unlike:
        assert found.flag is TriageFlag.RETRAIN


@given(policies(), st.lists(st.tuples(images, coin), max_size=20), cuts_or_none)
def test_a_batch_is_marked_as_its_images_one_by_one(
    policy: Policy, rows: list[tuple[Scores, float]], cuts: UncertaintyCuts | None
) -> None:
    def column(name: str) -> np.ndarray:
        return np.array([getattr(scores, name) for scores, _ in rows])

    std, entropy, mi, unlike = map(column, ("std", "entropy", "mutual_information", "unlike"))
    found = find_flags(std, entropy, mi, unlike, cuts)
    coins = [c for _, c in rows]
    batch = decide_many(
        column("p_fake"), column("score"), policy, coins, unlike=unlike, flags=found
    )
    single = [decide(scores, policy, c, cuts) for scores, c in rows]
    assert [batch[i] for i in range(len(batch))] == single
    assert batch.flags.tolist() == [decision.flag for decision in single]


def test_what_an_image_is_marked_for_is_told_with_the_decision() -> None:
    unclear = Scores(0.55, std=0.01, entropy=0.68, mutual_information=0.001, score=0.55)
    assert explain(decide(unclear, certified(), 0.5, CUTS), unclear) == (
        "Likely fake, but the detector is not sure enough: 0.55 ± 0.01; a person decides. "
        "Marked for a second reviewer: such images turn out either way."
    )
    unknown = replace(unclear, std=0.2)
    told = explain(decide(unknown, start(), 0.5, CUTS), unknown)
    assert told.endswith("Marked for retraining: the detector has seen few like it.")


def test_triage_writes_marks_by_the_cuts_of_the_checkpoint_and_none_on_audited_images(
    tmp_path: Path,
) -> None:
    with deployment(tmp_path) as place:
        policy = place.app.policies.current()
        with place.app.database.read() as repos:
            cuts = cuts_of(repos, policy)
            assert repos.checkpoints.cuts(policy.checkpoint, "no such head") is None
        card = place.app.detectors.detector(policy.checkpoint).checkpoint.card
        own = next(h.cuts for name, h in card.heads.items() if name.value == policy.head)
        assert cuts == UncertaintyCuts.of(**own.model_dump())

        place.calibrated()
        place.app.triage.run("tester")
        place.certify(place.factory.admin(), audit_probability=1.0)
        with place.app.database.read() as repos:
            before = repos.counts.flags(1000)[TriageFlag.RETRAIN][ItemState.IN_REVIEW]
        audited = place.scored(1.0, spread={"std": 0.4, "mutual_information": 0.4})
        unknown = place.scored(0.5, spread={"std": 0.4})
        unclear = place.scored(0.5, spread={"std": 0.0, "mutual_information": 0.0, "entropy": 0.69})
        plain = place.scored(0.5, spread={"std": 0.0, "mutual_information": 0.0, "entropy": 0.0})
        place.app.triage.run("tester")
        wanted = {
            audited: None,
            unknown: TriageFlag.RETRAIN,
            unclear: TriageFlag.SECOND_REVIEWER,
            plain: None,
        }
        with place.app.database.read() as repos:
            rows = {item_id: repos.decisions.of_item(item_id) for item_id in wanted}
            assert {item_id: row.mark for item_id, row in rows.items() if row} == wanted
            assert rows[audited].audited  # type: ignore[union-attr]
            counted = repos.counts.flags(1000)
        assert counted[TriageFlag.RETRAIN][ItemState.IN_REVIEW] == before + 1
        assert counted[TriageFlag.SECOND_REVIEWER][ItemState.IN_REVIEW] >= 1
