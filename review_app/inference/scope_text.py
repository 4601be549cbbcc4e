"""A sentence on where an image lies among the scopes of a checkpoint."""

from __future__ import annotations

from review_app.i18n import current_language, listed, number, t
from review_app.inference.card import MeasuredKind
from review_app.inference.scopes import Place, in_language


def place_in_words(place: Place, head: str) -> str:
    """A sentence such as "Looks like: swapped faces (AUROC 0.83 there).", or that nothing is
    proven of such an image; empty where nothing tells. Figures are those of ``head``."""
    if place.outside and place.kinds:
        return t("scopes.outside_near", kinds=listed([name_of(kind) for kind in place.kinds]))
    if place.outside:
        return t("scopes.outside")
    if not place.kinds:
        return ""
    return t("scopes.inside", kinds=listed([_with_figure(kind, head) for kind in place.kinds]))


def name_of(kind: MeasuredKind) -> str:
    """What the images of a kind are, in the language of whoever is served."""
    return in_language(kind.content, current_language(), kind.name)


def _with_figure(kind: MeasuredKind, head: str) -> str:
    figures = next((each for name, each in kind.heads.items() if name == head), None)
    if figures is None or figures.auroc is None:
        return t("scopes.kind_unmeasured", name=name_of(kind))
    return t("scopes.kind", name=name_of(kind), auroc=number(figures.auroc[0], 2))
