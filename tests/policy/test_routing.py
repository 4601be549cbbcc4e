"""Routing: every score goes somewhere, and only proof lets it past people."""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from review_app.certification.threshold_grid import Side
from review_app.core.errors import InputError, SettingsError
from review_app.policy.audit_coin import audit_coin, audit_coins
from review_app.policy.policy import Policy
from review_app.policy.routing import Reason, Scores, decide, decide_many, heads_disagree
from storage.enums import PolicyState, Route
from tests.certification.cases import certified, policies, start

probability = st.floats(0, 1) | st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0])
coin = st.floats(0, 1, exclude_max=True)


def scores(
    p: float,
    score: float | None = None,
    heads: Mapping[str, float] | None = None,
    *,
    unlike: bool = False,
) -> Scores:
    """The score is P(fake) unless given."""
    return Scores(
        p,
        std=0.09,
        entropy=0.4,
        mutual_information=0.02,
        score=p if score is None else score,
        unlike=unlike,
        heads=heads or {},
    )


@given(policies(), probability, coin, st.lists(probability, max_size=3))
def test_every_score_gets_one_decision_that_agrees_with_itself(
    policy: Policy, p: float, c: float, heads: list[float]
) -> None:
    decision = decide(scores(p, heads={f"h{i}": h for i, h in enumerate(heads)}), policy, c)
    accepted = decision.proposal is not Route.REVIEW
    assert decision.reasons
    assert decision.policy_version == policy.version
    assert decision.audited == (accepted and c < policy.audit_probability)
    assert decision.route is (Route.REVIEW if decision.audited else decision.proposal)
    assert decision.inclusion_probability == (policy.audit_probability if accepted else 1.0)
    assert (Reason.AUDIT in decision.reasons) == decision.audited


@given(policies(), probability, coin)
def test_nothing_is_accepted_without_a_certificate_in_force(
    policy: Policy, p: float, c: float
) -> None:
    proposal = decide(scores(p), policy, c).proposal
    if policy.state is not PolicyState.CERTIFIED:
        assert proposal is Route.REVIEW
    if proposal is Route.ACCEPT_FAKE:
        assert policy.fake is not None
        assert p >= policy.fake.threshold > 0.5
    if proposal is Route.ACCEPT_REAL:
        assert policy.real is not None
        assert p <= policy.real.threshold < 0.5


@given(policies(), probability, coin, st.lists(probability, max_size=3))
def test_other_heads_never_change_where_an_image_goes(
    policy: Policy, p: float, c: float, heads: list[float]
) -> None:
    alone = decide(scores(p), policy, c)
    beside = decide(scores(p, heads={f"h{i}": h for i, h in enumerate(heads)}), policy, c)
    assert (alone.route, alone.proposal) == (beside.route, beside.proposal)
    if Reason.HEADS_DISAGREE in beside.reasons:
        assert beside.proposal is Route.REVIEW


@given(policies(), probability, probability, coin, st.booleans())
def test_only_the_score_is_compared_with_thresholds(
    policy: Policy, p: float, score: float, c: float, unlike: bool
) -> None:
    plain = decide(scores(score), policy, c)
    found = decide(scores(p, score, unlike=unlike), policy, c)
    assert (found.route, found.proposal) == (plain.route, plain.proposal)
    accepted = found.proposal is not Route.REVIEW
    assert (Reason.UNLIKE_TRAINING in found.reasons) == (unlike and not accepted)
    if Reason.UNLIKE_TRAINING in found.reasons:
        assert found.reasons[0] is Reason.UNLIKE_TRAINING


Rows = list[tuple[float, float, float, float, float, bool]]


@given(
    policies(),
    st.lists(
        st.tuples(probability, probability, coin, probability, probability, st.booleans()),
        max_size=20,
    ),
)
def test_a_batch_is_routed_as_its_images_one_by_one(policy: Policy, rows: Rows) -> None:
    table = np.array(rows, np.float64).reshape(-1, 6)
    batch = decide_many(
        table[:, 0], table[:, 1], policy, table[:, 2], heads=table[:, 3:5], unlike=table[:, 5]
    )
    single = [
        decide(scores(p, s, {"a": a, "b": b}, unlike=u), policy, c) for p, s, c, a, b, u in rows
    ]
    assert len(batch) == len(single)
    assert [batch[i] for i in range(len(batch))] == single
    assert batch.auto_accepted.tolist() == [d.route is not Route.REVIEW for d in single]
    assert batch.inclusion_probability.tolist() == [d.inclusion_probability for d in single]


@given(st.lists(probability, min_size=1, max_size=20))
def test_a_batch_needs_no_other_heads(p: list[float]) -> None:
    batch = decide_many(p, p, certified(), [0.5] * len(p))
    assert [d.route for d in map(batch.__getitem__, range(len(p)))] == [
        decide(scores(x), certified(), 0.5).route for x in p
    ]


def test_the_threshold_itself_is_accepted_and_its_neighbour_is_not() -> None:
    policy = certified(t_real=0.1, t_fake=0.9)
    assert decide(scores(0.9), policy, 0.5).route is Route.ACCEPT_FAKE
    assert decide(scores(math.nextafter(0.9, 0)), policy, 0.5).route is Route.REVIEW
    assert decide(scores(0.1), policy, 0.5).route is Route.ACCEPT_REAL
    assert decide(scores(math.nextafter(0.1, 1)), policy, 0.5).route is Route.REVIEW


