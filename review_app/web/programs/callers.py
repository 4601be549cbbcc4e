"""Who calls: a program with a token of the right scope, or somebody who is signed in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends

from review_app.core.permissions import Permission, Person, TokenScope, require, require_scope
from review_app.web.identity import current_person

Signed = Annotated[Person, Depends(current_person)]


def caller(scope: TokenScope, permission: Permission) -> Callable[..., Awaitable[Person]]:
    """A dependency: the person, if their token is for ``scope`` and they may do it.

    Raises ``NotAllowedError``.
    """

    async def called(person: Signed) -> Person:
        return require(require_scope(person, scope), permission)

    return called
