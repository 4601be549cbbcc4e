"""The scopes of a checkpoint are measured here, on test images, kind by kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from review_app.core.intervals import of_share
from review_app.inference.card import Estimate, ScopeCard, ScopeFigures
from review_app.inference.checkpoint import Checkpoint, Judgement
from review_app.inference.dataset import LabelledFeatures
from review_app.inference.heads import HeadName
from review_app.inference.scopes import figures_of
from review_app.lab.metrics import size
from review_app.lab.scope_words import ScopeWords

Rows = NDArray[np.bool_]


def with_scopes(
    checkpoint: Checkpoint,
    train: LabelledFeatures,
    test: LabelledFeatures | None,
    judgement: Judgement | None,
    words: ScopeWords,
) -> Checkpoint:
    """``checkpoint``, whose heads are measured already, with its scopes in its card.

    ``judgement`` is what the checkpoint says of ``test``; both are None without test images. Kinds
    that only test images are of are scopes, too: it was measured on them.
    """
    measuring = _Measuring(checkpoint, test, judgement) if test and judgement else None
    sources = {*train.sources, *(test.sources if test else ())} - {""}
    scopes = tuple(_scope(source, train, measuring, words) for source in sorted(sources))
    card = checkpoint.card.model_copy(update={"scopes": scopes, "failures": words.failures})
    return checkpoint.with_card(card)


def _scope(
    source: str, train: LabelledFeatures, measuring: _Measuring | None, words: ScopeWords
) -> ScopeCard:
    said = words.of(source)
    rows = measuring.test.from_source(source) if measuring else np.zeros(0, dtype=np.bool_)
    return ScopeCard(
        name=source,
        content=said.content,
        licence=said.licence,
        n_train=int(train.from_source(source).sum()),
        n_test=int(rows.sum()),
        unlike=measuring.unlike(rows) if measuring else None,
        heads=measuring.of_source(source, rows) if measuring else {},
    )


@dataclass(frozen=True, slots=True)
class _Measuring:
    """What a checkpoint says of test images."""

    checkpoint: Checkpoint
    test: LabelledFeatures
    judgement: Judgement

    def unlike(self, rows: Rows) -> float | None:
        """The share of the images at ``rows`` that are called unlike; None where there are none."""
        novelty, scale = self.judgement.novelty, self.checkpoint.card.novelty
        if novelty is None or scale is None or not rows.any():
            return None
        weights = self._weights(rows)
        return float(np.average(novelty[rows] > scale.cut, weights=weights))

    def of_source(self, source: str, rows: Rows) -> Mapping[HeadName, ScopeFigures]:
        """The figures of every head on a source, from the metrics in its card."""
        if not rows.any():
            return {}
        return {
            name: figures_of(head, source).model_copy(update={"error": self._error(name, rows)})
            for name, head in self.checkpoint.card.heads.items()
        }

    def _error(self, name: HeadName, rows: Rows) -> Estimate:
        threshold = self.checkpoint.card.heads[name].threshold
        wrong = (self.judgement.heads[name].p_fake >= threshold) != self.test.is_fake
        weights = self._weights(rows)
        share = float(np.average(wrong[rows], weights=weights))
        low, high = of_share(share, size(np.ones(int(rows.sum()), dtype=np.bool_), weights)) or (
            None,
            None,
        )
        return (share, low, high)

    def _weights(self, rows: Rows) -> NDArray[np.float64] | None:
        return None if self.test.weights is None else self.test.weights[rows]
