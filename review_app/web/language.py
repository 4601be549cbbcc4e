"""The language a request is answered in, and where people choose theirs.

What they chose is kept in a cookie for a year; until then their browser's ``Accept-Language``
counts.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from pydantic import AfterValidator
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse, Response

from review_app.i18n import Language, language_named, negotiate

COOKIE = "review_language"
_YEAR_SECONDS = 365 * 86400


def language_of(headers: Headers) -> Language:
    """The language that a request with these headers is answered in."""
    cookies = headers.get("cookie", "")
    chosen = cookie_parser(cookies).get(COOKIE) if COOKIE in cookies else None
    return negotiate(headers.get("accept-language", ""), chosen)


def language_router(secure: bool) -> APIRouter:
    """``POST /language``: keeps the choice, goes on to ``next``, a path of this site."""
    router = APIRouter(include_in_schema=False)

    @router.post("/language")
    async def choose(
        language: Annotated[Language, AfterValidator(language_named), Form()],
        target: Annotated[str, Form(alias="next", max_length=2048)] = "/",
    ) -> Response:
        answer = RedirectResponse(target if is_own_path(target) else "/", 303)
        answer.set_cookie(
            COOKIE,
            language,
            max_age=_YEAR_SECONDS,
            secure=secure,
            httponly=True,
            samesite="lax",
        )
        return answer

    return router


def is_own_path(target: str) -> bool:
    """Whether ``target`` is a path of this site, rather than an address that leads elsewhere."""
    return target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
