"""Long streams in handy portions."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def batches(stream: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of up to ``size`` from ``stream``, lazily: ``itertools.batched``, for Python 3.11."""
    iterator = iter(stream)
    while batch := list(islice(iterator, size)):
        yield batch


def mapped(
    pool: Executor, work: Callable[[T], R], stream: Iterable[T], together: int
) -> Iterator[R]:
    """What ``work`` makes of each of ``stream``, in order, ``together`` at a time: leaving in
    between waits for no more than these."""
    iterator = iter(stream)
    begun = deque(pool.submit(work, each) for each in islice(iterator, together))
    while begun:
        found = begun.popleft().result()
        begun.extend(pool.submit(work, each) for each in islice(iterator, 1))
        yield found
