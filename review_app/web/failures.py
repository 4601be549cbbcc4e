"""Every error that leaves the server, in one shape.

Programs get ``{"error": {"code", "message"}}``; somebody who typed the address gets a page.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from review_app.core.errors import (
    BusyError,
    CalibrationError,
    ClaimLostError,
    ConflictError,
    DamagedImageError,
    IdempotencyError,
    InputError,
    LimitError,
    NotAllowedError,
    NotFoundError,
    NotStoredError,
    QuotaError,
    ReviewAppError,
    ScopeError,
    StorageError,
    StorageLostError,
    TooLargeError,
)
from review_app.core.permissions import Person
from review_app.i18n import Text, current_language, t
from review_app.web import pages
from review_app.web.addresses import local_path, outside_path
from review_app.web.problems import MEDIA_TYPE as PROBLEM_TYPE
from review_app.web.problems import problem_of, speaks_problems

INVALID_TOKEN = "invalid_token"  # noqa: S105 - the word, not one
"""The code of a 401 where a token lets nobody in."""
ACCOUNT_CLOSED = "account_closed"
"""The code of a 401 where signing in again is no help: an admin has closed the account."""


@dataclass(frozen=True)
class Failure:
    """The reason why a request came to nothing: an HTTP status, a stable code, and words for a
    person."""

    status: int
    code: str
    message: str
    retry_after: int | None = None
    """Seconds until it may be tried again, where time is all that is wanted."""


# The first that matches counts, so an exception stands before its parents.
_BY_TYPE: tuple[tuple[type[ReviewAppError], int, str], ...] = (
    (ScopeError, 403, "missing_scope"),
    (NotAllowedError, 403, "not_allowed"),
    (LimitError, 429, "limited"),
    (NotFoundError, 404, "not_found"),
    (ClaimLostError, 409, "claim_lost"),
    (QuotaError, 429, "quota"),
    (ConflictError, 409, "conflict"),
    (CalibrationError, 409, "calibration"),
    (TooLargeError, 413, "too_large"),
    (IdempotencyError, 422, "idempotency_key_reused"),
    (InputError, 400, "bad_input"),
    (BusyError, 429, "busy"),
    (DamagedImageError, 500, "image_damaged"),
    (NotStoredError, 507, "not_stored"),
    (StorageLostError, 503, "storage_lost"),
    (StorageError, 503, "storage"),
    (ReviewAppError, 500, "failed"),
)
_HTTP_CODES = {
    400: "bad_input",
    401: "not_signed_in",
    403: "not_allowed",
    404: "not_found",
    405: "wrong_method",
}
_HTTP_TEXTS = {404: Text("refusals.nothing_at"), 405: Text("refusals.wrong_method")}


def install(app: FastAPI) -> None:
    """Make ``app`` answer every error in this shape."""
    app.add_exception_handler(ReviewAppError, _own)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def failure_of(error: ReviewAppError) -> Failure:
    """What ``error`` is called outside."""
    status, code = next((s, c) for kind, s, c in _BY_TYPE if isinstance(error, kind))
    retry_after = error.retry_after if isinstance(error, LimitError) else None
    return Failure(status, code, error.render(current_language()), retry_after)


def answer(request: Request, failure: Failure) -> Response:
    """The answer that tells of ``failure``."""
    person = request.scope.get("state", {}).get("person")
    if speaks_problems(local_path(request.scope)):
        told = problem_of(failure).model_dump(exclude_none=True)
        return JSONResponse(told, failure.status, headers_of(failure), media_type=PROBLEM_TYPE)
    if not _is_navigation(request):
        error = {"code": failure.code, "message": failure.message}
        return JSONResponse({"error": error}, failure.status, headers_of(failure))
    if failure.status == 401:
        query = request.url.query
        target = outside_path(request.scope) + (f"?{query}" if query else "")
        if came_by_link(request):
            return pages.go_on(target)
        problem = failure.message if failure.code == ACCOUNT_CLOSED else ""
        return pages.sign_in(target, 401, problem)
    return pages.message(failure.message, failure.status, signed_in=isinstance(person, Person))


def headers_of(failure: Failure) -> dict[str, str]:
    """What goes before the answer that tells of ``failure``."""
    found = {}
    if failure.retry_after is not None:
        found["retry-after"] = str(failure.retry_after)
    if failure.code == INVALID_TOKEN:
        found["www-authenticate"] = 'Bearer error="invalid_token"'
    return found


def _is_navigation(request: Request) -> bool:
    return request.method == "GET" and "text/html" in request.headers.get("accept", "")


def came_by_link(request: Request) -> bool:
    """Whether the session's cookie may be missing only because another site's link led here."""
    return request.headers.get("sec-fetch-site") == "cross-site"


async def _own(request: Request, error: Exception) -> Response:
    assert isinstance(error, ReviewAppError)
    return answer(request, failure_of(error))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
    return answer(request, Failure(422, "invalid", "; ".join(faults)))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _HTTP_CODES.get(error.status_code, "refused")
    text = _HTTP_TEXTS.get(error.status_code)
    message = str(error.detail) if text is None else text.render(current_language())
    return answer(request, Failure(error.status_code, code, message))


async def _unexpected(request: Request, _error: Exception) -> Response:
    return answer(request, Failure(500, "internal", t("refusals.internal")))
