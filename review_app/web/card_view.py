"""A checkpoint's card as what a page shows: words, and the places of dots on a scale.

Places are percentages of the scale's width, which SVG takes without any style.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from review_app.i18n import current_language, day, number, percent, t
from review_app.inference.card import CheckpointCard, Estimate, HeadCard, MeasuredKind, ScopeCard
from review_app.inference.heads import head_title
from review_app.inference.scope_text import name_of
from review_app.inference.scopes import figures_of, in_language, scopes_of

COIN = 0.5
"""The AUROC of a coin, where the scale of AUROCs begins unless one is lower."""


@dataclass(frozen=True)
class Dot:
    """An AUROC on the scale."""

    at: float
    low: float
    high: float
    label: str
    """The finding in words, for whoever does not see it."""


@dataclass(frozen=True)
class KindRow:
    """A kind of images, as one row of the picture."""

    name: str
    code: str
    """What manifests call it, where that is something else."""
    is_generator: bool
    auroc: str
    dot: Dot | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class HeadRow:
    """A head, with its figures on all test images."""

    title: str
    auroc: str
    accuracy: str
    ece: str
    decides: bool


def kind_rows(card: CheckpointCard, head: str) -> list[KindRow]:
    """Every kind, and below each source what made its fakes; figures of ``head``."""
    low = scale_start([card], head)
    return [_kind_row(kind, head, low, made) for kind, made in _kinds(card)]


def scale_start(cards: Iterable[CheckpointCard], head: str | None = None) -> float:
    """The low end of the scale of AUROCs: that of a coin, or the tenth below the lowest interval;
    of each card by ``head``, or by its default one."""
    ends = [
        end
        for card in cards
        for kind, _ in _kinds(card)
        if (figures := _figures(kind, head or card.default_head)) is not None
        for end in figures
        if end is not None
    ]
    return min([COIN, *(math.floor(10 * end) / 10 for end in ends)])


def head_rows(card: CheckpointCard, decides: str) -> list[HeadRow]:
    """The heads on all test images; one that was not measured has dashes."""
    return [
        HeadRow(
            title=head_title(name.value),
            auroc=estimate(figures_of(head, "all").auroc if "all" in head.test else None),
            accuracy=_of_all(head, "accuracy"),
            ece=_of_all(head, "ece"),
            decides=name.value == decides,
        )
        for name, head in card.heads.items()
    ]


def failures(card: CheckpointCard) -> list[str]:
    """What it is known to fail at, as the card's author wrote it; and what holds of every one."""
    language = current_language()
    written = [in_language(words, language, "") for words in card.failures]
    return [*written, t("card.nothing_else")]


def licences(card: CheckpointCard) -> list[tuple[str, str]]:
    """What each licence is of, and what it says."""
    of_data = [(name_of(scope), scope.licence) for scope in scopes_of(card) if scope.licence]
    weights = f"{card.backbone.weights}: {card.backbone.licence}"
    return [(t("card.weights"), weights), *of_data, (t("card.checkpoint"), card.licence)]


def training(card: CheckpointCard) -> list[tuple[str, str]]:
    """What it was made from, as names and values."""
    data = card.data
    facts = [
        (t("card.data"), data.name),
        (t("card.images"), t("card.splits", train=data.n_train, val=data.n_val, test=data.n_test)),
        (t("card.fakes"), percent(data.fake_share)),
        (t("card.network"), card.backbone.name),
        (t("card.preset"), f"{card.preset}, {t('card.seed', seed=str(card.seed))}"),
        (t("card.copies"), "; ".join(data.copies)),
    ]
    if data.n_effective is not None:
        facts.append((t("card.effective"), number(data.n_effective)))
    return [(name, value) for name, value in facts if value]


def learned(card: CheckpointCard, parent: str | None) -> list[tuple[str, str]]:
    """What people's labels taught it, as names and values; empty where none did. ``parent``: the
    name of the checkpoint before, None where whoever reads may not know it."""
    told = card.learned
    if told is None:
        return []
    before = {"parent": parent or t("card.learned_former")}
    if told.head is None:
        way = t("card.learned_anew", **before)
    else:
        way = t("card.learned_update", **before, head=head_title(told.head.value))
    counts = {label: number(told.labels.get(label, 0)) for label in ("real", "fake")}
    times = number(told.largest_weight, 1)
    largest = t("card.learned_times", times=times)
    if told.clipped:
        largest = t("card.learned_clipped", times=times, n=told.clipped)
    held_out = number(told.held_out)
    if told.held_out_since is not None:
        held_out = t("card.learned_since", n=told.held_out, day=day(told.held_out_since))
    return [
        (t("card.learned_from"), way),
        (t("card.learned_labels"), t("card.learned_counts", **counts)),
        (t("card.learned_effective"), number(told.n_effective)),
        (t("card.learned_largest"), largest),
        (t("card.learned_held_out"), held_out),
    ]


def estimate(value: Estimate | None) -> str:
    """``0.97 (0.95 to 0.98)``, without an interval where there is none, or a dash."""
    if value is None:
        return "–"
    middle, low, high = value
    if low is None or high is None:
        return number(middle, 2)
    ends = {"low": number(low, 2), "high": number(high, 2)}
    return t("card.estimate", value=number(middle, 2), **ends)


def _kinds(card: CheckpointCard) -> Iterator[tuple[MeasuredKind, bool]]:
    for scope in scopes_of(card):
        yield scope, False
        for generator in scope.generators:
            yield generator, True


def _kind_row(kind: MeasuredKind, head: str, low: float, is_generator: bool) -> KindRow:
    name, value = name_of(kind), _figures(kind, head)
    return KindRow(
        name=name,
        code="" if name == kind.name else kind.name,
        is_generator=is_generator,
        auroc=estimate(value),
        dot=None if value is None else dot(name, value, low),
        notes=tuple(_notes(kind, head)),
    )


def dot(name: str, value: Estimate, low: float) -> Dot:
    """The AUROC of what is called ``name`` on a scale from ``low`` to 1."""
    middle, *ends = value

    def place(auroc: float) -> float:
        return round(100 * (auroc - low) / (1 - low), 2)

    low_end, high_end = (middle if end is None else end for end in ends)
    label = t("card.dot", name=name, auroc=estimate(value), low=number(low, 1))
    return Dot(place(middle), place(low_end), place(high_end), label)


def _figures(kind: MeasuredKind, head: str) -> Estimate | None:
    found = next((each for name, each in kind.heads.items() if name == head), None)
    return None if found is None else found.auroc


def _notes(kind: MeasuredKind, head: str) -> Iterator[str]:
    figures = next((each for name, each in kind.heads.items() if name == head), None)
    if figures is not None and figures.error is not None:
        key = "card.error" if isinstance(kind, ScopeCard) else "card.missed"
        yield t(key, share=percent(figures.error[0]))
    if kind.unlike is not None:
        yield t("card.unlike", share=percent(kind.unlike))
    yield t("card.trained_on", n=kind.n_train)
    if kind.n_test is not None:
        yield t("card.tested_on", n=kind.n_test)


def _of_all(head: HeadCard, name: str) -> str:
    value = head.test.get("all", {}).get(name)
    return "–" if value is None else number(value, 3)


def ticks(low: float) -> Sequence[str]:
    """The ends and the middle of the scale, in words."""
    return [number(each, 2) for each in (low, (low + 1) / 2, 1.0)]
