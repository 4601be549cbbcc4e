"""The fact that decides which group an image is in, as a column of a query.

What it is depends on what a policy groups by; `review_app.certification.grouping` says which group
it comes to.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, case, null

from storage.models import Image, Item, Prediction


def group_fact(grouping: str | None, said: type[Prediction]) -> ColumnElement[Any]:
    """The fact for ``grouping``, of an item with its image and what the policy's head ``said`` of
    it; NULL where nothing is grouped, or the fact is not known."""
    if grouping is None:
        return null()
    facts: dict[str, ColumnElement[Any]] = {
        "source": Item.source.expression,
        "size_class": case((Image.width < Image.height, Image.width), else_=Image.height),
        "scope": said.scope.expression,
        "novelty_band": said.novelty.expression,
    }
    return facts[grouping]
