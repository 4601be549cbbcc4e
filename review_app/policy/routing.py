"""A scored image gets its route here: where it goes, why, and in what words.

The certificates cover one rule: the score of the policy's head against a threshold. Nothing else
may move an image out of acceptance, for the images left would then err more or less often than was
proven; except the audit coin, which looks at nothing. A further condition must be part of the score
that is certified, as being unlike the training images is: it pulls the score towards 1/2. Whatever
is not (heads that disagree, a near-duplicate that people disputed) is only a reason in words, for
images that go to people anyway.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from review_app.certification.threshold_grid import Side
from review_app.core.errors import InputError
from review_app.policy.flags import UncertaintyCuts, find_flag, find_flags
from review_app.policy.policy import Policy
from review_app.policy.policy_group import GroupColumn
from storage.enums import PolicyState, Route, TriageFlag

DISAGREEMENT_MARGIN = 0.1
"""A head disagrees when it lies this far beyond 0.5 on the other side. Only words depend on it."""
LEAST_SPREAD = -1e-6
"""Rounding may leave a mutual information a hair below zero."""


class Reason(StrEnum):
    """A reason why an image went where it went; `explanation` says it in words."""

    COLD_START = "cold_start"
    """The policy is learning; everything goes to people."""
    SUSPENDED = "suspended"
    """The policy is suspended; everything goes to people."""
    NO_CERTIFICATE = "no_certificate"
    """The policy is certified, but not for the side this image leans to."""
    GROUP_NOT_CERTIFIED = "group_not_certified"
    """The policy is certified group by group, but not for this image's group on the side it leans
    to."""
    LOW_CONFIDENCE = "low_confidence"
    """The score does not reach the certified threshold of its side."""
    UNLIKE_TRAINING = "unlike_training"
    """The detector has not learned from images like this one, so its score is pulled towards 1/2;
    told only of images that go to people for another reason."""
    HEADS_DISAGREE = "heads_disagree"
    """Another head says the opposite; told only of images that go to people for another reason."""
    NEAR_DISPUTED = "near_disputed"
    """The image looks like an earlier one that people disputed; told only of images that go to
    people for another reason."""
    AUDIT = "audit"
    """Would have been accepted; the audit coin sent it to people."""
    CERTIFIED_REAL = "certified_real"
    """The score lies beyond the certified threshold for real."""
    CERTIFIED_FAKE = "certified_fake"
    """The score lies beyond the certified threshold for fake."""


@dataclass(frozen=True)
class Scores:
    """The scores that the detector gives one image.

    Raises:
        InputError: a probability or score outside [0, 1], a spread that is negative or not finite,
            or a novelty that is not finite.
    """

    p_fake: float
    """The P(fake) of the policy's head."""
    std: float
    """Posterior standard deviation of ``p_fake``."""
    entropy: float
    """Predictive entropy, nats."""
    mutual_information: float
    """The mutual information between prediction and parameters, in nats."""
    score: float
    """Surely real at 0, surely fake at 1; the only number that decides."""
    novelty: float | None = None
    """How unlike the training images the image is, z; ``None`` where nothing measures it."""
    unlike: bool = False
    """Whether the novelty is above the checkpoint's cut."""
    heads: Mapping[str, float] = field(default_factory=dict)
    """P(fake) of every head, by name."""

    def __post_init__(self) -> None:
        for name, p in {"p_fake": self.p_fake, **self.heads}.items():
            if not 0 <= p <= 1:
                raise InputError(f"P(fake) of '{name}' is {p}, outside [0, 1]; score it again.")
        if not 0 <= self.score <= 1:
            raise InputError(f"The score is {self.score}, outside [0, 1]; score it again.")
        if self.novelty is not None and not math.isfinite(self.novelty):
            raise InputError(f"The novelty is {self.novelty}, not a number; score it again.")
        for name in ("std", "entropy", "mutual_information"):
            value = getattr(self, name)
            if not LEAST_SPREAD <= value < math.inf:
                raise InputError(f"The {name} is {value}, not a spread; score it again.")


@dataclass(frozen=True)
class Decision:
    """The route of one image, with what a later estimate needs to weigh its label."""

    route: Route
    reasons: tuple[Reason, ...]
    """The reasons, the weightiest first."""
    audited: bool
    audit_probability: float
    """The probability with which accepted images were sent to audit."""
    inclusion_probability: float
    """Chance that this image got to people, given its scores: its label weighs one over this."""
    policy_version: int
    proposal: Route
    """The route without the audit coin."""
    flag: TriageFlag | None = None
    """What else it is good for; only where the rule itself sends it to people."""
    group: str | None = None
    """The group it is in; None under a policy that knows none."""


