"""``/api/v1/review``: images that look alike, to be answered together. Beside `web.api`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from review_app.review.tasks import Handle, Task
from review_app.web.api import Reviewer

if TYPE_CHECKING:
    from review_app.bootstrap import Application


class Shown(BaseModel):
    """The item in hand whose near-duplicates are wanted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    item_id: Handle


def alike_router(app: Application) -> APIRouter:
    """The route, bound to ``app``."""
    router = APIRouter(prefix="/api/v1/review")

    @router.post("/similar")
    def similar(body: Shown, person: Reviewer) -> list[Task]:
        return app.review.take_alike(person, body.item_id)

    return router
