"""Certificates by group: the limit holds in every group, or the group goes to people.

A pooled certificate bounds the share of errors over all that is accepted; where one group is easy
and large, another may err far beyond the limit behind it. Here each group has thresholds of its
own, and one claim is made of all of them together: with confidence ``1 - delta`` over the draw of
the calibration labels, *no* group accepts at a threshold whose share of errors exceeds the limit,
on either side. What a side accepts over all groups then keeps the limit, too, whatever the mix of
groups becomes.

**What is tested.** One chain of hypotheses for each tested group and side: "at this threshold the
share of errors in this group exceeds the limit", along the threshold grid from a start that grid
and number of labels fix (`fixed_sequence`). All ``K = 2 m`` chains of the ``m`` tested groups share
one level ``L``, this attempt's part of delta:

1. each chain is walked to its first failure, every test at ``L / K``;
2. chains that passed to the end of their grid are done. If ``d`` of them are, the others are walked
   again, every test at ``L / (K - d)``; and so on until no further chain is done.

**Why the claim holds**, whatever the scores and however the groups differ (Holm 1979; Bretz et al.
2009 for chains). A group is told from facts that no label changes (`grouping`), so given which
image is in which group, the labels of a group are independent draws from it, and each test by
itself is wrong with at most its level. Call a chain bad if it has a threshold whose risk exceeds
the limit, and let ``h`` be the first such threshold of a bad chain. A threshold is certified only
if every one before it on its chain passed; so a wrong claim needs some ``h`` to pass. Look at the
first ``h`` that does. Until then no bad chain was done, as that needs its ``h`` to have passed; of
``b`` bad chains and ``K - b`` others at most ``K - b`` were done, so ``h`` passed at a level of at
most ``L / b``. That happens to one of the ``b`` first bad thresholds with probability
``b * L / b = L`` at most.

**Which groups are tested** is decided by the numbers of labels alone (`groups_to_test`): the most
groups that all have as many labels as a flawless test takes at their own share of the level. Given
the facts these numbers are no chance, so the claim holds for the groups that are tested, and
nothing is claimed of others: they go to people, as do images of a group that had no label at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from review_app.certification.bounds import check_limits, spent_level, zero_error_minimum
from review_app.certification.certificate import (
    Certificate,
    CertificateMethod,
    Provenance,
    Shortfall,
)
from review_app.certification.certify import (
    PolicyCertificates,
    calibration_arrays,
    certificate_at,
    certify_policy,
    shortfall_of,
)
from review_app.certification.fixed_sequence import SequencePlan, make_plan, select
from review_app.certification.grouping import UNKNOWN
from review_app.certification.sample_size import CalibrationCounts
from review_app.certification.threshold_grid import Side, ThresholdGrid
from review_app.core.errors import CalibrationError

SIDES = len(Side)


@dataclass(frozen=True)
class GroupOutcome:
    """What the labels of one group came to."""

    name: str
    labels: int
    least: int | None
    """Fewest labels with which the group is tested beside all others that are; None: it never is,
    as nothing is known of what is in it."""
    real: Certificate | Shortfall | None
    """The proof for real, or how far it is; None where the group had too few labels for a test."""
    fake: Certificate | Shortfall | None
    """The same for fake."""
    accepted: int
    """Labelled images of the group that its own certificates accept."""
    accepted_pooled: int
    """Labelled images of the group that the pooled certificates accept."""

    @property
    def is_tested(self) -> bool:
        """Whether there were labels enough for a test."""
        return self.real is not None

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """The proofs of the group: of none, one or both sides."""
        return tuple(c for c in (self.real, self.fake) if isinstance(c, Certificate))

    @property
    def coverage(self) -> float:
        """Share of the group that is expected to be accepted; 0 where it has no labels."""
        return self.accepted / self.labels if self.labels else 0.0

    @property
    def pooled_coverage(self) -> float:
        """Share of the group that the pooled certificates accept."""
        return self.accepted_pooled / self.labels if self.labels else 0.0


@dataclass(frozen=True)
class GroupCertificates:
    """What each group came to, beside the pooled certificates on the same labels."""

    groups: tuple[GroupOutcome, ...]
    """One for each group that has labels, by name."""
    pooled: PolicyCertificates
    """What the same labels prove of all images together, in a try by itself."""

    @property
    def labels(self) -> int:
        """How many labels there are."""
        return sum(group.labels for group in self.groups)

    @property
    def certified(self) -> tuple[GroupOutcome, ...]:
        """The groups with a proof for one side at least."""
        return tuple(group for group in self.groups if group.certificates)

    @property
    def coverage(self) -> float:
        """Share of all images that is expected to be accepted, group by group."""
        return sum(group.accepted for group in self.groups) / max(self.labels, 1)

    @property
    def pooled_coverage(self) -> float:
        """The same of the pooled certificates."""
        return sum(group.accepted_pooled for group in self.groups) / max(self.labels, 1)

    @property
    def coverage_lost(self) -> float:
        """What the proof in every group costs beside the pooled one, as a share of all images;
        below 0 where groups accept more."""
        return self.pooled_coverage - self.coverage


@dataclass(frozen=True)
class GroupChain:
    """The thresholds of one side of one group, and how the group's labels fall on them."""

    group: str
    tally: CalibrationCounts
    plan: SequencePlan
    """The plan at the level that the chain has to itself at first."""

    def at_level(self, level: float) -> GroupChain:
        """The same chain from the same start, tested at ``level``."""
        return replace(self, plan=replace(self.plan, level=level))

    def last_proven(self) -> int:
        """The laxest threshold that the walk reaches; -1 where the start fails."""
        return int(select(self.plan, self.tally.errors, self.tally.accepted))

    @property
    def is_done(self) -> bool:
        """Whether the walk passes to the end of the grid, so that the chain needs no level more."""
        return self.last_proven() == self.plan.n_thresholds - 1


