"""``/api/v1/images``: add images, read how they stand, wait until one is settled."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Sequence
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Path, Query, Request, UploadFile
from starlette.datastructures import UploadFile as StarletteUpload
from starlette.responses import Response

from review_app.core.errors import InputError, NotAllowedError
from review_app.core.permissions import Permission, Person, TokenScope
from review_app.i18n import Text
from review_app.intake.candidates import Candidate
from review_app.intake.fetching import name_of
from review_app.records.filters import Search
from review_app.records.standing import MAX_LISTED, ImageStanding, Standings
from review_app.web.programs.callers import caller
from review_app.web.programs.idempotency import Key, once
from review_app.web.programs.shapes import MAX_FILES, MAX_SOURCE, AddedImages, Addresses, added
from storage.enums import ItemState, LabelValue

if TYPE_CHECKING:
    from review_app.bootstrap import Application

IMAGES = "/api/v1/images"
LONGEST_WAIT = 60
"""Seconds that one call waits for an image to be settled."""
LOOK_SECONDS = 0.5
RECEIVED_AT_ONCE = 4
"""Calls whose images are received at a time: what is received lies on disk until it is stored."""
FETCHED_AT_ONCE = 4
"""Calls whose images are fetched at a time: each holds a thread while servers elsewhere dawdle."""
_LARGEST_ID = 2**63 - 1

Adding = Annotated[Person, Depends(caller(TokenScope.IMAGES_WRITE, Permission.ADD_IMAGES))]
Reading = Annotated[Person, Depends(caller(TokenScope.IMAGES_READ, Permission.SEE_QUEUE))]
ItemNumber = Annotated[int, Path(ge=1, le=_LARGEST_ID, examples=[4711])]
Waited = Annotated[int, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait at most.")]

_MULTIPART = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": MAX_FILES,
                            "items": {"type": "string", "format": "binary"},
                        },
                        "source": {"type": "string", "maxLength": MAX_SOURCE},
                    },
                }
            }
        },
    }
}


def images_router(app: Application) -> APIRouter:
    """The routes, bound to ``app``."""
    router = APIRouter(prefix=IMAGES, tags=["images"])
    _add_adding(router, app)
    _add_reading(router, app)
    return router


def _add_adding(router: APIRouter, app: Application) -> None:
    room = asyncio.Semaphore(RECEIVED_AT_ONCE)

    def take(person: Person, files: Sequence[Candidate]) -> AddedImages:
        taken = app.intake.take(files, person.name)
        if any(file.is_new for file in taken):
            app.unattended_triage.ask(person.name)
        return added(taken)

    @router.post("", response_model=AddedImages, openapi_extra=_MULTIPART)
    async def add(request: Request, person: Adding, key: Key = None) -> Response:
        """Add images: parts named ``files``, and perhaps ``source``. They are scored soon after."""
        async with (
            room,
            request.form(max_files=MAX_FILES, max_fields=4, max_part_size=4096) as form,
        ):
            uploads = [one for one in form.getlist("files") if isinstance(one, StarletteUpload)]
            source = form.get("source")
            if not uploads or not (source is None or isinstance(source, str)):
                raise InputError(Text("programs.no_files"))
            source = (source or "")[:MAX_SOURCE] or None
            files = [_candidate(upload, i, source) for i, upload in enumerate(uploads, start=1)]
            asked = await run_sync(_asked, files, source)
            return await run_sync(
                once, app.idempotency, person, key, asked, partial(take, person, files)
            )

    fetching = asyncio.Semaphore(FETCHED_AT_ONCE)

    @router.post("/by-address", response_model=AddedImages)
    async def add_by_address(body: Addresses, person: Adding, key: Key = None) -> Response:
        """Add images that this server fetches, where an admin allows that."""
        if not app.settings.fetch_addresses:
            raise NotAllowedError(Text("fetching.off"))
        files = [
            Candidate(name_of(one), partial(app.fetcher.fetch, one), source=body.source)
            for one in body.addresses
        ]
        asked = f"{IMAGES}/by-address {body.model_dump_json()}"
        async with fetching:
            return await run_sync(
                once, app.idempotency, person, key, asked, partial(take, person, files)
            )


def _add_reading(router: APIRouter, app: Application) -> None:
    @router.get("")
    def find(
        person: Reading,
        state: Annotated[ItemState | None, Query()] = None,
        verdict: Annotated[LabelValue | None, Query(description="As it stands.")] = None,
        text: Annotated[str, Query(max_length=200, description="Part of the name.")] = "",
        corrected: Annotated[bool, Query(description="Only what was corrected.")] = False,
        generator: Annotated[
            str | None,
            Query(min_length=1, max_length=80, description="Its file says that this made it."),
        ] = None,
        below: Annotated[int | None, Query(ge=1, le=_LARGEST_ID)] = None,
        n: Annotated[int, Query(ge=1, le=MAX_LISTED)] = 50,
    ) -> Standings:
        """List images, the newest first. ``older`` of a page is ``below`` of the next one."""
        wanted = Search(
            text.strip(),
            state,
            verdict,
            accepted=True,
            corrected=corrected,
            archived=None,
            generator=generator,
        )
        return app.records.standings(person, wanted, n, below)

    @router.get("/{item_id}")
    def get(item_id: ItemNumber, person: Reading) -> ImageStanding:
        """Read how an image stands, and what was decided on it."""
        return app.records.standing(person, item_id)

    @router.get("/{item_id}/wait")
    async def wait(item_id: ItemNumber, person: Reading, seconds: Waited = 30) -> ImageStanding:
        """Read the same once the image is settled, or when the time is over: see ``settled``."""
        until = time.monotonic() + seconds
        while True:
            standing = await run_sync(app.records.standing, person, item_id)
            if standing.settled or time.monotonic() >= until:
                return standing
            await asyncio.sleep(LOOK_SECONDS)


def _candidate(upload: UploadFile | StarletteUpload, number: int, source: str | None) -> Candidate:
    named = PurePosixPath((upload.filename or "").replace("\\", "/")).name
    file = upload.file

    def read() -> bytes:
        file.seek(0)
        return file.read()

    return Candidate(named or f"image-{number}", read, source=source)


def _asked(files: Sequence[Candidate], source: str | None) -> str:
    """The address, and what was sent to it."""
    told = [(file.name, hashlib.sha256(file.read()).hexdigest()) for file in files]
    return f"{IMAGES} {json.dumps([source, told])}"
