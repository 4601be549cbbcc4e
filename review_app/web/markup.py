"""Small pieces of HTML. Whatever goes in is escaped unless it is ``Markup`` already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from markupsafe import Markup, escape

from review_app.i18n import number, t
from storage.types import utc_now

_LETTERS, _LINES, _WORD = 240, 6, 40
Content = str | int | Markup


class Tone(StrEnum):
    """The tone of a notice; the sign before it says so without colour."""

    DONE = "done"
    """It worked."""
    NOTE = "note"
    """Good to know."""
    PROBLEM = "problem"
    """It was not done; the text says why and what to do."""


_SIGNS = {Tone.DONE: "✓", Tone.NOTE: "i", Tone.PROBLEM: "!"}
_SPOKEN = {Tone.DONE: "charts.done", Tone.PROBLEM: "charts.not_done"}
# Put together by `+`: it makes text safe as `format` does, and takes no template apart. A page has
# hundreds of cells.
_ROW, _ROW_END = Markup("<tr>"), Markup("</tr>")
_CELL, _CELL_END = Markup("<td>"), Markup("</td>")


def notice(text: str, tone: Tone = Tone.NOTE) -> Markup:
    """A sentence that screen readers announce when it appears."""
    spoken = _SPOKEN.get(tone)
    return Markup(
        '<div class="notice notice-{}" role="status"><span aria-hidden="true">{}</span>'
        '<p><span class="visually-hidden">{}</span>{}</p></div>'
    ).format(tone.value, _SIGNS[tone], f"{t(spoken)} " if spoken else "", text)


def sentence(text: str) -> str:
    """``text`` with a capital at its start and a full stop at its end."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def table(
    caption: str,
    headers: Sequence[str],
    rows: Iterable[Sequence[Content]],
    *,
    wraps: bool = False,
) -> Markup:
    """A table that scrolls sideways by itself; numbers (``int``) are set to the right. ``wraps``:
    headings of several words do where they must, as in a narrow column of the page."""
    found = [tuple(row) for row in rows]
    kinds = found[0] if found else ("",) * len(headers)
    head = join(map(_header, headers, kinds))
    body = join(_ROW + join(map(_cell, row)) + _ROW_END for row in found)
    return Markup(
        '<div class="table{3}" role="region" aria-label="{0}" tabindex="0"><table>'
        "<caption>{0}</caption><thead><tr>{1}</tr></thead><tbody>{2}</tbody></table></div>"
    ).format(caption, head, body, " wraps" if wraps else "")


def long(text: str | Markup) -> Markup:
    """``text`` for a table's cell that is wide enough to read on a phone, too."""
    return Markup('<div class="long">{}</div>').format(text)


def picture(address: str, alt: str = "", *, lazy: bool = False) -> Markup:
    """The image at ``address``, alone in an element that is named after it.

    Gradio puts a new value into the elements of the one before, place by place; only an element of
    another name is a new one. An image that stayed would show the former picture, beside the new
    words, until the right one has come, or for good where that never comes.
    """
    name = f"picture-{sha256(address.encode()).hexdigest()[:16]}"
    loading = Markup(' loading="lazy"') if lazy else Markup()
    return Markup('<{0} class="alone"><img src="{1}" alt="{2}"{3}></{0}>').format(
        name, address, alt, loading
    )


def clamped(text: str) -> Markup:
    """``text``; of a long one its beginning, and a button for the rest (`static/clamp.js`)."""
    at = _end_of_beginning(text)
    if at == len(text):
        return escape(text)
    return Markup(
        '<span class="clamped">{}<span class="unshown" hidden>{}</span> '
        '<button type="button" class="show-more" aria-expanded="false">{}</button></span>'
    ).format(text[:at], text[at:], t("header.show_more"))


def _end_of_beginning(text: str) -> int:
    """The end of the beginning, as in the script: so many letters or lines, and no word cut that
    ends soon."""
    lines = len("\n".join(text.split("\n")[:_LINES]))
    most = min(lines, _LETTERS)
    if len(text) <= most + _WORD and lines == len(text):
        return len(text)
    space = text.rfind(" ", 0, most + 1)
    return space if space > max(0, most - _WORD) else most


def recorded(text: str) -> Markup:
    """``text`` of a record, which is English whatever the page's language."""
    return Markup('<span lang="en">{}</span>').format(text)


def join(parts: Iterable[Markup]) -> Markup:
    """``parts`` one after another."""
    return Markup("").join(parts)


def moment(when: datetime) -> Markup:
    """A moment in UTC, to the minute; the page shows it in the reader's own zone."""
    shown = f"{when:%Y-%m-%d %H:%M} UTC"
    return Markup('<time datetime="') + when.isoformat() + Markup('">') + shown + Markup("</time>")


def age(since: datetime, now: datetime | None = None) -> str:
    """How long ago ``since`` was, in the two largest units: ``3 h 12 min``."""
    seconds = max((now or utc_now()) - since, timedelta()).total_seconds()
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86400)
    if days:
        return t("date.days", days=days, hours=hours % 24)
    if hours:
        return t("date.hours", hours=hours, minutes=minutes % 60)
    return t("date.minutes", minutes=minutes) if minutes else t("date.just_now")


def _header(name: str, content: Content) -> Markup:
    """The head of a column, set as what is below it."""
    aside = Markup(' class="number"') if isinstance(content, int) else Markup()
    return Markup('<th scope="col"{}>{}</th>').format(aside, name)


def _cell(content: Content) -> Markup:
    if isinstance(content, int):
        return Markup('<td class="number">{}</td>').format(number(content))
    return _CELL + content + _CELL_END
