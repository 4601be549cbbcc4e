"""``/media``: the images that people look at, and ``/exports``: labels for admins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Path
from starlette.responses import FileResponse, StreamingResponse

from review_app.errors import NotAllowedError, NotFoundError
from review_app.learning import export
from review_app.permissions import Permission, Person, require
from review_app.web.identity import current_person

if TYPE_CHECKING:
    from review_app.bootstrap import Application

ItemId = Annotated[int, Path(ge=1, le=2**63 - 1)]
Signed = Annotated[Person, Depends(current_person)]
_EXPORT_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}


def media_router(app: Application) -> APIRouter:
    """Images by item; always the copy without metadata, under a name that says nothing."""
    router = APIRouter()

    @router.get("/media/{item_id}")
    def image(item_id: ItemId, person: Signed) -> FileResponse:
        # Reviewers get one answer for "not yours" and "not there": which ids exist is no news.
        if not app.desk.may_see_image(person, item_id):
            raise NotAllowedError("this image was not handed to you")
        with app.database.read() as repos:
            item = repos.items.get(item_id)
            if item is None:
                raise NotFoundError(f"there is no item {item_id}")
            picture = item.image.picture
        if picture is None:
            raise NotFoundError(
                f"the picture of item {item_id} is not stored here; open it where it is kept"
            )
        path = app.media.public(picture.sha256, picture.public_type)
        if not path.is_file():
            raise NotFoundError(
                f"the image of item {item_id} is missing on disk; restore the data directory"
            )
        return FileResponse(
            path,
            media_type=picture.public_type,
            filename=f"image-{item_id}{path.suffix}",
            content_disposition_type="inline",
            headers={"cache-control": "private, max-age=3600, immutable"},
        )

    return router


def export_router(app: Application) -> APIRouter:
    """Labels as a stream, each export recorded."""
    router = APIRouter()

    @router.get("/exports/labels.{form}")
    def labels(form: str, person: Signed) -> StreamingResponse:
        require(person, Permission.EXPORT)
        if form not in _EXPORT_TYPES:
            raise NotFoundError(f"there is no export as {form!r}; take csv or jsonl")
        export.record_export(app.database, person.name, form)
        return StreamingResponse(
            export.FORMATS[form](app.database, None),
            media_type=_EXPORT_TYPES[form],
            headers={"content-disposition": f'attachment; filename="labels.{form}"'},
        )

    return router
