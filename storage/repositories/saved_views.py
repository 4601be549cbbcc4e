"""Saved views: filters under a name."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from storage.models import SavedView, User


class SavedViews:
    """A repository of saved views."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def visible_to(self, user_id: int) -> list[tuple[SavedView, str]]:
        """The user's own views, and those that are shared, by name; with the names of owners."""
        query = select(SavedView, User.name).join(User, User.id == SavedView.owner_id)
        seen = or_(SavedView.owner_id == user_id, SavedView.shared.is_(True))
        rows = self._session.execute(query.where(seen).order_by(SavedView.name, SavedView.id))
        return [(view, name) for view, name in rows]

    def get(self, number: int) -> SavedView | None:
        """The view of that number; None where there is none."""
        return self._session.get(SavedView, number)

    def named(self, owner_id: int, name: str) -> SavedView | None:
        """The view that its owner has under that name; None where there is none."""
        query = select(SavedView).where(SavedView.owner_id == owner_id, SavedView.name == name)
        return self._session.scalar(query)

    def add(self, view: SavedView) -> SavedView:
        """Store a view and give it its number."""
        self._session.add(view)
        self._session.flush()
        return view

    def remove(self, view: SavedView) -> None:
        """Forget a view."""
        self._session.delete(view)
        self._session.flush()
