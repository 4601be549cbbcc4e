"""The groups of a policy that certifies group by group, and which group each image of a batch is
in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from review_app.certification.certificate import Certificate, Shortfall
from review_app.certification.groups import GroupCertificates
from review_app.certification.threshold_grid import Side
from review_app.core.errors import SettingsError


@dataclass(frozen=True)
class PolicyGroup:
    """One group at the last calibration: what was proven of it, and how it is audited.

    Raises:
        SettingsError: the audit probability is out of range.
    """

    name: str
    labels: int
    """Calibration labels of the group."""
    least: int | None
    """Fewest labels with which the group was to be tested; None: it never is."""
    audit_probability: float
    """Chance that an accepted image of the group goes to a blind audit instead."""
    real: Certificate | None = None
    fake: Certificate | None = None
    shortfalls: tuple[Shortfall, ...] = ()
    """The shortfalls of the sides that were tested and not proven."""

    def __post_init__(self) -> None:
        if not 0 <= self.audit_probability <= 1:
            raise SettingsError(
                f"The audit probability of '{self.name}' is {self.audit_probability!r}; "
                "it must lie in [0, 1]."
            )

    def certificate(self, side: Side) -> Certificate | None:
        """What is proven of the group for ``side``."""
        return self.real if side is Side.REAL else self.fake

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """What is proven of the group."""
        return tuple(c for c in (self.real, self.fake) if c is not None)


def policy_groups(
    found: GroupCertificates, audited: Mapping[str, float], base: float
) -> tuple[PolicyGroup, ...]:
    """What ``found`` says of each group. ``audited``: audit probabilities by group, ``base``: that
    of all others."""
    return tuple(
        PolicyGroup(
            name=group.name,
            labels=group.labels,
            least=group.least,
            audit_probability=audited.get(group.name, base),
            real=group.real if isinstance(group.real, Certificate) else None,
            fake=group.fake if isinstance(group.fake, Certificate) else None,
            shortfalls=tuple(s for s in (group.real, group.fake) if isinstance(s, Shortfall)),
        )
        for group in found.groups
    )


@dataclass(frozen=True)
class GroupColumn:
    """Which group each image of a batch is in."""

    names: tuple[str | None, ...]
    """The groups that occur; None alone where images are in none."""
    which: NDArray[np.intp]
    """The place in ``names`` of each image's own, [n]."""

    @classmethod
    def of(cls, groups: Sequence[str] | None, n: int) -> GroupColumn:
        """The column of ``groups`` [n]; None: the ``n`` images are in none."""
        if groups is None:
            return cls((None,), np.zeros(n, np.intp))
        places = {name: at for at, name in enumerate(dict.fromkeys(groups))}
        return cls(tuple(places), np.fromiter((places[name] for name in groups), np.intp))

    def __len__(self) -> int:
        return len(self.which)

    def spread(self, values: Sequence[float]) -> NDArray[np.float64]:
        """One of ``values`` [names] for each image, [n]."""
        return np.asarray(values, np.float64)[self.which]