@dataclass(frozen=True)
class DecisionBatch:
    """The decisions of a batch as arrays [n]; ``decisions[i]`` is the one that `decide` gives."""

    policy: Policy
    p_fake: NDArray[np.float64]
    """The P(fake) of each image, which tells which way it leans."""
    accept_real: NDArray[np.bool_]
    accept_fake: NDArray[np.bool_]
    """Proposals: before the audit coin."""
    audited: NDArray[np.bool_]
    unlike: NDArray[np.bool_]
    disagree: NDArray[np.bool_]
    flags: NDArray[np.object_]
    """What else each is good for, a `TriageFlag` or None."""
    groups: GroupColumn

    def __len__(self) -> int:
        return len(self.p_fake)

    def __getitem__(self, i: int) -> Decision:
        proposal = Route.REVIEW
        if self.accept_fake[i] or self.accept_real[i]:
            proposal = Route.ACCEPT_FAKE if self.accept_fake[i] else Route.ACCEPT_REAL
        return _decision(
            float(self.p_fake[i]),
            self.policy,
            proposal,
            audited=bool(self.audited[i]),
            unlike=bool(self.unlike[i]),
            disagree=bool(self.disagree[i]),
            found=self.flags[i],
            group=self.groups.names[self.groups.which[i]],
        )

    def alike(self) -> tuple[list[Decision], NDArray[np.intp]]:
        """The distinct decisions, which are few, and which of them each image has [n]."""
        codes = np.zeros(len(self), np.intp)
        facts = (  # all that a decision depends on
            self.accept_real,
            self.accept_fake,
            self.audited,
            self.unlike,
            self.disagree,
            self.p_fake >= 0.5,
            *(self.flags == flag for flag in TriageFlag),
        )
        for i, fact in enumerate(facts):
            codes |= fact.astype(np.intp) << i
        codes += self.groups.which << len(facts)
        _, first, which = np.unique(codes, return_index=True, return_inverse=True)
        return [self[i] for i in first], which

    @property
    def auto_accepted(self) -> NDArray[np.bool_]:
        """Which images are accepted without a person."""
        return (self.accept_real | self.accept_fake) & ~self.audited

    @property
    def inclusion_probability(self) -> NDArray[np.float64]:
        """Chance of each image to get to people."""
        audited = _audit_probabilities(self.policy, self.groups)
        return np.where(self.accept_real | self.accept_fake, audited, 1.0)


def decide(
    scores: Scores,
    policy: Policy,
    coin: float,
    cuts: UncertaintyCuts | None = None,
    group: str | None = None,
) -> Decision:
    """Route one image.

    ``coin`` in [0, 1) is drawn before anybody sees the image, by `audit.audit_coin`. ``cuts`` of
    the policy's head, where it has any, tell what the image is flagged for. ``group``: the image's,
    under a policy that certifies group by group.

    Raises:
        InputError: the coin is outside [0, 1), or the group is missing, or there is none.
    """
    if not 0 <= coin < 1:
        raise InputError(f"An audit coin lies in [0, 1); this one is {coin}.")
    _require_groups(policy, given=group is not None)
    proposal = Route.REVIEW
    for side, route in ((Side.REAL, Route.ACCEPT_REAL), (Side.FAKE, Route.ACCEPT_FAKE)):
        threshold = policy.threshold(side, group)
        if threshold is not None and side.accepts(scores.score, threshold):
            proposal = route
    return _decision(
        scores.p_fake,
        policy,
        proposal,
        audited=proposal is not Route.REVIEW and coin < policy.audit_probability_of(group),
        unlike=scores.unlike,
        disagree=bool(heads_disagree(scores.p_fake, list(scores.heads.values()))),
        found=find_flag(
            scores.std, scores.entropy, scores.mutual_information, unlike=scores.unlike, cuts=cuts
        ),
        group=group,
    )


def decide_many(
    p_fake: ArrayLike,
    score: ArrayLike,
    policy: Policy,
    coins: ArrayLike,
    *,
    heads: ArrayLike | None = None,
    unlike: ArrayLike | None = None,
    flags: ArrayLike | None = None,
    groups: Sequence[str] | None = None,
) -> DecisionBatch:
    """Route a batch: `decide` on ``p_fake``, ``score``, ``coins``, ``unlike`` and ``groups``, all
    [n], and ``heads`` [n, heads]; ``flags`` [n] of `flags.find_flags`, else unlike images alone are
    flagged.

    Raises:
        InputError: shapes that do not match, a score outside [0, 1], a coin outside [0, 1), groups
            that are missing or that the policy knows nothing of.
    """
    _require_groups(policy, given=groups is not None)
    p, s, c = (np.asarray(values, np.float64) for values in (p_fake, score, coins))
    others = np.empty((p.size, 0)) if heads is None else np.asarray(heads, np.float64)
    novel = np.zeros(p.shape, np.bool_) if unlike is None else np.asarray(unlike, np.bool_)
    found = find_flags(0, 0, 0, novel, None) if flags is None else np.asarray(flags)
    within = GroupColumn.of(groups, p.size)
    shapes = {s.shape, c.shape, novel.shape, found.shape, within.which.shape, p.shape}
    if p.ndim != 1 or len(shapes) > 1 or others.ndim != 2 or len(others) != len(p):
        raise InputError(
            f"P(fake) {p.shape}, scores {s.shape}, coins {c.shape}, unlike {novel.shape}, "
            f"flags {found.shape}, groups {within.which.shape} and heads {others.shape} do not "
            "belong together."
        )
    inside = (c >= 0) & (c < 1)
    for values in (p, s, *others.T):
        inside &= (values >= 0) & (values <= 1)
    if not inside.all():
        row = int(inside.argmin())
        raise InputError(
            f"Row {row}: P(fake) {p[row]}, score {s[row]}, coin {c[row]} or a head is out of range."
        )
    real, fake = (_accepts(policy, side, s, within) for side in (Side.REAL, Side.FAKE))
    audited = (real | fake) & (c < _audit_probabilities(policy, within))
    kept = found.copy()
    kept[real | fake] = None
    disagree = heads_disagree(p, others)
    return DecisionBatch(policy, p, real, fake, audited, novel, disagree, kept, within)


