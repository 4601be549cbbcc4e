"""Deferred texts: what stands for a text on a page that is built once and sent to everybody.

Gradio builds a page when the server starts. A text that is rendered meanwhile is deferred: its key
and values stand there, in characters that neither HTML nor JSON escapes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from review_app.i18n.catalogue import Value, render
from review_app.i18n.locale import ENGLISH, Language

_DEFERRED = re.compile(r"\[\[t:([a-z0-9_.]+)((?: [a-z0-9_]+=-?\d{1,15})*)\]\]")


def defer(key: str, values: Mapping[str, Value]) -> str:
    """What stands for the entry ``key`` until the language is known.

    Raises ``KeyError`` where there is no such entry or a placeholder has no value, and
    ``TypeError`` for a value that is no number: what it would need to be escaped for is only known
    where the text will stand.
    """
    for name, value in values.items():
        if not isinstance(value, int):
            raise TypeError(
                f"{key}: a page built for all may say numbers only, not {name}={value!r}"
            )
    render(ENGLISH, key, values)
    return f"[[t:{' '.join([key, *(f'{name}={value}' for name, value in values.items())])}]]"


def render_deferred(page: str, language: Language) -> str:
    """``page`` with every deferred text in it rendered in ``language``."""
    return _DEFERRED.sub(lambda found: _rendered(found, language), page)


def _rendered(found: re.Match[str], language: Language) -> str:
    pairs = (pair.partition("=") for pair in found[2].split())
    try:
        return render(language, found[1], {name: int(value) for name, _, value in pairs})
    except KeyError:  # not made by `defer`: somebody's own words look like one
        return found[0]
