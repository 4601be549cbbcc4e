"""``/media``: the images that people look at, and ``/exports``: labels for admins.

Reviewers ask by the handle of their claim; those who see the queue also by the item's number, below
``/api/v1/admin/images``. What comes with an image tells nothing but the image: no time, no number,
no name.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends
from fastapi import Path as PathParameter
from starlette.responses import FileResponse, Response, StreamingResponse

from review_app.core.errors import NotAllowedError, NotFoundError
from review_app.core.permissions import Permission, Person, require
from review_app.forensics.metadata import Fact, facts
from review_app.forensics.views import View
from review_app.i18n import Text
from review_app.inspection.views import MEDIA_TYPE
from review_app.records.exports.encoding import ExportFormat
from review_app.review.tasks import HANDLE
from review_app.web.identity import current_person
from review_app.web.looks import FirstLooks
from review_app.web.pace import RateLimit
from storage.models import Item
from storage.models.image import Picture

if TYPE_CHECKING:
    from review_app.bootstrap import Application

Handle = Annotated[str, PathParameter(pattern=HANDLE)]
ItemId = Annotated[int, PathParameter(ge=1, le=2**63 - 1)]
Signed = Annotated[Person, Depends(current_person)]
_BY_NUMBER = "#"
_KEPT = "private, max-age=3600, immutable"
_KEPT_TYPE = "application/octet-stream"
_EXPORT_TYPES = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.JSONL: "application/x-ndjson",
    ExportFormat.PARQUET: "application/vnd.apache.parquet",
}


def media_router(app: Application) -> APIRouter:
    """Images by the handle of one's claim; always the copy without metadata."""
    images = _Images(app)

    def handed(handle: Handle, person: Signed) -> _Shown:
        return images.handed(person, handle)

    return _routes_of(images, "/media/{handle}", handed)


def queue_images_router(app: Application) -> APIRouter:
    """The same by number, for those who see the queue."""
    images = _Images(app)

    def numbered(item_id: ItemId, person: Signed) -> _Shown:
        return images.numbered(person, item_id)

    return _routes_of(images, "/api/v1/admin/images/{item_id}", numbered)


def _routes_of(images: _Images, address: str, find: Callable[..., _Shown]) -> APIRouter:
    """What there is of an image, by an ``address`` that ``find`` looks up for whoever may look."""
    router, found, viewed = APIRouter(prefix=address), Depends(find), Depends(_viewed)

    @router.get("")
    def image(shown: _Shown = found) -> FileResponse:
        return images.image(shown)

    @router.get("/small")
    async def small(person: Signed, shown: _Shown = found) -> FileResponse:
        return await _drawn(lambda: images.small(person, shown))

    @router.get("/view/{view}")
    async def view(person: Signed, shown: _Shown = found, view: View = viewed) -> FileResponse:
        return await _drawn(lambda: images.view(person, shown, view))

    @router.get("/metadata")
    def metadata(person: Signed, shown: _Shown = found) -> list[Fact]:
        return images.metadata(person, shown)

    return router


def _viewed(view: View) -> View:
    # A dependency as what it is a view of is, so that both are told in the order of the address.
    return view


def inspected_router(app: Application) -> APIRouter:
    """Views of what somebody has had inspected, drawn for that person alone."""
    router = APIRouter()
    pace = RateLimit(interval=0.5, burst=12)

    @router.get("/inspected/{token}/view/{view}")
    async def inspected(token: str, view: View, person: Signed) -> Response:
        await pace.turn(person.id)
        await run_sync(app.gate.require_open, person)
        path = app.upload_cache.get(person.id, token)
        drawn = await run_sync(app.views.draw, person.id, path, view, "the image")
        return Response((await asyncio.wrap_future(drawn)).blobs[0], media_type=MEDIA_TYPE)

    return router


class Timeless(FileResponse):
    """A file that is told without the time when it was stored: known images are old ones.

    Its entity tag is made from the address, which never shows another image.
    """

    def __init__(self, path: Path, media_type: str, address: str, filename: str = "") -> None:
        tag = hashlib.sha256(address.encode()).hexdigest()[:32]
        super().__init__(
            path,
            media_type=media_type,
            filename=filename or None,
            content_disposition_type="inline",
            headers={"cache-control": _KEPT, "etag": f'"{tag}"'},
        )

    def set_stat_headers(self, stat_result: os.stat_result) -> None:
        """Tell the length, and not when the file was written: that would tell when the image came
        in."""
        self.headers.setdefault("content-length", str(stat_result.st_size))

    def _should_use_range(self, http_if_range: str) -> bool:
        return http_if_range == self.headers["etag"]


