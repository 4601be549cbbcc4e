"""Marks that stand for texts on a page that is built once and sent to people of any language.

Gradio builds a page when the server starts. What is worded meanwhile becomes a mark, made of
characters that neither HTML nor JSON escapes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from review_app.i18n.catalogue import Value, render
from review_app.i18n.locale import ENGLISH, Language

_MARK = re.compile(r"\[\[t:([a-z0-9_.]+)((?: [a-z0-9_]+=-?\d+)*)\]\]")


def mark(key: str, values: Mapping[str, Value]) -> str:
    """What stands for the entry ``key`` until the language is known.

    Raises ``KeyError`` where there is no such entry or a placeholder has no value, and
    ``TypeError`` for a value that is no number: what it would need to be escaped for is only known
    where the mark stands.
    """
    for name, value in values.items():
        if not isinstance(value, int):
            raise TypeError(
                f"{key}: a page built for all may say numbers only, not {name}={value!r}"
            )
    render(ENGLISH, key, values)
    return f"[[t:{' '.join([key, *(f'{name}={value}' for name, value in values.items())])}]]"


def replace_marks(text: str, language: Language) -> str:
    """``text`` with every mark in it worded in ``language``."""
    return _MARK.sub(lambda found: _worded(found, language), text)


def _worded(found: re.Match[str], language: Language) -> str:
    pairs = (pair.partition("=") for pair in found[2].split())
    try:
        return render(language, found[1], {name: int(value) for name, _, value in pairs})
    except KeyError:  # not made by `mark`: somebody's own words look like one
        return found[0]
