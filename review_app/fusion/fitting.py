"""Fit a fusion to labels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from review_app.core.special import logit
from review_app.fusion.hypotheses import Hypotheses
from review_app.fusion.missing import JointValues
from review_app.fusion.model import FusionMember, FusionModel, rows_of
from review_app.fusion.posterior import Weighed, weigh
from review_app.fusion.scale import Float64, MemberScale
from review_app.fusion.voices import alike, best_reading, loudest, related

FEWEST = 5
"""Labels of each class that are needed to tell members apart."""
_PLAIN_SLOPE, _PLAIN_STD = 1.0, 0.5
"""The weight of the average of all voices, and how unsure it is, where nothing was learned."""


@dataclass(frozen=True)
class ToldScores:
    """Labelled images with the members' scores."""

    scores: Float64
    """[n, members], NaN where one is missing."""
    is_fake: NDArray[np.bool_]
    weights: Float64
    """How much each tells; `telling` of how many images of the stream it stands for."""

    def __len__(self) -> int:
        return len(self.is_fake)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> ToldScores:
        """The images at ``rows``."""
        return ToldScores(self.scores[rows], self.is_fake[rows], self.weights[rows])

    @property
    def is_enough(self) -> bool:
        """Whether there are enough of both classes to tell members apart."""
        fakes = int(self.is_fake.sum())
        return min(fakes, len(self) - fakes) >= FEWEST


@dataclass(frozen=True)
class Fitted:
    """A fusion, with what it was chosen from."""

    model: FusionModel
    weighed: Weighed | None
    """The hypotheses; None where labels were too few: then all voices count alike."""

    def included(self, member: int) -> float | None:
        """How likely it is that ``member`` counts at all."""
        voice = self.model.members[member].voice
        if self.weighed is None or voice is None:
            return None
        return float(self.weighed.included()[voice])

    def without(self, member: int) -> FusionModel:
        """The fusion as the same labels make it without ``member``."""
        members, gone = list(self.model.members), self.model.members[member]
        members[member] = gone.model_copy(update={"voice": None})
        model = self.model.model_copy(update={"members": tuple(members)})
        shared = any(each.voice == gone.voice for each in members)
        if gone.voice is None or shared:
            return model
        if self.weighed is None:
            return model
        mean, covariance = self.weighed.without(gone.voice).averaged()
        update = {"mean": tuple(mean.tolist()), "covariance": rows_of(covariance)}
        return model.model_copy(update=update)


def telling(stands_for: Float64, most: float = 20.0) -> Float64:
    """How much each label tells that ``stands_for`` so many images of the stream, [n]: as Horvitz
    and Thompson weigh them, none more than ``most`` times the least, and together no more than
    their effective number (Kish 1965)."""
    if not len(stands_for):
        return stands_for
    weights = np.minimum(stands_for, most * stands_for.min())
    return np.asarray(weights * weights.sum() / np.square(weights).sum())


def fit(here: Float64, labelled: ToldScores) -> Fitted:
    """The fusion of members by ``labelled`` images; ``here``: their scores of all images that are
    at hand [n, members], labelled or not, NaN where one is missing."""
    with threadpool_limits(1, user_api="blas"):  # more threads would add in another order
        return _fit(here, labelled)


def _fit(here: Float64, labelled: ToldScores) -> Fitted:
    scales, turned = _readings(here, labelled)
    values = np.column_stack([s.apply(c) for s, c in zip(scales, here.T, strict=True)])
    useful = [m for m, scale in enumerate(scales) if not scale.is_constant]
    voices = alike(np.where(turned, -values, values), useful)
    draft = _draft(scales, turned, voices)
    joint = JointValues.of(draft.values(here)) if voices else JointValues(np.zeros(0), np.eye(0))
    draft = _with_joint(draft, joint)
    if not labelled.is_enough or not voices:
        return Fitted(_plain(draft, labelled), None)
    filled, _ = joint.fill(draft.values(labelled.scores))
    told = labelled.is_fake, labelled.weights
    heard = loudest(filled, *told, related(draft.values(here), filled, *told))
    weighed = weigh(Hypotheses.of(len(heard)), filled[:, heard], labelled.is_fake, labelled.weights)
    weighed = _spread_out(weighed, heard, len(voices))
    mean, covariance = weighed.averaged()
    model = draft.model_copy(
        update={"mean": tuple(mean.tolist()), "covariance": rows_of(covariance)}
    )
    return Fitted(model, weighed)


def _readings(here: Float64, labelled: ToldScores) -> tuple[list[MemberScale], NDArray[np.bool_]]:
    """Each member's scale, and whether it is upside down."""
    if not labelled.is_enough:
        return [MemberScale.of(column) for column in here.T], np.zeros(here.shape[1], np.bool_)
    found = [
        best_reading(column, told, labelled.is_fake, labelled.weights)
        for column, told in zip(here.T, labelled.scores.T, strict=True)
    ]
    return [scale for scale, _ in found], np.array([turned for _, turned in found], np.bool_)


def _draft(
    scales: list[MemberScale], turned: NDArray[np.bool_], voices: list[list[int]]
) -> FusionModel:
    voice_of = {member: at for at, members in enumerate(voices) for member in members}
    nothing = rows_of(np.zeros((1 + len(voices), 1 + len(voices))))
    return FusionModel(
        members=tuple(
            FusionMember(scale=scale, inverted=bool(turned[m]), voice=voice_of.get(m))
            for m, scale in enumerate(scales)
        ),
        value_mean=(0.0,) * len(voices),
        value_covariance=rows_of(np.eye(len(voices))),
        mean=(0.0,) * (1 + len(voices)),
        covariance=nothing,
    )


def _with_joint(draft: FusionModel, joint: JointValues) -> FusionModel:
    update = {
        "value_mean": tuple(joint.mean.tolist()),
        "value_covariance": rows_of(joint.covariance),
    }
    return FusionModel.model_validate({**draft.model_dump(), **update})


def _plain(draft: FusionModel, labelled: ToldScores) -> FusionModel:
    """All voices alike: a fusion that has learned nothing but the share of fakes."""
    voices = draft.voices
    share = (labelled.is_fake.sum() + 1) / (len(labelled) + 2)
    mean = np.concatenate([[logit(share)], np.full(voices, _PLAIN_SLOPE / max(voices, 1))])
    covariance = np.full((1 + voices, 1 + voices), (_PLAIN_STD / max(voices, 1)) ** 2)
    covariance[0], covariance[:, 0] = 0.0, 0.0
    covariance[0, 0] = 1.0
    return draft.model_copy(
        update={"mean": tuple(mean.tolist()), "covariance": rows_of(covariance)}
    )


def _spread_out(weighed: Weighed, heard: list[int], voices: int) -> Weighed:
    """``weighed`` hypotheses of the voices ``heard``, as of all ``voices``."""
    if len(heard) == voices:
        return weighed
    k = len(weighed.log_chance)
    places = np.array([0, *(1 + voice for voice in heard)])
    counts = np.zeros((k, voices), np.bool_)
    counts[:, heard] = weighed.counts
    mode = np.zeros((k, 1 + voices))
    mode[:, places] = weighed.mode
    covariance = np.zeros((k, 1 + voices, 1 + voices))
    covariance[np.ix_(np.arange(k), places, places)] = weighed.covariance
    return replace(weighed, counts=counts, mode=mode, covariance=covariance)
