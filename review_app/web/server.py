"""The web application, put together: language → guard → FastAPI, with own routes and two
Gradio mounts."""

from __future__ import annotations

import asyncio
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import gradio as gr
from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse
from starlette.routing import Mount

from review_app.core.permissions import Area, Person, may_enter
from review_app.core.uploads import FILES_AT_ONCE, Uploads
from review_app.i18n import deferring, t
from review_app.web import failures, shell
from review_app.web.account import account_router
from review_app.web.admin import build_admin
from review_app.web.assets import PREFIX, Assets, asset_url
from review_app.web.bearer import Bearers
from review_app.web.cards import card_router
from review_app.web.cookies import Cookies
from review_app.web.even import EvenReplies
from review_app.web.exposition import Latencies, Timing
from review_app.web.gateway import Gateway
from review_app.web.guard import Guard
from review_app.web.heads import Heads
from review_app.web.health import health_router
from review_app.web.identity import SessionCache
from review_app.web.inspect import build_inspect
from review_app.web.language import LanguageMiddleware, language_router
from review_app.web.login import login_router
from review_app.web.media import (
    export_router,
    inspected_router,
    media_router,
    queue_images_router,
)
from review_app.web.mounts import mount_of
from review_app.web.origin import Origins
from review_app.web.pace import RateLimit
from review_app.web.programs import schema
from review_app.web.programs.exports import exports_router
from review_app.web.programs.figures import figures_router
from review_app.web.programs.images import IMAGES, images_router
from review_app.web.programs.labels import labels_router
from review_app.web.programs.metrics import metrics_router
from review_app.web.proxies import ClientAddress, Proxies
from review_app.web.review.api import review_router
from review_app.web.review.page import build_review
from review_app.web.sweeping import sweeping
from review_app.web.theme import make_theme
from review_app.web.watch import lifespan

if TYPE_CHECKING:
    from review_app.bootstrap import Application

_MIB = 2**20


def create_app(app: Application) -> FastAPI:
    """The ASGI application over ``app``; give it to uvicorn. It calls nobody outside."""
    # Each lock that Gradio makes while no event loop runs leaves one open behind it.
    with deferring(), asyncio.Runner() as runner:
        return runner.run(_assemble(app))


async def _assemble(app: Application) -> FastAPI:
    cookies = Cookies(app.settings)
    sessions = SessionCache(app.people, cookies)
    web = FastAPI(
        title=shell.PRODUCT,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        # Nothing here collects it, and at every call it would look whether something does.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        lifespan=sweeping(app.uploads, lifespan(app)),
    )
    failures.install(web)
    web.include_router(login_router(app, sessions, cookies))
    web.include_router(account_router(app, sessions, cookies))
    web.include_router(language_router(app.settings.secure_cookies))
    web.include_router(review_router(app))
    web.include_router(media_router(app))
    web.include_router(queue_images_router(app))
    web.include_router(inspected_router(app))
    web.include_router(export_router(app))
    web.include_router(card_router(app))
    for programs in (images_router, labels_router, exports_router, figures_router):
        web.include_router(programs(app), responses=schema.PROBLEMS)
    latencies = Latencies()
    web.include_router(metrics_router(app, latencies))
    schema.install(web)
    web.include_router(health_router(app))
    web.mount(PREFIX, Assets())
    web.add_api_route("/favicon.ico", _favicon, include_in_schema=False)
    limits = app.settings
    pace = RateLimit(interval=1.0, burst=4)  # of reviewers; admins send archives
    with _temp_dir(app.uploads, "review"):
        _mount(web, app, _review_pages(app), Area.REVIEW, limits.max_file_mb, pace)
    with _temp_dir(app.uploads, "admin"):
        _mount(web, app, _admin_pages(app), Area.ADMIN, limits.max_archive_mb, None)
    web.add_middleware(Timing, latencies=latencies)
    web.add_middleware(EvenReplies, application=app)
    bearers = Bearers(app.tokens, limits.api_calls_per_minute)
    largest = {IMAGES: round(FILES_AT_ONCE * limits.max_file_mb * _MIB)}
    web.add_middleware(
        Guard, sessions=sessions, bearers=bearers, origins=Origins(limits), largest=largest
    )
    web.add_middleware(LanguageMiddleware)
    web.add_middleware(ClientAddress, proxies=Proxies(limits))
    web.add_middleware(Heads)
    return web


async def _favicon() -> RedirectResponse:
    return RedirectResponse(asset_url("icon.svg"))


def _review_pages(app: Application) -> gr.Blocks:
    notice = app.notice.read()
    blocks = shell.open_blocks(t("header.review"))
    with blocks:
        shell.header(shell.SitePage.REVIEW, notice)
        build_review()
    with blocks.route(t("header.inspect"), "inspect"):
        shell.header(shell.SitePage.INSPECT, notice)
        build_inspect(app)
    return blocks


def _admin_pages(app: Application) -> gr.Blocks:
    notice = app.notice.read()
    blocks = shell.open_blocks(t("header.admin"))
    with blocks:
        shell.header(shell.SitePage.ADMIN, notice)
        build_admin(app)
    return blocks


def _mount(
    web: FastAPI,
    app: Application,
    blocks: gr.Blocks,
    area: Area,
    max_file_mb: float,
    pace: RateLimit | None,
) -> None:
    """Mount with every extra of Gradio off, behind a gateway.

    The guard stands in front of that; this lock is the second.
    """
    path, max_file_bytes = mount_of(area), round(max_file_mb * _MIB)

    def user(request: Request) -> str | None:
        person = getattr(request.state, "person", None)
        if isinstance(person, Person) and may_enter(person, area):
            return person.name
        return None

    with _quiet():
        gr.mount_gradio_app(
            web,
            blocks,
            path,
            auth_dependency=user,
            theme=make_theme(),
            head=shell.HEAD + (shell.PLACES if area is Area.ADMIN else ""),
            allowed_paths=[],
            max_file_size=max_file_bytes,
            footer_links=[],
            run_history=False,
            enable_monitoring=False,
            show_error=False,
            pwa=False,
            ssr_mode=False,
            mcp_server=False,
        )
    # Gradio checks the paths of the files that it is sent only where it has launched the pages
    # itself; mounting does not count as that.
    blocks.has_launched = True
    mounted = web.routes[-1]
    assert isinstance(mounted, Mount)
    mounted.app = Gateway(
        mounted.app,
        pages=blocks,
        mount=path,
        uploads=app.uploads,
        max_file_bytes=max_file_bytes,
        pace=pace,
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Gradio warns that it turns off, for several pages, what we have turned off ourselves."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "SSR mode is not supported with multi-page apps")
        yield


@contextmanager
def _temp_dir(uploads: Uploads, page: str) -> Iterator[None]:
    """Have what is built inside keep its files in the folder of the page's uploads.

    Gradio serves any file of its folder to whoever may use the mount; so each mount has another.
    While running it only asks whether a path lies below the common root.
    """
    os.environ["GRADIO_TEMP_DIR"] = str(uploads.folder(page))
    try:
        yield
    finally:
        os.environ["GRADIO_TEMP_DIR"] = str(uploads.root)
