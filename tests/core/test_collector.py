"""What is set aside from the collector of garbage."""

from __future__ import annotations

import gc
import weakref

from review_app.core.collector import left_alone, set_aside, set_aside_anew


class _Knot:
    """Something that only the collector frees."""

    def __init__(self) -> None:
        self.itself = self


def test_what_is_set_aside_is_not_looked_at_until_it_is_set_aside_anew() -> None:
    knot = _Knot()
    there = weakref.ref(knot)
    try:
        set_aside()
        assert gc.get_freeze_count() > 0
        del knot
        gc.collect()
        assert there() is not None
        set_aside_anew()
        assert there() is None
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()


def test_what_a_command_lives_with_is_looked_at_again_when_it_ends() -> None:
    gc.unfreeze()
    knot = _Knot()
    there = weakref.ref(knot)
    with left_alone():
        del knot
        gc.collect()
        assert there() is not None
    gc.collect()
    assert there() is None
    assert gc.get_freeze_count() == 0


def test_a_command_leaves_aside_what_was_set_aside_before() -> None:
    try:
        set_aside()
        before = gc.get_freeze_count()
        with left_alone():
            assert gc.get_freeze_count() == before
        assert gc.get_freeze_count() == before > 0
    finally:
        gc.unfreeze()
