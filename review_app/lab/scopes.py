"""The scopes of a checkpoint are measured here, on test images, kind by kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from review_app.core.intervals import of_share
from review_app.inference.card import Estimate, MeasuredKind, ScopeCard, ScopeFigures, Words
from review_app.inference.checkpoint import Checkpoint, Judgement
from review_app.inference.dataset import LabelledFeatures
from review_app.inference.heads import SOURCE_SEED, HeadName
from review_app.inference.scopes import figures_of
from review_app.lab.metrics import auroc_interval, size
from review_app.lab.scope_words import ScopeWords
from review_app.manifests.weights import normalised

Rows = NDArray[np.bool_]
NO_ROWS: Rows = np.zeros(0, dtype=np.bool_)
"""The rows of test images where there are none."""


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
    learned = train.from_source(source)
    rows = measuring.test.from_source(source) if measuring else NO_ROWS
    return ScopeCard(
        name=source,
        content=said.content,
        licence=said.licence,
        n_train=int(learned.sum()),
        n_test=int(rows.sum()),
        unlike=measuring.unlike(rows) if measuring else None,
        heads=measuring.of_source(source, rows) if measuring else {},
        generators=tuple(_generators(train, learned, measuring, rows, said.generators)),
    )


def _generators(
    train: LabelledFeatures,
    learned: Rows,
    measuring: _Measuring | None,
    rows: Rows,
    words: Mapping[str, Words],
) -> Iterator[MeasuredKind]:
    """What made the fakes of a source, whose images are at ``learned`` and ``rows``."""
    names = _made_by(train, learned) | (_made_by(measuring.test, rows) if measuring else set())
    for name in sorted(names):
        own = rows & _from_generator(measuring.test, name) if measuring else NO_ROWS
        reals = rows & ~measuring.test.is_fake if measuring else NO_ROWS
        yield MeasuredKind(
            name=name,
            content=words.get(name, {}),
            n_train=int((learned & _from_generator(train, name)).sum()),
            n_test=int(own.sum()),
            unlike=measuring.unlike(own) if measuring else None,
            heads=measuring.of_generator(own, reals) if measuring else {},
        )


def _made_by(data: LabelledFeatures, rows: Rows) -> set[str]:
    named = zip(data.generators, rows & data.is_fake, strict=True) if data.generators else ()
    return {name for name, is_one in named if is_one} - {""}


def _from_generator(data: LabelledFeatures, generator: str) -> Rows:
    if not data.generators:
        return np.zeros(len(data), dtype=np.bool_)
    named: Rows = np.array([name == generator for name in data.generators], dtype=np.bool_)
    return data.is_fake & named


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
        return float(np.average(novelty[rows] > scale.cut, weights=self._weights(rows)))

    def of_source(self, source: str, rows: Rows) -> dict[HeadName, ScopeFigures]:
        """The figures of every head on a source, from the metrics in its card."""
        if not rows.any():
            return {}
        return {
            name: figures_of(head, source).model_copy(update={"error": self._error(name, rows)})
            for name, head in self.checkpoint.card.heads.items()
        }

    def of_generator(self, own: Rows, reals: Rows) -> dict[HeadName, ScopeFigures]:
        """The figures of every head on the images of a generator, told from ``reals``."""
        if not own.any():
            return {}
        return {
            name: ScopeFigures(auroc=self._auroc(name, own | reals), error=self._error(name, own))
            for name in self.checkpoint.card.heads
        }

    def _auroc(self, name: HeadName, rows: Rows) -> Estimate | None:
        found = auroc_interval(
            self.judgement.heads[name].p_fake[rows],
            self.test.is_fake[rows],
            seed=SOURCE_SEED,
            weights=normalised(self._weights(rows)),
        )
        return None if found is None else (found[0], found[1], found[2])

    def _error(self, name: HeadName, rows: Rows) -> Estimate:
        threshold = self.checkpoint.card.heads[name].threshold
        wrong = (self.judgement.heads[name].p_fake >= threshold) != self.test.is_fake
        weights = self._weights(rows)
        share = float(np.average(wrong[rows], weights=weights))
        n = size(np.ones(int(rows.sum()), dtype=np.bool_), weights)
        low, high = of_share(share, n) or (None, None)
        return (share, low, high)

    def _weights(self, rows: Rows) -> NDArray[np.float64] | None:
        return None if self.test.weights is None else self.test.weights[rows]
