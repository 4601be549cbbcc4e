"""What cascades are worth beside the dear detector alone: share sent, cost, and AURC. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from review_app.cascade.card import CascadeCosts, CascadeFigures, CascadePoint
from review_app.cascade.gate import CascadeLabels, Grids, StageScores, fit_gate
from review_app.core.intervals import ENOUGH_TO_COMPARE
from review_app.fusion.assessment import FOLDS, stratified_folds
from review_app.lab.resampling import Ranking, Resamples, Statistics, interval
from review_app.lab.weighed import selective_by_mass

RISKS = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2)
"""Shares of errors for which the card tells what a cascade would be worth."""
_SEED = 0

Float64 = NDArray[np.float64]


@dataclass(frozen=True)
class CascadeSaid:
    """What a cascade says of labelled images that did not make its gate."""

    scores: StageScores
    sent: NDArray[np.bool_]


def cross_fitted(
    grids: Grids, labels: CascadeLabels, risks: Sequence[float]
) -> dict[float, CascadeSaid]:
    """Each fold of ``labels`` as said by cascades whose gates the others made, by risk."""
    folds = stratified_folds(labels.is_fake, _SEED)
    return {risk: _joined(grids, labels, risk, folds) for risk in risks}


def figures_of_cascade(
    grids: Grids, labels: CascadeLabels, risk: float, costs: CascadeCosts | None
) -> CascadeFigures | None:
    """The figures of the cascade of ``risk`` and of others; None where labels are too few."""
    fakes = int(labels.is_fake.sum())
    if min(fakes, len(labels) - fakes) < max(FOLDS, ENOUGH_TO_COMPARE):
        return None
    said = cross_fitted(grids, labels, sorted({*RISKS, risk}))
    return cascade_figures(said, labels, risk, costs)


def cascade_figures(
    said: Mapping[float, CascadeSaid],
    labels: CascadeLabels,
    risk: float,
    costs: CascadeCosts | None,
) -> CascadeFigures:
    """The figures of cascades by their risk, ``risk`` the chosen one. All stand on the same
    resamples within each class, so that differences are paired."""
    measures = {"cheap": labels.cheap, "dear": labels.dear}
    measures |= {str(each): found.scores for each, found in said.items()}
    ranked = {
        name: (Ranking(np.minimum(s.score, 1 - s.score)), (s.p_fake >= 0.5) != labels.is_fake)
        for name, s in measures.items()
    }

    def aurcs(counts: Float64) -> Statistics:
        mass = counts * labels.weights
        return {
            name: selective_by_mass(ranking.of(mass), wrong, ())["aurc"]
            for name, (ranking, wrong) in ranked.items()
        }

    values = {name: float(each[0]) for name, each in aurcs(np.ones((1, len(labels)))).items()}
    drawn = Resamples(labels.is_fake, _SEED).statistics(aurcs)

    def point(each: float) -> CascadePoint:
        sent = float(np.average(said[each].sent, weights=labels.weights))
        ends = interval(drawn[str(each)] - drawn["dear"])
        assert ends is not None  # no resample is without images
        return CascadePoint(
            risk=each,
            sent=sent,
            cost=None if costs is None else costs.of(sent),
            aurc=values[str(each)],
            difference=(values[str(each)] - values["dear"], ends[0], ends[1]),
        )

    return CascadeFigures(
        cheap_aurc=values["cheap"],
        dear_aurc=values["dear"],
        chosen=point(risk),
        curve=tuple(point(each) for each in sorted(said)),
    )


def _joined(
    grids: Grids, labels: CascadeLabels, risk: float, folds: NDArray[np.intp]
) -> CascadeSaid:
    p_fake, score = np.empty(len(labels)), np.empty(len(labels))
    sent = np.zeros(len(labels), np.bool_)
    for fold in range(FOLDS):
        held_out = folds == fold
        gate, rest = fit_gate(grids, labels.take(~held_out), risk), labels.take(held_out)
        said = gate.said(rest.cheap, rest.dear)
        p_fake[held_out], score[held_out] = said.p_fake, said.score
        sent[held_out] = gate.sent(rest.cheap.score)
    return CascadeSaid(StageScores(p_fake, score), sent)
