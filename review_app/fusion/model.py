"""A fitted fusion: the members' scores of an image become P(fake) and how sure that is.

What is said of an image hangs on its own scores alone, to the last bit: whatever is summed is
summed member by member, and never by a product of matrices.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from pydantic import BaseModel, ConfigDict

from review_app.fusion.missing import JointValues
from review_app.fusion.scale import Float64, MemberScale
from review_app.inference.heads.base import HeadPrediction
from review_app.inference.heads.numerics import logit_normal

Row = tuple[float, ...]


class FusionMember(BaseModel):
    """How one member's scores are read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scale: MemberScale
    inverted: bool
    """Whether the labels say beyond doubt that its scores mean the opposite."""
    voice: int | None
    """Which voice it is of; None of a member that is not heard: it says the same of all images, or
    too many others say more."""


class FusionModel(BaseModel):
    """A logistic model on *voices*: members that say the same of every image are one voice."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    members: tuple[FusionMember, ...]
    value_mean: Row
    """Mean of each voice's values over the images here, [voices]."""
    value_covariance: tuple[Row, ...]
    """[voices, voices]."""
    mean: Row
    """Posterior mean of the bias and of each voice's weight, [1 + voices]."""
    covariance: tuple[Row, ...]
    """[1 + voices, 1 + voices]."""

    @property
    def voices(self) -> int:
        """How many voices there are."""
        return len(self.value_mean)

    def values(self, scores: Float64) -> Float64:
        """What each voice says, [n, voices], of images with the members' ``scores`` [n, members];
        NaN where none of its members has a score."""
        total = np.zeros((len(scores), self.voices))
        heard = np.zeros((len(scores), self.voices))
        for column, member in enumerate(self.members):
            if member.voice is None:
                continue
            value = member.scale.apply(scores[:, column])
            there = ~np.isnan(value)
            total[there, member.voice] += (-1 if member.inverted else 1) * value[there]
            heard[there, member.voice] += 1
        return np.divide(total, heard, out=np.full_like(total, np.nan), where=heard > 0)

    def predict(self, scores: Float64) -> HeadPrediction:
        """P(fake) and its doubts of images with the members' ``scores`` [n, members], NaN where one
        is missing. A missing score widens the doubt by what it could have said."""
        filled, doubt = self._joint.fill(self.values(scores))
        inputs = [np.ones(len(scores)), *filled.T]
        logit, variance = np.zeros(len(scores)), np.zeros(len(scores))
        for i, one in enumerate(inputs):
            logit += self.mean[i] * one
            for j, other in enumerate(inputs):
                variance += self.covariance[i][j] * one * other
                if i and j:
                    moment = self.covariance[i][j] + self.mean[i] * self.mean[j]
                    variance += moment * doubt[:, i - 1, j - 1]
        return logit_normal(logit, np.maximum(variance, 0.0))

    @cached_property
    def _joint(self) -> JointValues:
        return JointValues(np.array(self.value_mean), np.array(self.value_covariance))


def rows_of(matrix: Float64) -> tuple[Row, ...]:
    """A matrix as a card keeps it."""
    return tuple(tuple(row) for row in matrix.tolist())
