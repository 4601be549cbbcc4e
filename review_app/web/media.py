"""``/media``: the images that people look at, and ``/exports``: labels for admins."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends
from fastapi import Path as PathParameter
from starlette.responses import FileResponse, Response, StreamingResponse

from review_app.errors import NotAllowedError, NotFoundError
from review_app.forensics.metadata import Fact, facts
from review_app.forensics.views import View
from review_app.learning import export
from review_app.permissions import Permission, Person, require
from review_app.views import MEDIA_TYPE
from review_app.web.identity import current_person
from review_app.words import Text
from storage.models import Item
from storage.models.image import Picture

if TYPE_CHECKING:
    from review_app.bootstrap import Application

ItemId = Annotated[int, PathParameter(ge=1, le=2**63 - 1)]
Signed = Annotated[Person, Depends(current_person)]
_KEPT = "private, max-age=3600, immutable"
_EXPORT_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}


def media_router(app: Application) -> APIRouter:
    """Images by item; always the copy without metadata, under a name that says nothing."""
    router = APIRouter()

    @router.get("/media/{item_id}")
    def image(item_id: ItemId, person: Signed) -> FileResponse:
        _, picture = _pictured(app, person, item_id)
        path = app.media.public(picture.sha256, picture.public_type)
        if not path.is_file():
            raise NotFoundError(Text("refusals.image_missing", {"item": str(item_id)}))
        return FileResponse(
            path,
            media_type=picture.public_type,
            filename=f"image-{item_id}{path.suffix}",
            content_disposition_type="inline",
            headers={"cache-control": _KEPT},
        )

    @router.get("/media/{item_id}/small")
    async def small(item_id: ItemId, person: Signed) -> FileResponse:
        return await _drawn(await run_sync(_request_small, app, person, item_id))

    @router.get("/media/{item_id}/view/{view}")
    async def view(item_id: ItemId, view: View, person: Signed) -> FileResponse:
        return await _drawn(await run_sync(_request_view, app, person, item_id, view))

    @router.get("/inspected/{token}/view/{view}")
    async def inspected(token: str, view: View, person: Signed) -> Response:
        require(person, Permission.INSPECT)
        data = app.held.get(person.id, token)
        drawn = await run_sync(app.views.draw, data, view, "the image")
        return Response(await asyncio.wrap_future(drawn), media_type=MEDIA_TYPE)

    @router.get("/media/{item_id}/metadata")
    def metadata(item_id: ItemId, person: Signed) -> list[Fact]:
        item, _ = _pictured(app, person, item_id)
        name = PurePath(item.name)
        names = [item.name, name.name, name.stem, item.source or "", item.group_key or ""]
        return facts(item.image.file_metadata or {}, names)

    return router


async def _drawn(picture: Future[Path]) -> FileResponse:
    path = await asyncio.shield(asyncio.wrap_future(picture))  # others may wait for it, too
    return FileResponse(path, media_type=MEDIA_TYPE, headers={"cache-control": _KEPT})


def _request_small(app: Application, person: Person, item_id: int) -> Future[Path]:
    _, picture = _pictured(app, person, item_id)
    return app.views.small(picture.sha256, f"item {item_id}")


def _request_view(app: Application, person: Person, item_id: int, view: View) -> Future[Path]:
    _, picture = _pictured(app, person, item_id)
    if view is View.SALIENCY and not app.desk.may_see_opinion(person, item_id):
        raise NotAllowedError(Text("refusals.saliency_later"))
    return app.views.request(picture.sha256, view, f"item {item_id}")


def _pictured(app: Application, person: Person, item_id: int) -> tuple[Item, Picture]:
    """The item, if ``person`` may see its image, and where its picture is."""
    # Reviewers get one answer for "not yours" and "not there": which ids exist is no news.
    if not app.desk.may_see_image(person, item_id):
        raise NotAllowedError(Text("refusals.not_handed"))
    with app.database.read() as repos:
        item = repos.items.get(item_id)
        if item is None:
            raise NotFoundError(Text("refusals.no_item", {"item": str(item_id)}))
        picture = item.image.picture
    if picture is None:
        raise NotFoundError(Text("refusals.not_stored_here", {"item": str(item_id)}))
    return item, picture


def export_router(app: Application) -> APIRouter:
    """Labels as a stream, each export recorded."""
    router = APIRouter()

    @router.get("/exports/labels.{form}")
    def labels(form: str, person: Signed) -> StreamingResponse:
        require(person, Permission.EXPORT)
        if form not in _EXPORT_TYPES:
            raise NotFoundError(Text("export.no_such_form", {"form": repr(form)}))
        export.record_export(app.database, person.name, form)
        return StreamingResponse(
            export.FORMATS[form](app.database, None),
            media_type=_EXPORT_TYPES[form],
            headers={"content-disposition": f'attachment; filename="labels.{form}"'},
        )

    return router
