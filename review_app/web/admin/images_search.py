"""A cursor tells where somebody is in the list of images: what they look for, and the way back to
the newest.

The page holds it, so it is as little to be trusted as any input. (State that Gradio held here would
keep a connection open for each page that is open.)
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from review_app.core.errors import InputError
from review_app.i18n import Text
from review_app.records.filters import Search
from review_app.records.search import Fitting


@dataclass(frozen=True)
class PageCursor:
    """One page of one search."""

    search: Search = field(default_factory=Search)
    begins: tuple[int | None, ...] = (None,)
    """The place where each page up to the one that is shown begins."""
    fit: Fitting | None = None
    """How many images fit, as it was counted for the first page."""
    older: int | None = None
    """The place where the next one begins; None at the end."""

    @property
    def below(self) -> int | None:
        """The place where the page that is shown begins."""
        return self.begins[-1] if self.begins else None

    @property
    def is_first(self) -> bool:
        """Whether no page comes before this one."""
        return len(self.begins) <= 1

    def further(self) -> PageCursor:
        """The page after this one; this one at the end."""
        return self if self.older is None else replace(self, begins=(*self.begins, self.older))

    def back(self) -> PageCursor:
        """The page before this one; the first at the beginning."""
        return replace(self, begins=self.begins[:-1] or (None,))

    def to_json(self) -> dict[str, Any]:
        """The cursor as the page holds it."""
        document: dict[str, Any] = _TRAIL.dump_python(self, mode="json")
        return document

    @classmethod
    def from_json(cls, document: object) -> PageCursor:
        """Read a cursor as the page gave it back; the newest images where it gave nothing.

        Raises:
            InputError: it is no cursor.
        """
        try:
            return cls() if document is None else _TRAIL.validate_python(document)
        except ValidationError as error:
            raise InputError(Text("images.unknown_filter")) from error


_TRAIL = TypeAdapter(PageCursor)
