"""``/api/v1/labels`` and ``/api/v1/corrections``: what somebody says of an image, by a program."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from review_app.core.idempotency import SharedTransaction
from review_app.core.permissions import Permission, Person, TokenScope
from review_app.records.correction import MAX_LETTERS
from review_app.records.record import Evidence
from review_app.review.aside import AsideAnswer, KeptAnswer
from review_app.web.programs.callers import caller
from review_app.web.programs.idempotency import Key, once, once_together
from storage.enums import LabelValue

if TYPE_CHECKING:
    from review_app.bootstrap import Application

LABELS, CORRECTIONS = "/api/v1/labels", "/api/v1/corrections"
_LARGEST_ID = 2**63 - 1

Answering = Annotated[Person, Depends(caller(TokenScope.LABELS_WRITE, Permission.REVIEW))]
Correcting = Annotated[Person, Depends(caller(TokenScope.LABELS_WRITE, Permission.ADJUDICATE))]


class CorrectionInput(BaseModel):
    """A final verdict that is to be put right."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [{"item_id": 4711, "value": "real", "reason": "the original turned up"}]
        },
    )

    item_id: int = Field(ge=1, le=_LARGEST_ID)
    value: LabelValue = Field(description="real, fake or undecidable.")
    reason: Annotated[str, StringConstraints(min_length=1, max_length=MAX_LETTERS)]


class CorrectionMade(BaseModel):
    """A verdict that was put right."""

    item_id: int
    was: LabelValue
    value: LabelValue
    evidence: list[Evidence] = Field(description="What the former label goes on to prove.")


def labels_router(app: Application) -> APIRouter:
    """The routes, bound to ``app``."""
    router = APIRouter(tags=["labels"])

    @router.post(LABELS, response_model=KeptAnswer)
    def label(body: AsideAnswer, person: Answering, key: Key = None) -> Response:
        """Answer on an image. The answer is kept beside those of the queue, and settles nothing."""
        # The same call under the same key has the same id, so that it is stored once, even where
        # the server was killed before it could keep what it had answered.
        token = person.token.id if person.token else 0
        name = f"{person.id} {token} {key} {body.model_dump_json()}"
        made = uuid.uuid4() if key is None else uuid.uuid5(uuid.NAMESPACE_OID, name)
        asked = f"{LABELS} {body.model_dump_json()}"
        return once(
            app.idempotency,
            person,
            key,
            asked,
            lambda: app.review.answer_aside(person, body, f"api-{made}"),
        )

    @router.post(CORRECTIONS, response_model=CorrectionMade)
    def correct(body: CorrectionInput, person: Correcting, key: Key = None) -> Response:
        """Put a verdict right that is final. Evidence stays as it was read."""

        def work(shared: SharedTransaction) -> CorrectionMade:
            records = app.records.within(shared)
            made = records.correct(person, body.item_id, body.value, body.reason)
            return CorrectionMade(
                item_id=made.item_id, was=made.was, value=made.value, evidence=list(made.evidence)
            )

        asked = f"{CORRECTIONS} {body.model_dump_json()}"
        return once_together(app.idempotency, person, key, asked, work)

    return router
