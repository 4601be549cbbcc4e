"""``/healthz``: the process answers. ``/readyz``: so does the database, with the right schema, and
what is sent now would be stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse

import migrations
from review_app.durability.watch import StorageWatch

if TYPE_CHECKING:
    from review_app.bootstrap import Application


def health_router(app: Application, storage: StorageWatch) -> APIRouter:
    """For load balancers and scripts; they tell nothing about the queue."""
    router = APIRouter(include_in_schema=False)
    head = migrations.head_revision()

    @router.get("/healthz")
    async def alive() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @router.get("/readyz")
    def ready() -> JSONResponse:
        if trouble := storage.trouble:
            return JSONResponse({"status": trouble}, 503)
        try:
            revision = migrations.current_revision(app.database.engine)
        except SQLAlchemyError:
            return JSONResponse({"status": "database does not answer"}, 503)
        if revision != head:
            return JSONResponse({"status": "database schema has changed; restart"}, 503)
        return JSONResponse({"status": "ok"})

    return router
