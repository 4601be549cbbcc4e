"""``/metrics``: figures for Prometheus, for admins and for tokens that are made for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from review_app.core.permissions import Permission, Person, TokenScope
from review_app.web.exposition import MEDIA_TYPE, Latencies, exposition
from review_app.web.programs.callers import caller

if TYPE_CHECKING:
    from review_app.bootstrap import Application

Scraping = Annotated[Person, Depends(caller(TokenScope.METRICS, Permission.SEE_QUEUE))]


def metrics_router(app: Application, latencies: Latencies) -> APIRouter:
    """The route, bound to ``app``."""
    router = APIRouter(include_in_schema=False)

    @router.get("/metrics")
    def metrics(person: Scraping) -> Response:
        told = app.monitoring.metrics(app.breaker.report())
        return Response(exposition(told, latencies), media_type=MEDIA_TYPE)

    return router