def groups_to_test(sizes: Mapping[str, int], risk_limit: float, level: float) -> tuple[str, ...]:
    """The groups that are tested at ``level`` in all, by name: the most that all have labels enough
    for a flawless test at their share of it. ``sizes``: the number of labels of each group."""
    by_size = sorted((name for name in sizes if name != UNKNOWN), key=lambda g: (-sizes[g], g))
    tested: list[str] = []
    for at, name in enumerate(by_size, start=1):
        # The k-th group has the fewest labels of the first k, and its minimum is theirs.
        if sizes[name] < group_minimum(risk_limit, level, at):
            break
        tested = by_size[:at]
    return tuple(sorted(tested))


def group_minimum(risk_limit: float, level: float, groups: int) -> int:
    """Fewest labels with which each of ``groups`` can be certified on one side, at ``level`` for
    all of them: all accepted and right."""
    return zero_error_minimum(risk_limit, level / (SIDES * groups))


def certify_groups(
    scores: ArrayLike,
    is_fake: ArrayLike,
    groups: Sequence[str],
    grid_real: ThresholdGrid,
    grid_fake: ThresholdGrid,
    *,
    risk_limit: float,
    delta: float,
    provenance: Provenance,
    attempt: int | None = None,
) -> GroupCertificates:
    """Certify each group by itself; all certificates together hold at ``1 - delta``.

    ``groups`` [n] names the group of each calibration image, told before its label. ``attempt``:
    see `bounds.spent_level`. The ``delta`` of each certificate is that of all of them together.

    Raises:
        SettingsError: limit, delta or attempt out of range.
        CalibrationError: scores outside [0, 1], labels or groups that do not match them, or grids
            that are exchanged.
    """
    check_limits(risk_limit, delta)
    s, fake = calibration_arrays(scores, is_fake)
    named = np.asarray(groups, np.str_).reshape(-1)
    if named.size != s.size:
        raise CalibrationError(
            f"{s.size} calibration scores need as many groups, not {named.size}."
        )
    pooled = certify_policy(
        s, fake, grid_real, grid_fake,
        risk_limit=risk_limit, delta=delta, provenance=provenance, attempt=attempt,
    )  # fmt: skip
    level = spent_level(delta, attempt)
    chains = prove_groups(s, fake, named, grid_real, grid_fake, risk_limit=risk_limit, level=level)
    retry = level if attempt is None else spent_level(delta, attempt + 1)
    found = {
        (chain.group, chain.tally.grid.side): _conclude(
            chain,
            int(fake[named == chain.group].sum()),
            delta,
            retry / len(chains),
            provenance,
        )
        for chain in chains
    }
    tested = {chain.group for chain in chains}
    outcomes = (
        _outcome(
            name,
            s[named == name],
            (found.get((name, Side.REAL)), found.get((name, Side.FAKE))),
            pooled,
            None if name == UNKNOWN else group_minimum(risk_limit, level, len(tested | {name})),
        )
        for name in sorted(set(named.tolist()))
    )
    return GroupCertificates(tuple(outcomes), pooled)