class _Shown:
    """An item that somebody may look at now, and where its picture is."""

    def __init__(self, item: Item, picture: Picture, address: str) -> None:
        self.item = item
        self.picture = picture
        self.address = address


class _Images:
    """What is told of images. Everything here waits for the database or the disk."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._looks = FirstLooks()

    def handed(self, person: Person, handle: str) -> _Shown:
        """What the person was handed as ``handle``."""
        # One answer for "not yours", "not any more" and "not there": what exists is no news.
        item_id = self._app.review.image_of(person, handle)
        if item_id is None:
            raise NotAllowedError(Text("refusals.not_handed"))
        return self._shown(item_id, handle)

    def numbered(self, person: Person, item_id: int) -> _Shown:
        """The item of this number, for whoever sees the queue."""
        require(person, Permission.SEE_QUEUE)
        return self._shown(item_id, f"{_BY_NUMBER}{item_id}")

    def _shown(self, item_id: int, address: str) -> _Shown:
        item = self._app.records.item(item_id)
        picture = item.image.picture
        if picture is None:
            raise NotFoundError(Text("refusals.not_stored_here"))
        return _Shown(item, picture, address)

    def image(self, shown: _Shown) -> FileResponse:
        again = self._is_first_look(shown.address)
        path = self._app.media.verified_public(shown.picture, again=again)
        return Timeless(path, shown.picture.public_type, shown.address, f"image{path.suffix}")

    def small(self, person: Person, shown: _Shown) -> tuple[Future[Path], str]:
        address = f"{shown.address}/small"
        again = self._is_first_look(address)
        sha256 = shown.picture.sha256
        return self._app.views.small(person.id, sha256, "the image", again=again), address

    def view(self, person: Person, shown: _Shown, view: View) -> tuple[Future[Path], str]:
        if view is View.SALIENCY and not self._app.review.may_see_opinion(person, shown.item.id):
            raise NotAllowedError(Text("refusals.saliency_later"))
        address = f"{shown.address}/{view}"
        again = self._is_first_look(address)
        sha256 = shown.picture.sha256
        return self._app.views.request(person.id, sha256, view, "the image", again=again), address

    def _is_first_look(self, address: str) -> bool:
        return not address.startswith(_BY_NUMBER) and self._looks.is_first(address)

    def metadata(self, person: Person, shown: _Shown) -> list[Fact]:
        item = shown.item
        name = PurePath(item.name)
        names = [item.name, name.name, name.stem, item.source or "", item.group_key or ""]
        revealing = self._app.review.may_know_claim(person, item.id)
        return facts(item.image.file_metadata or {}, names, revealing=revealing)


async def _drawn(ask: Callable[[], tuple[Future[Path], str]]) -> FileResponse:
    picture, address = await run_sync(ask)
    path = await asyncio.shield(asyncio.wrap_future(picture))  # others may wait for it, too
    return Timeless(path, MEDIA_TYPE, address)


def export_router(app: Application) -> APIRouter:
    """Labels as a stream, each export recorded."""
    router = APIRouter()

    @router.get("/exports/labels.{form}")
    def labels(form: str, person: Signed) -> StreamingResponse:
        require(person, Permission.EXPORT)
        if form not in set(ExportFormat):
            raise NotFoundError(Text("export.no_such_form", {"form": repr(form)}))
        app.exports.record(person.name, form)
        return StreamingResponse(
            app.exports.stream(ExportFormat(form)),
            media_type=_EXPORT_TYPES[ExportFormat(form)],
            headers={"content-disposition": f'attachment; filename="labels.{form}"'},
        )

    @router.get("/exports/kept/{place}/{name}")
    def kept(place: str, name: str, person: Signed) -> FileResponse:
        require(person, Permission.EXPORT)
        path = app.exports.kept.path(place, name)
        app.exports.record(person.name, "kept", file=name, bytes=path.stat().st_size)
        return FileResponse(path, media_type=_KEPT_TYPE, filename=name)

    return router
