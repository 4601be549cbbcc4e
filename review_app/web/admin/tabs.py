"""Who has which tab of the admin's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from review_app.core.permissions import Permission, Person

NEEDED: Final[Mapping[str, Permission]] = {
    **dict.fromkeys(("policy", "certify", "learning", "rules"), Permission.MANAGE_POLICY),
    "data": Permission.ADD_IMAGES,
    "export": Permission.EXPORT,
}
"""What tabs are for that not everybody needs who sees the queue."""


def has_tab(person: Person, tab: str) -> bool:
    """Whether the person, who sees the queue, has the tab of that name."""
    return tab not in NEEDED or person.may(NEEDED[tab])
