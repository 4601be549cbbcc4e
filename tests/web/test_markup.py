"""The small pieces of HTML: escaped, and read without colour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from review_app.web.markup import Tone, age, notice, sentence, table

HOSTILE = "<img src=x onerror=alert(1)>"


def test_a_table_escapes_cells_headers_and_caption() -> None:
    shown = table(HOSTILE, [HOSTILE], [[HOSTILE]])
    assert "<img" not in shown
    assert shown.count("&lt;img") == 4  # the caption also names the region


def test_a_notice_says_without_colour_what_it_is() -> None:
    assert "Not done: " in notice("x", Tone.PROBLEM)
    assert "Done: " in notice("x", Tone.DONE)


@pytest.mark.parametrize(("text", "told"), [("no such user", "No such user."), ("Why?", "Why?")])
def test_a_message_becomes_a_sentence(text: str, told: str) -> None:
    assert sentence(text) == told


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "less than a minute"),
        (59, "less than a minute"),
        (60, "1 min"),
        (3 * 3600 + 125, "3 h 2 min"),
        (86400 * 2 + 3600, "2 d 1 h"),
    ],
)
def test_ages_are_told_in_two_units(seconds: float, words: str) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert age(now - timedelta(seconds=seconds), now) == words
