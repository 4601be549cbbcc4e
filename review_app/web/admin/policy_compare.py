"""A table of what would change with another checkpoint: both cards' figures, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from review_app.i18n import number, t
from review_app.inference.card import CheckpointCard, MeasuredKind
from review_app.inference.scope_text import name_of
from review_app.inference.scopes import figures_of, scopes_of
from review_app.web.card_view import estimate
from review_app.web.cards import card_link
from review_app.web.markup import Content, table

Row = Sequence[Content]


def comparison(now: CheckpointCard, head: str, other: CheckpointCard) -> Markup:
    """Both on their own test images, kind by kind; the one in force by ``head``, the other by its
    default head."""
    heads = (head, other.default_head.value)
    headers = (t("detector.figure"), t("detector.in_force"), t("detector.other"))
    rows = [
        (t("detector.card"), card_link(now.id), card_link(other.id)),
        *_of_all(now, heads[0], other, heads[1]),
        *_of_kinds(now, heads[0], other, heads[1]),
    ]
    return table(t("detector.changes"), headers, rows) + Markup('<p class="remark">{}</p>').format(
        t("detector.own_images")
    )


def _of_all(now: CheckpointCard, head: str, other: CheckpointCard, its: str) -> Iterator[Row]:
    pair = ((now, head), (other, its))
    yield (t("detector.auroc_all"), *(_auroc(card, name) for card, name in pair))
    yield (t("card.ece"), *(_ece(card, name) for card, name in pair))


def _of_kinds(now: CheckpointCard, head: str, other: CheckpointCard, its: str) -> Iterator[Row]:
    old, new = ({scope.name: scope for scope in scopes_of(card)} for card in (now, other))
    for name in dict.fromkeys([*old, *new]):
        kind = new.get(name) or old[name]
        label = t("detector.auroc_of", kind=name_of(kind))
        yield label, _of_kind(old.get(name), head), _of_kind(new.get(name), its)


def _of_kind(kind: MeasuredKind | None, head: str) -> str:
    if kind is None:
        return t("card.unmeasured")
    figures = next((each for name, each in kind.heads.items() if name == head), None)
    return t("card.unmeasured") if figures is None else estimate(figures.auroc)


def _auroc(card: CheckpointCard, head: str) -> str:
    own = next((each for name, each in card.heads.items() if name == head), None)
    return estimate(figures_of(own, "all").auroc if own and "all" in own.test else None)


def _ece(card: CheckpointCard, head: str) -> str:
    own = next((each for name, each in card.heads.items() if name == head), None)
    value = own.test.get("all", {}).get("ece") if own else None
    return "–" if value is None else number(value, 3)
