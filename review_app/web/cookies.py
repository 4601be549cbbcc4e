"""The cookies that say who is there: of the session, and of the browser."""

from __future__ import annotations

import re

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import Response

from review_app.core.settings import Settings

SESSION, DEVICE = "review_session", "review_device"
_PREFIX = "__Host-"
"""Browsers take such a cookie over TLS and from this very host only: no other one plants it."""
_DEVICE_SECONDS = 180 * 86_400
_TOKEN = re.compile(r"[\w-]{43}", re.ASCII)


class Cookies:
    """The names and flags of cookies, by whether people come over TLS."""

    def __init__(self, settings: Settings) -> None:
        self._secure = settings.secure_cookies
        self._session_seconds = round(settings.session_hours * 3600)
        self.session_name = self._name(SESSION)
        self.device_name = self._name(DEVICE)

    def session(self, headers: Headers) -> str | None:
        """The session's token, or None."""
        return _value(headers, self.session_name)

    def device(self, headers: Headers) -> str | None:
        """The browser's token, or None."""
        return _value(headers, self.device_name)

    def put(self, response: Response, session: str, device: str) -> None:
        """Have the browser keep both."""
        self._set(response, self.session_name, session, self._session_seconds)
        self._set(response, self.device_name, device, _DEVICE_SECONDS)

    def take(self, response: Response) -> None:
        """Have the browser forget the session; that somebody was here it may know."""
        response.delete_cookie(
            self.session_name, secure=self._secure, httponly=True, samesite="strict"
        )
        # What the browser kept of images is of no use to whoever signs in next.
        response.headers["clear-site-data"] = '"cache"'

    def _set(self, response: Response, name: str, value: str, seconds: int) -> None:
        # For this site's own pages, unseen by scripts.
        response.set_cookie(
            name,
            value,
            max_age=seconds,
            secure=self._secure,
            httponly=True,
            samesite="strict",
        )

    def _name(self, name: str) -> str:
        return _PREFIX + name if self._secure else name


def _value(headers: Headers, name: str) -> str | None:
    value = cookie_parser(headers.get("cookie", "")).get(name, "")
    return value if _TOKEN.fullmatch(value) else None
