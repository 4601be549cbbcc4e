"""Languages: what people read comes from catalogues, with plural forms and numbers.

A text is known by its key, ``area.name``: an entry of ``catalogues/<language>.json``, which is all
that a language consists of (`catalogue`). An entry is a sentence with ``{placeholders}``, or its
plural forms, chosen by the value ``n``. Which form, and how numbers, lists and dates are written,
is Unicode CLDR's (`cldr`); scripts in the browser ask its ``Intl``, which knows the same.

``t("signin.too_many", n=3)`` renders it in the language of whoever is served (`render`); a ``Text``
holds key and values, so that an error can be rendered later. Pages that are built once for
everybody hold deferred texts instead, rendered as a page is sent (`deferred`). No entry contains
``& < > " ' `` or a backslash, so that it means the same in HTML, in an attribute and in JSON.
"""

from review_app.i18n.catalogue import Value, for_browser, names
from review_app.i18n.deferred import render_deferred
from review_app.i18n.locale import ENGLISH, LANGUAGES, Language, language_named, negotiate
from review_app.i18n.render import (
    Text,
    current_language,
    day,
    deferring,
    listed,
    number,
    percent,
    significant,
    t,
    use_language,
)

__all__ = [
    "ENGLISH",
    "LANGUAGES",
    "Language",
    "Text",
    "Value",
    "current_language",
    "day",
    "deferring",
    "for_browser",
    "language_named",
    "listed",
    "names",
    "negotiate",
    "number",
    "percent",
    "render_deferred",
    "significant",
    "t",
    "use_language",
]
