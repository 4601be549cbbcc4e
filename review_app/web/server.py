"""The web application, put together: language → guard → FastAPI, with own routes and two
Gradio mounts."""

from __future__ import annotations

import asyncio
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
from fastapi import FastAPI, Request
from gradio.routes import App
from starlette.responses import RedirectResponse
from starlette.routing import Mount
from starlette.types import ASGIApp

from review_app.core.permissions import Area, Person, may_enter
from review_app.core.uploads import FILES_AT_ONCE
from review_app.i18n import deferring, t
from review_app.web import failures, shell
from review_app.web.account import account_router
from review_app.web.addresses import OnSite, WholePaths, on_site
from review_app.web.admin import build_admin
from review_app.web.admin.images_views import saved_view_router
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
from review_app.web.language import language_router
from review_app.web.lean_gradio import make_lean
from review_app.web.login import login_router, start_router
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
from review_app.web.programs.webhooks import webhooks_router
from review_app.web.proxies import ClientAddress, Proxies
from review_app.web.quick import QuickCalls, quick_calls
from review_app.web.rendered import RenderedPages
from review_app.web.review.api import enter, frequent_router, review_router
from review_app.web.review.open_pages import OpenPages
from review_app.web.review.page import build_review
from review_app.web.sweeping import sweeping
from review_app.web.theme import make_theme
from review_app.web.watch import lifespan

if TYPE_CHECKING:
    from review_app.bootstrap import Application

_MIB = 2**20


def create_app(
    app: Application,
    sessions: SessionCache | None = None,
    release: Callable[[Person], object] | None = None,
) -> FastAPI:
    """The ASGI application over ``app``, which calls nobody outside; `desks.DeskDoor` puts those of
    desks beside it.

    ``sessions``: those that others look up, too. ``release``: gives back what a person holds who
    signs out, where that is more than what they hold here.
    """
    # Each lock that Gradio makes while no event loop runs leaves one open behind it.
    with deferring(), on_site(app.settings), asyncio.Runner() as runner:
        known = sessions or SessionCache(app.people, Cookies(app.settings))
        return runner.run(_assemble(app, known, release or app.review.release))


async def _assemble(
    app: Application, sessions: SessionCache, release: Callable[[Person], object]
) -> FastAPI:
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
    if app.settings.desk:
        web.include_router(start_router())
    else:
        _add_what_is_shared(web, app, sessions, release)
    open_pages = OpenPages()
    frequent = frequent_router(app, open_pages)
    for asked in (frequent, review_router(app, open_pages)):
        web.include_router(asked, responses=schema.ERRORS)
    for pages_call in (
        media_router,
        queue_images_router,
        inspected_router,
        export_router,
        card_router,
        saved_view_router,
    ):
        web.include_router(pages_call(app), responses=schema.ERRORS)
    for programs in (
        images_router,
        labels_router,
        exports_router,
        figures_router,
        webhooks_router,
    ):
        web.include_router(programs(app), responses=schema.PROBLEMS)
    latencies = Latencies()
    web.include_router(metrics_router(app, latencies))
    schema.install(web)
    limits = app.settings
    pace = RateLimit(interval=1.0, burst=4)  # of reviewers; admins send archives
    # Of all sites the same, so that one can be built while others are at work.
    os.environ["GRADIO_TEMP_DIR"] = str(limits.uploads_of_all.resolve())
    _mount(web, app, _review_pages(app), Area.REVIEW, limits.max_file_mb, pace)
    _mount(web, app, _admin_pages(app), Area.ADMIN, limits.max_archive_mb, None)
    if limits.desk:
        web.add_middleware(WholePaths)
    web.add_middleware(QuickCalls, calls=quick_calls(frequent), enter=enter)
    web.add_middleware(Timing, latencies=latencies)
    web.add_middleware(EvenReplies, application=app)
    bearers = Bearers(app.tokens, limits.api_calls_per_minute)
    largest = {IMAGES: round(FILES_AT_ONCE * limits.max_file_mb * _MIB)}
    web.add_middleware(
        Guard, sessions=sessions, bearers=bearers, origins=Origins(limits), largest=largest
    )
    web.add_middleware(RenderedPages)
    web.add_middleware(ClientAddress, proxies=Proxies(limits))
    web.add_middleware(Heads)
    if limits.desk:
        web.add_middleware(OnSite, settings=limits)
    return web


def _add_what_is_shared(
    web: FastAPI,
    app: Application,
    sessions: SessionCache,
    release: Callable[[Person], object],
) -> None:
    """Add what there is once for the deployment: signing in, accounts, languages, files."""
    cookies = Cookies(app.settings)
    web.include_router(login_router(app, sessions, cookies, release))
    web.include_router(account_router(app, sessions, cookies), responses=schema.ERRORS)
    web.include_router(language_router(app.settings.secure_cookies))
    web.include_router(health_router(app))
    web.mount(PREFIX, Assets())
    web.add_api_route("/favicon.ico", _favicon, include_in_schema=False)


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
            head=shell.head(area),
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
    make_lean(blocks)
    # Gradio checks the paths of the files that it is sent only where it has launched the pages
    # itself; mounting does not count as that.
    blocks.has_launched = True
    mounted = web.routes[-1]
    assert isinstance(mounted, Mount)
    _keep_files_in(app.uploads.folder(path.strip("/")), blocks, mounted.app)
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


def _keep_files_in(folder: Path, blocks: gr.Blocks, gradio: ASGIApp) -> None:
    """Have the pages keep their files in ``folder``.

    Gradio serves any file of its folder to whoever may use the mount; so each mount has another.
    While running it only asks whether a path lies below the common root.
    """
    assert isinstance(gradio, App)
    gradio.uploaded_file_dir = str(folder)
    for block in (blocks, *blocks.blocks.values()):
        block.GRADIO_CACHE = str(folder)