def annotated(decision: Decision, *, near_disputed: bool) -> Decision:
    """``decision`` with what else there is to tell; its route stays as the certified rule made it.

    Only of images that the rule sends to people: an audited one must look like any accepted one.
    """
    if not near_disputed or decision.proposal is not Route.REVIEW:
        return decision
    return replace(decision, reasons=(*decision.reasons, Reason.NEAR_DISPUTED))


def heads_disagree(p_fake: ArrayLike, heads: ArrayLike) -> NDArray[np.bool_]:
    """Whether some of ``heads`` [..., heads] lies clearly across 0.5 from ``p_fake`` [...]."""
    p, others = np.asarray(p_fake, np.float64)[..., None], np.asarray(heads, np.float64)
    opposite = np.where(
        p >= 0.5, others <= 0.5 - DISAGREEMENT_MARGIN, others >= 0.5 + DISAGREEMENT_MARGIN
    )
    return np.asarray(opposite.any(axis=-1))


def _require_groups(policy: Policy, *, given: bool) -> None:
    """A policy decides by group exactly where it was certified so."""
    if given is not (policy.grouping is not None):
        raise InputError(
            f"Policy version {policy.version} decides by {policy.grouping or 'no group'}; "
            f"images came {'with' if given else 'without'} their groups."
        )


def _accepts(
    policy: Policy, side: Side, scores: NDArray[np.float64], groups: GroupColumn
) -> NDArray[np.bool_]:
    if policy.grouping is None:
        threshold = policy.threshold(side)
        if threshold is None:
            return np.zeros(scores.shape, np.bool_)
        return side.accepts(scores, threshold)
    closed = math.inf if side is Side.FAKE else -math.inf
    limits = [policy.threshold(side, name) for name in groups.names]
    return side.accepts(scores, groups.spread([closed if t is None else t for t in limits]))


def _audit_probabilities(policy: Policy, groups: GroupColumn) -> float | NDArray[np.float64]:
    """The chance of each image, were it accepted, to be audited: one for all, or [n]."""
    if policy.grouping is None:
        return policy.audit_probability
    return groups.spread([policy.audit_probability_of(name) for name in groups.names])


def _decision(
    p_fake: float,
    policy: Policy,
    proposal: Route,
    *,
    audited: bool,
    unlike: bool,
    disagree: bool,
    found: TriageFlag | None,
    group: str | None,
) -> Decision:
    accepted = proposal is not Route.REVIEW
    reasons = (
        _accepted_reasons(proposal, audited) if accepted else _review_reasons(p_fake, policy, group)
    )
    # An audited image is in review because of the coin alone; these are no reasons there.
    if unlike and not accepted:
        reasons = (Reason.UNLIKE_TRAINING, *reasons)
    if disagree and not accepted:
        reasons += (Reason.HEADS_DISAGREE,)
    return Decision(
        route=Route.REVIEW if audited else proposal,
        reasons=reasons,
        audited=audited,
        audit_probability=policy.audit_probability_of(group),
        inclusion_probability=policy.audit_probability_of(group) if accepted else 1.0,
        policy_version=policy.version,
        proposal=proposal,
        flag=None if accepted else found,
        group=group,
    )


def _accepted_reasons(proposal: Route, audited: bool) -> tuple[Reason, ...]:
    proof = Reason.CERTIFIED_FAKE if proposal is Route.ACCEPT_FAKE else Reason.CERTIFIED_REAL
    return (Reason.AUDIT, proof) if audited else (proof,)


def _review_reasons(p_fake: float, policy: Policy, group: str | None) -> tuple[Reason, ...]:
    if policy.state is PolicyState.LEARNING:
        return (Reason.COLD_START,)
    if policy.state is PolicyState.SUSPENDED:
        return (Reason.SUSPENDED,)
    side = Side.FAKE if p_fake >= 0.5 else Side.REAL
    if policy.threshold(side, group) is not None:
        return (Reason.LOW_CONFIDENCE,)
    return (Reason.GROUP_NOT_CERTIFIED if policy.grouping else Reason.NO_CERTIFICATE,)
