"""The small pieces of HTML: escaped, and read without colour."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from markupsafe import Markup, escape

import review_app.web
from review_app.web.markup import Tone, age, clamped, moment, notice, picture, sentence, table

HOSTILE = "<img src=x onerror=alert(1)>"


def test_a_table_escapes_cells_headers_and_caption() -> None:
    shown = table(HOSTILE, [HOSTILE], [[HOSTILE]])
    assert "<img" not in shown
    assert shown.count("&lt;img") == 4  # the caption also names the region


def test_no_template_is_taken_apart_for_a_row_of_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    taken_apart: list[str] = []
    whole = Markup.format

    def noted(template: Markup, *args: object, **values: object) -> Markup:
        taken_apart.append(template)
        return whole(template, *args, **values)

    monkeypatch.setattr(Markup, "format", noted)
    when = datetime(2026, 3, 1, 12, 5, 59, tzinfo=UTC)
    shown = table("a", ["b", "c"], [["<", moment(when)]] * 50)
    assert shown.count("<tr><td>&lt;</td><td><time ") == 50
    assert len(taken_apart) == 3, "that of the table, and of two headers"
    assert moment(when) == f'<time datetime="{when.isoformat()}">2026-03-01 12:05 UTC</time>'


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


@pytest.mark.parametrize("text", ["", "short", "x" * 280, "<b>\n" * 5])
def test_a_text_that_is_not_long_stands_there_as_it_is(text: str) -> None:
    assert clamped(text) == escape(text)


@pytest.mark.parametrize("text", ["x" * 4000, "a word " * 600, "<b>\n" * 400, "\n" * 4000])
def test_of_a_long_text_the_beginning_shows_and_all_of_it_is_there(text: str) -> None:
    shown = clamped(text)
    found = re.fullmatch(
        r'<span class="clamped">(.*)<span class="unshown" hidden>(.*)</span> <button [^>]*>'
        r"Show more</button></span>",
        shown,
        re.DOTALL,
    )
    assert found is not None
    beginning, rest = found.groups()
    assert beginning + rest == escape(text)
    assert len(beginning) <= 280 * len("&lt;")
    assert beginning.count("\n") < 6


def test_an_image_is_alone_in_an_element_of_its_own_name() -> None:
    one, again, other = picture("/a.png", "An <a>"), picture("/a.png"), picture("/b.png")
    assert 'alt="An &lt;a&gt;"' in one
    names = [re.match(r"<([a-z]+-[0-9a-f]+) ", html) for html in (one, again, other)]
    assert all(names)
    first, second, third = (name.group(1) for name in names if name)
    assert first == second != third


def test_no_page_of_gradio_has_an_image_that_could_be_shown_for_another() -> None:
    web = Path(review_app.web.__file__).parent
    assert [path.name for path in web.rglob("*.py") if "<img" in path.read_text()] == ["markup.py"]
