"""The scopes of a checkpoint: which kind of images one is most like, and whether the checkpoint was
measured on anything like it.

An image lies in the kind to which the gate gives the largest share, and outside of all of them
where its novelty is beyond the cut. Figures are promised for the kind; outside, none are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from review_app.inference.card import (
    CheckpointCard,
    Estimate,
    HeadCard,
    ScopeCard,
    ScopeFigures,
    Words,
)
from review_app.inference.heads import Matrix

_ANY_LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class Place:
    """The place of one image among the scopes of a checkpoint."""

    kinds: tuple[ScopeCard, ...]
    """What it is most like: one kind, or those that share an expert; empty where nothing tells."""
    outside: bool
    """Whether it is unlike everything that the checkpoint was measured on."""


def place_of(card: CheckpointCard, nearest: str | None, novelty: float | None) -> Place:
    """The place of an image that ``nearest`` and ``novelty`` were computed of."""
    members = next((m for m in expert_kinds(card) if kind_name(m) == nearest), ())
    kinds = tuple(scope for scope in scopes_of(card) if scope.name in members)
    cut = card.novelty.cut if card.novelty else None
    return Place(kinds, cut is not None and novelty is not None and novelty > cut)


def nearest_kinds(
    shares: Matrix | None, kinds: Sequence[Sequence[str]], n: int
) -> tuple[str | None, ...]:
    """The name of the kind that each of ``n`` images is most like; None where nothing tells.

    ``shares`` [n, k] are the gate's, of the k ``kinds``; without a gate there may be one kind.
    """
    names = [kind_name(members) for members in kinds]
    if shares is not None:
        return tuple(names[at] for at in shares.argmax(axis=1))
    return (names[0] if len(names) == 1 else None,) * n


def expert_kinds(card: CheckpointCard) -> tuple[tuple[str, ...], ...]:
    """The sources of each expert; of a checkpoint of one source and no gate, that one."""
    if card.experts:
        return card.experts
    return (tuple(card.data.sources),) if len(card.data.sources) == 1 else ()


def kind_name(members: Sequence[str]) -> str | None:
    """What a kind is stored as: the names of its sources; None where they have none."""
    return " + ".join(name for name in members if name) or None


def scopes_of(card: CheckpointCard) -> tuple[ScopeCard, ...]:
    """The scopes of the card; of an older one, what its metrics by source tell of them."""
    if card.scopes:
        return card.scopes
    return tuple(
        ScopeCard(
            name=source,
            n_train=n,
            n_test=None,
            heads={
                name: figures_of(head, source)
                for name, head in card.heads.items()
                if source in head.test
            },
        )
        for source, n in card.data.sources.items()
    )


def figures_of(head: HeadCard, source: str) -> ScopeFigures:
    """The figures that the metrics of a head give of ``source``, or of ``all``; those of an older
    card have no interval of the error."""
    metrics = head.test[source]
    accuracy = metrics.get("accuracy")
    return ScopeFigures(
        auroc=_estimate(metrics.get("auroc")),
        error=None if accuracy is None else (1 - accuracy, None, None),
    )


def in_language(words: Words, language: str, otherwise: str) -> str:
    """``words`` in that language, or else in English, or in whatever there is; ``otherwise`` where
    nobody wrote any."""
    written = words.get(language) or words.get(_ANY_LANGUAGE)
    return written or next(iter(words.values()), otherwise)


def _estimate(value: Sequence[float | None] | None) -> Estimate | None:
    if value is None or value[0] is None:
        return None
    _, low, high = value
    return (value[0], low, high)
