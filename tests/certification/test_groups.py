"""Certificates by group: their rules, by cases and properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review_app.certification.certificate import Certificate, CertificateMethod, Shortfall
from review_app.certification.certify import certify_policy
from review_app.certification.fixed_sequence import SequencePlan
from review_app.certification.grouping import UNKNOWN, Fact, Grouping, group_of
from review_app.certification.groups import (
    GroupCertificates,
    GroupChain,
    certify_groups,
    group_minimum,
    groups_to_test,
    prove_groups,
    walk_together,
)
from review_app.certification.sample_size import CalibrationCounts
from review_app.certification.threshold_grid import Side, ThresholdGrid
from review_app.core.errors import CalibrationError
from tests.certification.cases import GRIDS, PROVENANCE, Bools, Floats, draw

RISK_LIMIT, DELTA = 0.1, 0.1
sizes = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 400), max_size=8)


def certify(
    scores: Floats, fake: Bools, groups: list[str], attempt: int | None = None
) -> GroupCertificates:
    return certify_groups(
        scores,
        fake,
        groups,
        *GRIDS,
        risk_limit=RISK_LIMIT,
        delta=DELTA,
        provenance=PROVENANCE,
        attempt=attempt,
    )


@pytest.mark.parametrize(
    ("grouping", "fact", "cut", "group"),
    [
        (Grouping.SOURCE, "agency", None, "agency"),
        (Grouping.SOURCE, "", None, UNKNOWN),
        (Grouping.SCOPE, "faces+scenes", 1.3, "faces+scenes"),
        (Grouping.SCOPE, None, 1.3, UNKNOWN),
        (Grouping.SIZE_CLASS, 255, None, "small"),
        (Grouping.SIZE_CLASS, 256, None, "medium"),
        (Grouping.SIZE_CLASS, 1023, None, "medium"),
        (Grouping.SIZE_CLASS, 1024, None, "large"),
        (Grouping.SIZE_CLASS, None, None, UNKNOWN),
        (Grouping.NOVELTY_BAND, 0.0, 1.3, "usual"),
        (Grouping.NOVELTY_BAND, 1.3, 1.3, "unusual"),
        (Grouping.NOVELTY_BAND, 1.31, 1.3, "unlike"),
        (Grouping.NOVELTY_BAND, 0.0, None, UNKNOWN),
    ],
)
def test_a_group_is_told_from_what_is_known_before_any_label(
    grouping: Grouping, fact: Fact, cut: float | None, group: str
) -> None:
    assert group_of(grouping, fact, cut) == group


@given(sizes, st.sampled_from([0.05, 0.1, 0.2]), st.sampled_from([0.1, 0.05, 0.0125]))
def test_as_many_groups_are_tested_as_have_labels_for_their_share(
    labels: dict[str, int], risk_limit: float, level: float
) -> None:
    tested = groups_to_test(labels, risk_limit, level)
    if tested:
        assert min(labels[g] for g in tested) >= group_minimum(risk_limit, level, len(tested))
    rest = sorted((n for g, n in labels.items() if g not in tested), reverse=True)
    assert all(labels[g] >= n for g in tested for n in rest)
    if rest:  # one more is one too many
        assert rest[0] < group_minimum(risk_limit, level, len(tested) + 1)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), sizes)
def test_what_is_tested_depends_on_the_numbers_of_labels_alone(
    seed: int, labels: dict[str, int]
) -> None:
    rng = np.random.default_rng(seed)
    groups = [g for g, n in labels.items() for _ in range(n)]
    scores, fake = draw(rng, len(groups))
    named = np.array(groups, np.str_)
    tested = [
        {c.group for c in prove_groups(scores, said, named, *GRIDS, risk_limit=0.1, level=0.025)}
        for said in (fake, ~fake, rng.random(len(groups)) < 0.5)
    ]
    assert tested[0] == tested[1] == tested[2]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), sizes, st.sampled_from([None, 1, 3]))
def test_every_certificate_can_be_checked_from_what_it_says(
    seed: int, labels: dict[str, int], attempt: int | None
) -> None:
    rng = np.random.default_rng(seed)
    groups = [g for g, n in labels.items() for _ in range(n)]
    scores, fake = draw(rng, len(groups), separation=rng.uniform(0.5, 2.5))
    found = certify(scores, fake, groups, attempt)
    level = 0.1 * 2.0 ** -(attempt or 0)
    chains = 2 * sum(g.is_tested for g in found.groups)
    for group in found.groups:
        inside = np.array(groups) == group.name
        assert group.labels == inside.sum() == labels[group.name]
        for held in group.certificates:
            accepted = held.side.accepts(scores[inside], held.threshold)
            wrong = fake[inside] if held.side is Side.REAL else ~fake[inside]
            assert (held.accepted, held.errors) == (accepted.sum(), (accepted & wrong).sum())
            assert level / chains <= held.level * (1 + 1e-9) <= level * (1 + 2e-9)
            assert held.upper_bound <= 0.1
        assert group.accepted == sum(c.accepted for c in group.certificates)
        assert 0 <= group.coverage <= 1
    assert found.coverage_lost == pytest.approx(found.pooled_coverage - found.coverage)
    assert found.pooled == certify_policy(
        scores,
        fake,
        *GRIDS,
        risk_limit=RISK_LIMIT,
        delta=DELTA,
        provenance=PROVENANCE,
        attempt=attempt,
    )


def test_one_group_of_all_images_is_certified_at_least_as_far_as_the_pool() -> None:
    scores, fake = draw(np.random.default_rng(5), 800)
    found = certify(scores, fake, ["all"] * 800)
    assert found.coverage >= found.pooled_coverage > 0.5
    assert found.coverage_lost <= 0


def test_a_group_with_too_few_labels_is_not_tested_and_costs_the_others_nothing() -> None:
    scores, fake = draw(np.random.default_rng(6), 800)
    alone = certify(scores, fake, ["all"] * 800)
    few = certify(np.append(scores, 0.999), np.append(fake, True), ["all"] * 800 + ["few"])
    assert few.groups[0].certificates == alone.groups[0].certificates
    tail = few.groups[1]
    assert (tail.name, tail.labels, tail.real, tail.fake) == ("few", 1, None, None)
    assert (tail.accepted, tail.accepted_pooled) == (0, 1)
    assert tail.least == group_minimum(0.1, 0.1, 2)


def test_nothing_is_certified_of_images_of_which_nothing_is_known() -> None:
    scores, fake = draw(np.random.default_rng(7), 800)
    (found,) = certify(scores, fake, [UNKNOWN] * 800).groups
    assert (found.is_tested, found.least, found.certificates) == (False, None, ())
    assert found.pooled_coverage > 0.5


def test_a_bad_group_stays_closed_behind_a_good_one() -> None:
    rng = np.random.default_rng(8)
    scores, fake = draw(rng, 1000)
    coin = rng.random(100) < 0.5  # the same scores, and labels that they say nothing of
    found = certify(
        np.append(scores, scores[:100]), np.append(fake, coin), ["good"] * 1000 + ["bad"] * 100
    )
    bad, good = found.groups
    assert bad.is_tested
    assert bad.certificates == ()
    assert all(isinstance(side, Shortfall) for side in (bad.real, bad.fake))
    assert len(good.certificates) == 2
    assert bad.pooled_coverage > 0.3


def test_a_chain_that_is_done_leaves_its_level_to_the_others() -> None:
    grid = ThresholdGrid(Side.FAKE, (0.9, 0.8), (0.5, 1.0))
    plan = SequencePlan(CertificateMethod.FIXED_SEQUENCE, 0.5, 0.025, (0,), 2)

    def chain(group: str, *errors: int) -> GroupChain:
        counts = CalibrationCounts(grid, 8, np.array([4, 8]), np.array(errors))
        return GroupChain(group, counts, plan)

    # BinomCDF(0; 4, .5) = .0625 and (0; 8, .5) = .0039: the whole walk takes a level of .0625.
    flawless, failing = chain("flawless", 0, 0), chain("failing", 4, 4)
    assert [c.last_proven() for c in walk_together([flawless, failing], 0.1)] == [-1, -1]
    ended = walk_together([flawless, failing], 0.125)
    assert [c.plan.level for c in ended] == [0.0625, 0.125]
    assert [c.last_proven() for c in ended] == [1, -1]
    # 1 error in 8 (.035) and none in 4 pass at .0625 only once another chain is done.
    again = walk_together([flawless, chain("next", 0, 1), failing], 0.1875)
    assert [c.plan.level for c in again] == [0.0625, 0.0625, 0.1875]


def test_an_empty_grid_takes_no_share_of_the_level() -> None:
    scores, fake = draw(np.random.default_rng(9), 400)
    nowhere = ThresholdGrid(Side.FAKE, (), ())
    (found,) = certify_groups(
        scores,
        fake,
        ["all"] * 400,
        GRIDS[0],
        nowhere,
        risk_limit=RISK_LIMIT,
        delta=DELTA,
        provenance=PROVENANCE,
    ).groups
    assert isinstance(found.fake, Shortfall)
    assert isinstance(found.real, Certificate)
    assert found.real.level == 0.1


def test_groups_must_match_the_scores() -> None:
    with pytest.raises(CalibrationError, match="2 calibration scores need as many groups, not 1"):
        certify(np.array([0.1, 0.9]), np.array([False, True]), ["a"])
