"""Languages: what people read comes from catalogues, with plural forms and numbers.

A text is known by its key, ``area.name``: the entry ``name`` of ``i18n/<language>/<area>.json``.
An entry is a sentence with ``{placeholders}``, or its plural forms, chosen by the value ``n``::

    {"too_many": {"one": "Wait {n} minute.", "other": "Wait {n} minutes."}}

``t("signin.too_many", n=3)`` renders it in the language of whoever is served (`render`); a ``Text``
holds key and values, so that an error can be rendered later. Pages that are built once for
everybody hold marks instead, which are replaced as a page is sent (`marks`). No entry contains
``& < > " ' `` or a backslash, so that it means the same in HTML, in an attribute and in JSON.
"""

from review_app.i18n.catalogue import Value, for_browser
from review_app.i18n.locale import NAMES, Language, negotiate
from review_app.i18n.marks import replace_marks
from review_app.i18n.render import (
    Text,
    current_language,
    day,
    listed,
    marking,
    number,
    percent,
    significant,
    t,
    use_language,
)

__all__ = [
    "NAMES",
    "Language",
    "Text",
    "Value",
    "current_language",
    "day",
    "for_browser",
    "listed",
    "marking",
    "negotiate",
    "number",
    "percent",
    "replace_marks",
    "significant",
    "t",
    "use_language",
]