def prove_groups(
    scores: NDArray[np.float64],
    is_fake: NDArray[np.bool_],
    groups: NDArray[np.str_],
    grid_real: ThresholdGrid,
    grid_fake: ThresholdGrid,
    *,
    risk_limit: float,
    level: float,
) -> list[GroupChain]:
    """The chains of the groups that are tested, each at the level that it ends with: what is proven
    at ``level`` in all. ``scores``, ``is_fake`` and ``groups`` [n] as `certify_groups` checks
    them."""
    tested = groups_to_test(Counter(groups.tolist()), risk_limit, level)
    share = level / (SIDES * max(len(tested), 1))
    chains = []
    for name in tested:
        inside = groups == name
        for grid in (grid_real, grid_fake):
            tally = CalibrationCounts.count(grid, scores[inside], is_fake[inside])
            plan = make_plan(CertificateMethod.FIXED_SEQUENCE, grid, tally.n, risk_limit, share)
            chains.append(GroupChain(name, tally, plan))
    return walk_together(chains, level)


def walk_together(chains: Sequence[GroupChain], level: float) -> list[GroupChain]:
    """The chains, each at the level that it ends with, in the order given.

    What a chain that is done does not need goes to the others in equal parts, again and again.
    """
    # An empty chain tests nothing, which is known from its grid.
    waiting = {at for at, chain in enumerate(chains) if chain.plan.n_thresholds}
    ended = list(chains)
    while waiting:
        for at in waiting:
            ended[at] = chains[at].at_level(level / len(waiting))
        done = {at for at in waiting if ended[at].is_done}
        if not done:
            break
        waiting -= done
    return ended


def _conclude(
    chain: GroupChain, n_fake: int, delta: float, retry: float, provenance: Provenance
) -> Certificate | Shortfall:
    at = chain.last_proven()
    if at < 0:
        return shortfall_of(chain.tally, chain.plan, delta, retry)
    return certificate_at(chain.tally, chain.plan, at, n_fake, delta, provenance)


def _outcome(
    name: str,
    scores: NDArray[np.float64],
    own: tuple[Certificate | Shortfall | None, Certificate | Shortfall | None],
    pooled: PolicyCertificates,
    least: int | None,
) -> GroupOutcome:
    return GroupOutcome(
        name=name,
        labels=scores.size,
        least=least,
        real=own[0],
        fake=own[1],
        accepted=_accepted(scores, *own),
        accepted_pooled=_accepted(scores, pooled.real, pooled.fake),
    )


def _accepted(scores: NDArray[np.float64], *sides: Certificate | Shortfall | None) -> int:
    held = [side for side in sides if isinstance(side, Certificate)]
    return sum(int(one.side.accepts(scores, one.threshold).sum()) for one in held)
