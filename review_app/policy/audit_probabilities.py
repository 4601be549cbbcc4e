"""How often each group's accepted images are audited, so that small groups are watched too."""

from __future__ import annotations

from collections.abc import Mapping

from review_app.certification.groups import GroupCertificates
from review_app.core.errors import SettingsError

TARGET = 100
"""Audits that each group should have within a window of images: about as many as an alarm takes
where errors are twice a limit of 10%."""
WINDOW = 10_000
"""Images of the stream within which they should come."""


def group_audit_probabilities(base: float, found: GroupCertificates) -> dict[str, float]:
    """The `audit_probabilities` of the certified groups, by how much of each the calibration labels
    say is accepted."""
    per_label = WINDOW / max(found.labels, 1)
    return audit_probabilities(base, {g.name: g.accepted * per_label for g in found.certified})


def audit_probabilities(
    base: float, expected: Mapping[str, float], target: float = TARGET
) -> dict[str, float]:
    """The audit probability of each group's accepted images, by group.

    ``target / expected``, but never below ``base`` and never above 1: a group of which a window
    brings fewer accepted images than it should have audits has all of them audited, a large one is
    audited as if there were no groups. ``expected``: how many images of each group a window is
    expected to bring that are accepted. 0 as the base turns the audit off for all.

    The probability depends on the group alone, and is fixed before an image comes: it is the
    inclusion probability that each decision keeps, so estimates that weigh by its inverse hold.

    Raises:
        SettingsError: the base is outside [0, 1], or the target or an expectation is negative.
    """
    if not 0 <= base <= 1:
        raise SettingsError(f"The audit probability is {base!r}; it must lie in [0, 1].")
    negative = [name for name, n in expected.items() if not n >= 0]
    if negative or not target >= 0:
        raise SettingsError(
            "Groups are audited by how many images of them are expected and how many audits are "
            f"wanted, neither below 0; see {', '.join(negative) or f'the {target!r} wanted'}."
        )
    if base == 0:
        return dict.fromkeys(expected, 0.0)
    return {
        name: max(base, 1.0 if n < target else target / n if n else 0.0)
        for name, n in expected.items()
    }
