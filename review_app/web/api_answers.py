"""``/api/v1/review``: one's own past answers, and what an answer may say. Beside `web.api`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from review_app.policy.review_options import Veil
from review_app.review.changes import MAX_RECENT
from review_app.review.tasks import AnswerChange, OwnAnswer, Receipt
from review_app.web.api import Reviewer
from storage.enums import LabelValue

if TYPE_CHECKING:
    from review_app.bootstrap import Application


class Choices(BaseModel):
    """What the page offers beside an image, and how an image looks at first."""

    values: list[LabelValue]
    tags: list[str]
    veil: Veil


def answers_router(app: Application) -> APIRouter:
    """The routes, bound to ``app``."""
    router = APIRouter(prefix="/api/v1/review")

    @router.get("/recent")
    def recent(
        person: Reviewer, n: Annotated[int, Query(ge=1, le=MAX_RECENT)] = 20
    ) -> list[OwnAnswer]:
        return app.review.recent(person, n)

    @router.post("/change")
    def change(body: AnswerChange, person: Reviewer) -> Receipt:
        return app.review.change(person, body)

    @router.get("/choices")
    def choices(_person: Reviewer) -> Choices:
        options = app.review_options.current()
        return Choices(values=list(LabelValue), tags=list(options.tags), veil=options.veil)

    return router
