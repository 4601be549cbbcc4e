"""The page of :mod:`review_app.lab.protocol`: our figures beside the source document's."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from review_app.lab.evaluation import Evaluation
from review_app.lab.report.grids import searches
from review_app.lab.report.page import fill
from review_app.lab.report.write import write_page

PAGE = "index.html"
FIGURE = "search"
_WHOSE = {"source": "here", "source-searched": "here, searched"}
Side = tuple[str, list[str], Mapping[str, Any]]
"""Whose figures of a head, where in the document they stand, and they themselves."""


def write_protocol(document: Mapping[str, Any], evaluation: Evaluation, out_dir: Path) -> Path:
    """Write ``index.html``, ``metrics.json`` and the search's figure; return the page's path.

    The page links to ``RUN/report.html`` of each of the document's runs. ``evaluation`` is any that
    was given the search. Raises InputError where the folder cannot be written.
    """
    drawings = {FIGURE: drawing} if (drawing := searches(evaluation)) else {}
    page = fill(
        "protocol.html",
        document,
        drawings,
        default=None,
        names=_WHOSE,
        sides=partial(_sides, document),
    )
    return write_page(out_dir, page, document, drawings, (FIGURE,), name=PAGE)


def _sides(document: Mapping[str, Any], head: str) -> list[Side]:
    """The source document's figures of ``head``, then those of every run."""
    paths = {"the document": ["source_document", "heads", head]} | {
        _WHOSE[run]: ["runs", run, "heads", head] for run in document["runs"]
    }
    sides = []
    for whose, path in paths.items():
        figures: Any = document
        for step in path:
            figures = figures[step]
        sides.append((whose, path, figures))
    return sides
