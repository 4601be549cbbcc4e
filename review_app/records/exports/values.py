"""The values of a column of an export: one by one, as Arrow has them, or the few distinct ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from storage.columns.lean import lean_pyarrow

Value = str | int | float | bool | None
Numbers = NDArray[np.int32]


@dataclass(frozen=True)
class Repeated:
    """A column of few distinct values."""

    distinct: Sequence[Value]
    which: Numbers
    """The place of each row's value among them, [n]."""

    def __len__(self) -> int:
        return len(self.which)


Values = Sequence[Value] | Repeated | Any
"""The values of a column, one for each row; the last of these is an array of Arrow."""


def listed(values: Values) -> list[Value]:
    """The values one by one."""
    if isinstance(values, Repeated):
        return [values.distinct[at] for at in values.which.tolist()]
    return list(values if isinstance(values, Sequence) else values.to_pylist())


def counted(values: Values) -> Mapping[Value, int]:
    """How many rows have each value."""
    if isinstance(values, Repeated):
        found: Counter[Value] = Counter()
        for value, n in zip(values.distinct, np.bincount(values.which).tolist(), strict=False):
            found[value] += n
        return +found
    return Counter(listed(values))


def arrow(values: Values, kind: type) -> Any:
    """The values as an Arrow array of the type for ``kind``: text, numbers, or truth."""
    pyarrow = lean_pyarrow()
    to = getattr(pyarrow, _ARROW[kind])()
    if isinstance(values, Repeated):
        return pyarrow.array(values.distinct, to).take(pyarrow.array(values.which))
    if isinstance(values, Sequence):
        return pyarrow.array(values, to)
    return values.combine_chunks().cast(to)


_ARROW: Final = {str: "string", int: "int64", float: "float64", bool: "bool_"}
