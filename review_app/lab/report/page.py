"""The report's page. Its template can print a number only by where it stands in ``metrics.json``.

So page and document cannot disagree: ``value("percent", "heads", head, "accuracy")`` prints that
number and says in ``data-from`` (a JSON pointer, RFC 6901) where it is from.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from review_app.lab.report.style import Drawing, words

FORMATS: dict[str, Callable[[Any], str]] = {
    "number": lambda value: f"{value:.3f}",
    "change": lambda value: f"{value:+.3f}",
    "fine_change": lambda value: f"{value:+.4f}",
    "percent": lambda value: f"{100 * value:.1f}%",
    "count": lambda value: f"{value:,}",
    "count_of": lambda value: f"{value:,.0f}",
    "short": lambda value: f"{value:.3g}",
    "chance": lambda value: "< 0.001" if value < 0.001 else f"{value:.3f}",
}
"""How a number of the document is printed."""
UNDEFINED = Markup("–")

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters["words"] = words
_templates.filters["when"] = lambda moment: moment.replace("T", " ").replace("+00:00", " UTC")


def render(
    document: Mapping[str, Any], drawings: Mapping[str, Drawing], thumbnails: Mapping[int, str]
) -> str:
    """The page of ``document`` with figures and thumbnails inside it: HTML, nothing to fetch."""
    return fill(
        "report.html", document, drawings, thumbnails=thumbnails, default=document["default_head"]
    )


def fill(
    template: str, document: Mapping[str, Any], drawings: Mapping[str, Drawing], **more: object
) -> str:
    """The page ``template`` of ``document``, called ``d`` there, with ``drawings`` inside it."""
    numbers = _Numbers(document)
    return _templates.get_template(template).render(
        d=document,
        value=numbers.value,
        span=numbers.span,
        between=numbers.between,
        drawings=drawings,
        address=_address,
        **more,
    )


class _Numbers:
    """Prints numbers of one document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def value(self, form: str, *path: str | int) -> Markup:
        """The number at ``path``, marked with where it is from."""
        found: Any = self._document
        for step in path:
            found = found[step]
        pointer = "".join("/" + str(s).replace("~", "~0").replace("/", "~1") for s in path)
        text = UNDEFINED if found is None else FORMATS[form](found)
        return Markup('<span data-from="{}" data-as="{}">{}</span>').format(pointer, form, text)

    def span(self, form: str, *path: str | int) -> Markup:
        """The interval [low, high] that ends the list at ``path``; a dash where there is none."""
        found: Any = self._document
        for step in path:
            found = found[step]
        if found is None or found[-1] is None:
            return UNDEFINED
        last = len(found)
        return Markup("{} to {}").format(
            self.value(form, *path, last - 2), self.value(form, *path, last - 1)
        )

    def between(self, form: str, *path: str | int) -> Markup:
        """The ends ``low`` to ``high`` of what is at ``path``; a dash where it has no interval."""
        found: Any = self._document
        for step in path:
            found = found[step]
        if found["low"] is None:
            return UNDEFINED
        ends = (self.value(form, *path, end) for end in ("low", "high"))
        return Markup("{} to {}").format(*ends)


def _in_words(ends: Markup) -> Markup:
    """An interval in a sentence; why there is none, where there is none."""
    return Markup("too few images for an interval") if ends == UNDEFINED else ends


_templates.filters["in_words"] = _in_words


def _address(drawing: Drawing) -> str:
    return f"data:image/png;base64,{b64encode(drawing.png).decode()}"
