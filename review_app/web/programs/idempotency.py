"""``Idempotency-Key``: the header, and the answers of calls that are done once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Header
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from review_app.core.idempotency import IdempotencyService, Reply, SharedTransaction
from review_app.core.permissions import Person

_REPLAYED = "idempotency-replayed"

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="Made up by the caller, one for each call; sent again, the call is done once.",
        examples=["8f14e45f-ceea-467f-a0e6-1b1f5a3f0c11"],
    ),
]


def once(
    service: IdempotencyService,
    person: Person,
    key: str | None,
    asked: str,
    call: Callable[[], BaseModel],
) -> Response:
    """The answer of ``call``, as `IdempotencyService.once` has it. It waits for the database."""
    return _answer(service.once(person, key, asked, lambda: call().model_dump_json()))


def once_together(
    service: IdempotencyService,
    person: Person,
    key: str | None,
    asked: str,
    call: Callable[[SharedTransaction], BaseModel],
) -> Response:
    """The answer of ``call``, as `IdempotencyService.once_together` has it."""
    return _answer(
        service.once_together(person, key, asked, lambda shared: call(shared).model_dump_json())
    )


def _answer(reply: Reply) -> Response:
    headers = {_REPLAYED: "true"} if reply.replayed else None
    return Response(reply.body, media_type=JSONResponse.media_type, headers=headers)
