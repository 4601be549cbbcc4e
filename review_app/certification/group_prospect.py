"""What a try by group may find, told before it is spent: from how many labels each group has, never
from what they say.

Rests on the threshold grid and on numbers of labels, as `prospect` does, and for the same reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from review_app.certification.bounds import spent_level
from review_app.certification.grouping import UNKNOWN
from review_app.certification.groups import group_minimum, groups_to_test
from review_app.certification.prospect import Prospect
from review_app.certification.threshold_grid import Side, ThresholdGrid


@dataclass(frozen=True)
class GroupProspect:
    """The prospect of one group."""

    name: str
    labels: int
    least: int | None
    """Fewest labels with which it is tested beside all others that are; None: it never is."""
    real: Prospect | None
    """The prospect of the real side; None where the group has too few labels for a test."""
    fake: Prospect | None
    """The same of the fake side."""

    @property
    def sides(self) -> tuple[Prospect, ...]:
        """Both sides; none where there is no test."""
        return tuple(side for side in (self.real, self.fake) if side is not None)

    def threshold(self, side: Side) -> float | None:
        """The threshold to expect; None where none is certified."""
        return next((one.threshold for one in self.sides if one.side is side), None)


def group_prospects(
    groups: Sequence[str],
    grid_real: ThresholdGrid,
    grid_fake: ThresholdGrid,
    *,
    risk_limit: float,
    delta: float,
    attempt: int,
) -> tuple[GroupProspect, ...]:
    """The prospects of all groups with labels, by name. ``groups`` names the group of each label
    that counts by now.

    What a chain that is done leaves to the others is not reckoned with: that hangs on labels.

    Raises:
        SettingsError: the limit, delta or number of the try is out of range.
    """
    level = spent_level(delta, attempt)
    sizes = Counter(groups)
    tested = groups_to_test(sizes, risk_limit, level)

    def prospect(name: str, grid: ThresholdGrid) -> Prospect | None:
        if name not in tested:
            return None
        return Prospect(grid, sizes[name], risk_limit, delta / len(tested), attempt)

    return tuple(
        GroupProspect(
            name,
            sizes[name],
            None if name == UNKNOWN else group_minimum(risk_limit, level, len({*tested, name})),
            prospect(name, grid_real),
            prospect(name, grid_fake),
        )
        for name in sorted(sizes)
    )
