"""Errors as programs get them: RFC 9457 problem details, of types that stay as they are."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from review_app.core.permissions import PROBLEMS_BELOW, is_under

if TYPE_CHECKING:
    from review_app.web.failures import Failure

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:deepfake-review:problem:"
"""Every type is this and the code of the error, which docs/api.md lists."""
_EXAMPLE: dict[str, JsonValue] = {
    "type": f"{TYPE}limited",
    "title": "Too Many Requests",
    "status": 429,
    "detail": "This is more than is done for one person in so short a time.",
    "retry_after": 2,
}


class Problem(BaseModel):
    """Why a call came to nothing (RFC 9457)."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    type: str = Field(description="What kind of problem it is; it stays the same over releases.")
    title: str = Field(description="The HTTP status in words.")
    status: int
    detail: str = Field(description="What is wrong, in words for a person.")
    retry_after: int | None = Field(None, description="Seconds, where it may be tried again.")


class ToldError(BaseModel):
    """Why a call of the review page came to nothing."""

    code: str = Field(description="It stays the same over releases.")
    message: str = Field(description="What is wrong, in words for a person.")


class ErrorAnswer(BaseModel):
    """The shape of errors where programs do not call."""

    error: ToldError


def speaks_problems(path: str) -> bool:
    """Whether errors at ``path`` are problem details: there, programs call."""
    return is_under(path, PROBLEMS_BELOW)


def problem_of(failure: Failure) -> Problem:
    """``failure`` in the words of the standard."""
    return Problem(
        type=TYPE + failure.code,
        title=HTTPStatus(failure.status).phrase,
        status=failure.status,
        detail=failure.message,
        retry_after=failure.retry_after,
    )
