"""An image that goes to people may be good for something else, too, by the kind of doubt it raises.

Doubt is *epistemic* where equally good versions of the detector disagree, or where the image is
unlike all that they learned from: a label would settle it for them. It is *aleatoric* where they
agree that images like this turn out either way: another label teaches them little, but a second
person may see what the first did not (Kendall & Gal 2017, "What uncertainties do we need in
Bayesian deep learning for computer vision?").

A flag never changes a route, and only images that the rule itself sends to people have one: an
audited image must look like any other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from storage.enums import TriageFlag


@dataclass(frozen=True)
class UncertaintyCuts:
    """The cuts from which on an image counts as uncertain: quantiles of validation data.

    A fixed cut means nothing: the spread of one head is a multiple of another's.
    """

    std: float
    entropy: float
    mutual_information: float

    @classmethod
    def of(
        cls, *, entropy: float, std: float | None = None, mutual_information: float | None = None
    ) -> UncertaintyCuts:
        """Those of a checkpoint's card: ``None`` for a head without a spread that could be
        large."""
        return cls(
            std=math.inf if std is None else std,
            entropy=entropy,
            mutual_information=math.inf if mutual_information is None else mutual_information,
        )


def find_flags(
    std: ArrayLike,
    entropy: ArrayLike,
    mutual_information: ArrayLike,
    unlike: ArrayLike,
    cuts: UncertaintyCuts | None,
) -> NDArray[np.object_]:
    """The flag of each image [...], a `TriageFlag` or None, were the rule to send it to people.

    ``unlike``: whether its novelty is above the checkpoint's cut. Without ``cuts`` that alone
    counts. Strictly above: a head without spread has a cut of 0, and is not unsettled everywhere.
    """
    epistemic = np.asarray(unlike, np.bool_)
    found = np.full(epistemic.shape, None, np.object_)
    if cuts is not None:
        epistemic = (
            epistemic
            | (np.asarray(std) > cuts.std)
            | (np.asarray(mutual_information) > cuts.mutual_information)
        )
        found[np.asarray(entropy) > cuts.entropy] = TriageFlag.SECOND_REVIEWER
    found[epistemic] = TriageFlag.RETRAIN
    return found


def find_flag(
    std: float,
    entropy: float,
    mutual_information: float,
    *,
    unlike: bool,
    cuts: UncertaintyCuts | None,
) -> TriageFlag | None:
    """The flag of one image, as `find_flags` finds it."""
    found: TriageFlag | None = find_flags(std, entropy, mutual_information, unlike, cuts).item()
    return found
