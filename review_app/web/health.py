"""``/healthz``: the process answers. ``/readyz``: so does the database, with the right schema, and
what is sent now would be stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from review_app.bootstrap import Application


def health_router(app: Application) -> APIRouter:
    """The routes for load balancers and scripts; they tell nothing about the queue."""
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    async def alive() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @router.get("/readyz")
    def ready() -> JSONResponse:
        if trouble := app.storage.not_ready():
            return JSONResponse({"status": trouble}, 503)
        return JSONResponse({"status": "ok"})

    return router
