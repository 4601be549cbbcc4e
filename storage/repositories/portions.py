"""Ids in one statement: in portions, for SQLite limits how many values it may name, or all together
as one text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

from sqlalchemy import ColumnElement, bindparam, func, select

from storage.models import Item

T = TypeVar("T")

VARIABLES: Final = 500
_GIVEN = func.json_each(bindparam("among")).table_valued("value")
AMONG: Final[ColumnElement[bool]] = Item.id.in_(select(_GIVEN.c.value))
"""The condition for items that `among` names. The statement is the same whatever they are, so it is
made and prepared once; with a value for each it would be so every time, which takes as long as what
it does."""


def portions(ids: Sequence[T]) -> Iterator[Sequence[T]]:
    """Parts of ``ids``, in order, each few enough for one statement."""
    return (ids[start : start + VARIABLES] for start in range(0, len(ids), VARIABLES))


def among(item_ids: Sequence[int]) -> dict[str, str]:
    """What `AMONG` is asked with."""
    return {"among": as_text(item_ids)}


def as_text(values: Sequence[int] | Sequence[str]) -> str:
    """Numbers or hashes as one text, which SQLite's ``json_each`` takes apart again."""
    return json.dumps(list(values), separators=(",", ":"))
