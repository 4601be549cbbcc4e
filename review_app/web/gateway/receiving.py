"""An upload: within its person's quota, parsed by Gradio, kept under a name that means nothing."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path

from anyio import CancelScope
from anyio.to_thread import run_sync
from gradio.route_utils import upload_fn
from gradio.routes import file_upload_statuses
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from review_app.core.errors import InputError, NotStoredError, ReviewAppError, TooLargeError
from review_app.core.uploads import FILES_AT_ONCE, Owner, Uploads
from review_app.i18n import Text
from review_app.web.gateway.bodies import chunk, content_length
from review_app.web.pace import RateLimit

MAX_DRAINED = 256 * 1024**2
"""Most bytes of a refused upload that are read before it is told so."""
COUNTS_ONCE = 4 * 1024**2
"""Bytes up to which an upload counts for one, where people may send only so many a second."""
TOLD_SECONDS = 60.0
"""How long somebody may still ask how far an upload has come that has ended; Gradio would remember
those that nobody asks about for ever."""
_MIB = 1024**2


class Receiver:
    """A receiver of the uploads of one mount, of files of up to ``max_file_bytes``, at ``pace``."""

    def __init__(
        self, uploads: Uploads, page: str, max_file_bytes: int, pace: RateLimit | None
    ) -> None:
        self._uploads = uploads
        self._page = page
        self._max_file_bytes = max_file_bytes
        self._pace = pace

    async def take(
        self, scope: Scope, receive: Receive, person_id: int, upload_id: str | None
    ) -> list[str]:
        """What the files that arrive go by. ``upload_id``: what their progress goes by.

        Raises:
            InputError: it is no upload, or too large.
            QuotaError: too much is there already.
            LimitError: too much came in a short time.
            NotStoredError: the disk is full.
        """
        owner = Owner(self._page, person_id)
        size = content_length(Headers(scope=scope))
        if self._pace is not None:  # before anything is read: what waits costs nothing
            await self._pace.turn(person_id, max(1.0, size / COUNTS_ONCE))
        incoming = Incoming(receive, size)
        try:
            return await self._stored(owner, Request(scope, incoming), size, upload_id)
        except ReviewAppError:
            await incoming.drain(MAX_DRAINED)
            raise
        finally:
            if upload_id:
                forget = file_upload_statuses.stop_tracking
                asyncio.get_running_loop().call_later(TOLD_SECONDS, forget, upload_id)

    async def _stored(
        self, owner: Owner, request: Request, size: int, upload_id: str | None
    ) -> list[str]:
        quota = FILES_AT_ONCE * self._max_file_bytes
        arriving = await run_sync(self._uploads.arrive, owner, size, quota)
        try:
            paths = await self._parse(request, arriving, upload_id)
            return await run_sync(self._keep, arriving, paths)
        finally:
            with CancelScope(shield=True):
                await run_sync(self._uploads.settle, arriving)

    async def _parse(self, request: Request, arriving: Path, upload_id: str | None) -> list[str]:
        try:
            paths, astray, _ = await upload_fn(
                request,
                str(arriving),
                self._max_file_bytes,
                upload_id,
                force_move=False,
                upload_progress=file_upload_statuses if upload_id else None,
            )
        except MultiPartException as error:
            if error.message.startswith("File size"):
                most = {"n": self._max_file_bytes // _MIB}
                raise TooLargeError(Text("uploads.too_large", most)) from None
            raise _odd() from None
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise NotStoredError(Text("uploads.disk_full")) from error
            raise _odd() from error
        except (HTTPException, AttributeError, KeyError, TypeError, ValueError):
            raise _odd() from None  # Gradio's parser trips over parts that no browser sends
        if astray or not paths:  # Gradio could not move one, or there are none but other fields
            raise _odd()
        return [str(path) for path in paths]

    def _keep(self, arriving: Path, paths: list[str]) -> list[str]:
        # Twice the same file in one upload is one file.
        names = {path: self._uploads.keep(arriving, Path(path)) for path in dict.fromkeys(paths)}
        return [names[path] for path in paths]


class Incoming:
    """The body of an upload: a ``receive`` that counts, and can read what is left."""

    def __init__(self, receive: Receive, size: int) -> None:
        self._receive = receive
        self._size = size
        self._read = 0
        self._more = True

    async def __call__(self) -> Message:
        """The next message. Raises TooLargeError for more than the body was said to have."""
        message = await self._receive()
        part, self._more = chunk(message)
        self._read += len(part)
        if self._read > self._size:
            raise TooLargeError(Text("uploads.too_large", {"n": self._size // _MIB}))
        return message

    async def drain(self, max_bytes: int) -> None:
        """Read what is still to come, and forget it: browsers tell of an answer only once they
        have sent everything."""
        while self._more and self._read < max_bytes:
            await self()


def _odd() -> InputError:
    return InputError(Text("uploads.none"))
