"""Long streams in handy portions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batches(stream: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of up to ``size`` from ``stream``, lazily: ``itertools.batched``, for Python 3.11."""
    iterator = iter(stream)
    while batch := list(islice(iterator, size)):
        yield batch
