"""The languages that come with the program, by name."""

from __future__ import annotations

from review_app.i18n import Language

GERMAN = Language("de")
SPANISH = Language("es")