def test_an_audited_image_keeps_what_would_have_become_of_it() -> None:
    decision = decide(scores(0.95), certified(audit_probability=0.1), 0.05)
    assert decision.route is Route.REVIEW
    assert decision.proposal is Route.ACCEPT_FAKE
    assert decision.reasons == (Reason.AUDIT, Reason.CERTIFIED_FAKE)
    assert decision.inclusion_probability == 0.1


@pytest.mark.parametrize(
    ("policy", "p", "reasons"),
    [
        (start(), 0.99, (Reason.COLD_START,)),
        (certified().suspended("an alarm"), 0.99, (Reason.SUSPENDED,)),
        (certified(), 0.7, (Reason.LOW_CONFIDENCE, Reason.HEADS_DISAGREE)),
        (certified(), 0.99, (Reason.CERTIFIED_FAKE,)),
        (certified(), 0.01, (Reason.CERTIFIED_REAL,)),
    ],
)
def test_the_reasons_are_named(policy: Policy, p: float, reasons: tuple[Reason, ...]) -> None:
    heads = {"linear": 0.3} if Reason.HEADS_DISAGREE in reasons else {}
    assert decide(scores(p, heads=heads), policy, 0.5).reasons == reasons


def test_a_side_without_certificate_is_named() -> None:
    policy = certified()
    one_sided = Policy.from_json(policy.to_json() | {"fake": None})
    assert decide(scores(0.99), one_sided, 0.5).reasons == (Reason.NO_CERTIFICATE,)
    assert one_sided.threshold(Side.FAKE) is None


def test_heads_disagree_only_when_one_is_clearly_on_the_other_side() -> None:
    found = heads_disagree([0.8, 0.8, 0.2, 0.2], [[0.45, 0.9], [0.4, 0.9], [0.6, 0.1], [0.1, 0.5]])
    assert found.tolist() == [False, True, True, False]


@pytest.mark.parametrize("bad", [float("nan"), -0.1, 1.1])
def test_scores_that_are_no_probabilities_never_reach_a_decision(bad: float) -> None:
    with pytest.raises(InputError, match="score it again"):
        scores(bad)
    with pytest.raises(InputError, match="'linear'"):
        scores(0.5, heads={"linear": bad})
    with pytest.raises(InputError, match="Row 1"):
        decide_many([0.5, bad], [0.5, 0.5], certified(), [0.1, 0.1])
    with pytest.raises(InputError, match="Row 0"):
        decide_many([0.5], [0.5], certified(), [0.1], heads=[[bad]])
    with pytest.raises(InputError, match="Row 0"):
        decide_many([0.5], [bad], certified(), [0.1])
    with pytest.raises(InputError, match="The score is"):
        scores(0.5, bad)


@pytest.mark.parametrize("bad", [float("nan"), -0.1, 1.0])
def test_a_coin_outside_its_range_is_refused(bad: float) -> None:
    with pytest.raises(InputError, match="coin"):
        decide(scores(0.5), certified(), bad)
    with pytest.raises(InputError, match="coin"):
        decide_many([0.5], [0.5], certified(), [bad])


def test_spreads_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match="std"):
        Scores(0.5, std=-1, entropy=0, mutual_information=0, score=0.5)
    with pytest.raises(InputError, match="entropy"):
        Scores(0.5, std=0, entropy=float("inf"), mutual_information=0, score=0.5)
    with pytest.raises(InputError, match="novelty"):
        Scores(0.5, std=0, entropy=0, mutual_information=0, score=0.5, novelty=float("nan"))


def test_batches_whose_parts_do_not_match_are_refused() -> None:
    with pytest.raises(InputError, match="do not belong together"):
        decide_many([0.5, 0.6], [0.5, 0.6], certified(), [0.1])
    with pytest.raises(InputError, match="do not belong together"):
        decide_many([0.5], [0.5], certified(), [0.1], heads=[[0.5], [0.5]])
    with pytest.raises(InputError, match="do not belong together"):
        decide_many([0.5], [0.5, 0.6], certified(), [0.1])


def test_audit_coins_are_reproducible_uniform_and_keyed() -> None:
    names = [hashlib.sha256(str(i).encode()).hexdigest() for i in range(4000)]
    coins = [audit_coin(name, 1, b"k" * 32) for name in names]
    assert coins == [audit_coin(name.upper(), 1, b"k" * 32) for name in names]
    assert kstest(coins, "uniform").pvalue > 0.01
    for other in (
        [audit_coin(n, 2, b"k" * 32) for n in names],
        [audit_coin(n, 1, b"q" * 32) for n in names],
    ):
        assert abs(np.corrcoef(coins, other)[0, 1]) < 0.05


@given(st.binary(min_size=16, max_size=130), st.integers(-1, 10**6))
def test_audit_coins_are_drawn_by_hmac(secret: bytes, version: int) -> None:
    keys = ["0f" * 32, "path:ä.png"]
    told = [hmac.digest(secret, f"audit-coin:{version}:{key}".encode(), "sha256") for key in keys]
    drawn = [(int.from_bytes(each[:8], "big") >> 11) / 2**53 for each in told]
    assert audit_coins(keys, version, secret) == drawn
    assert audit_coins([], version, secret) == []


def test_an_image_known_by_its_path_has_a_coin_of_its_own() -> None:
    coins = {audit_coin(f"path:{path}", 1, b"k" * 32) for path in ("a.png", "A.png", "b\n.png")}
    assert len(coins) == 3


def test_a_coin_needs_an_identity_and_a_secret() -> None:
    for key in ("abc", "path:"):
        with pytest.raises(InputError, match="64 hexadecimal"):
            audit_coin(key, 1, b"k" * 32)
    with pytest.raises(SettingsError, match="16 bytes"):
        audit_coin("0" * 64, 1, b"")
