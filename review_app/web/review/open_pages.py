"""The open pages of a person, and which of them took items last."""

from __future__ import annotations

from review_app.core.permissions import Person


class OpenPages:
    """The page that each person took items with last.

    A page that is reloaded says "release" on its way out, and that word can arrive after the new
    page has taken the same items again; so only the last page to take may release.
    """

    def __init__(self) -> None:
        self._last: dict[int, str] = {}

    def took(self, person: Person, page: str | None) -> None:
        """Remember that ``page`` took items; None: it has no name, and changes nothing."""
        if page is not None:
            self._last[person.id] = page

    def may_release(self, person: Person, page: str | None) -> bool:
        """Whether ``page`` may give back what its person holds: it took last, or has no name."""
        return page is None or self._last.get(person.id) == page
