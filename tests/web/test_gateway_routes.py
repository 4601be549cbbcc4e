"""Of Gradio's routes, those are open that our pages use, whatever others a release brings."""

from __future__ import annotations

import json

import gradio as gr
import pytest
from starlette.testclient import TestClient

from review_app.web.gateway.routes import RouteKind, kind_of
from storage.enums import Role
from tests.web.gradio_calls import MOUNTS
from tests.web.site import Site
from tests.web.walk import addresses, config_in, gateway_at

OPEN = {
    ("GET", "/"),
    ("HEAD", "/"),
    ("GET", "/assets/1"),
    ("GET", "/static/1"),
    ("GET", "/theme.css"),
    ("GET", "/gradio_api/app_id"),
    ("POST", "/gradio_api/run/predict"),
    ("POST", "/gradio_api/queue/join"),
    ("GET", "/gradio_api/queue/data"),
    ("POST", "/gradio_api/upload"),
    ("GET", "/gradio_api/upload_progress"),
    ("HEAD", "/gradio_api/file=1"),
    ("GET", "/gradio_api/file=1"),
}
PAGES = {"/review": {("GET", "/inspect")}, "/admin": set()}


def gradio_routes(site: Site, mount: str) -> set[tuple[str, str]]:
    found = set(addresses(gateway_at(site.web, mount).app))
    named = {(method, path.replace("/run/1", "/run/predict")) for method, path in found}
    assert len(named) > 60
    return named


@pytest.mark.parametrize("mount", MOUNTS)
def test_of_all_that_gradio_has_only_what_is_listed_is_open(site: Site, mount: str) -> None:
    pages = [name for name, *_ in gateway_at(site.web, mount).pages.pages]
    routes = gradio_routes(site, mount)
    is_open = {(method, path) for method, path in routes if kind_of(path, method, pages)}
    assert is_open == OPEN | PAGES[mount]


@pytest.mark.parametrize("mount", MOUNTS)
def test_what_is_shut_is_shut_for_everybody(site: Site, mount: str) -> None:
    admin, _ = site.signed_in(Role.ADMIN)
    for method, path in sorted(gradio_routes(site, mount) - OPEN - PAGES[mount]):
        answer = admin.request(method, mount + path)
        assert answer.status_code == 404, (method, path)


@pytest.mark.parametrize(
    "path",
    [
        "config",
        "gradio_api/info",
        "gradio_api/proxy=https://x.hf.space/a",
        "gradio_api/file=https://example.org/a.png",
        "gradio_api/file=http://169.254.169.254/",
        "gradio_api/file=/etc/passwd",
        "gradio_api/file/etc/passwd",
        "gradio_api/component_server",
        "gradio_api/call/plain",
        "gradio_api/api/predict",
        "gradio_api/run/plain",
        "gradio_api/heartbeat/1",
        "gradio_api/vibe-edit",
        "gradio_api/process_recording",
        "gradio_api/openapi.json",
        "gradio_api/runs",
        "gradio_api/deep_link",
        "gradio_api/token",
        "gradio_api/dev/reload",
        "gradio_api/queue/join/",
        "gradio_api//queue/join",
        "gradio_api/queue/join%0a",
        "assets/../config",
        "assets/",
        "assets",
        "/",
        "monitoring",
        "login",
        "svelte/svelte.js",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_parts_of_gradio_that_nobody_needs_are_shut(site: Site, method: str, path: str) -> None:
    admin, _ = site.signed_in(Role.ADMIN)
    for mount in MOUNTS:
        answer = admin.request(method, f"{mount}/{path}")
        assert answer.status_code == 404, answer.text
        assert answer.json()["error"]["message"]


def test_a_saved_state_is_not_read(site: Site) -> None:
    admin, _ = site.signed_in(Role.ADMIN)
    components = config_in(admin.get("/review/").text)["components"]
    planted = [{**one, "props": {"value": "from a file"}} for one in components]
    state = site.app.uploads.folder("review") / "deep_links" / "A" / "state.json"
    state.parent.mkdir(parents=True)
    state.write_text(json.dumps(planted))
    page = admin.get("/review/?deep_link=A").text
    assert config_in(page)["components"] == components


def test_a_new_page_is_open_and_nothing_beside_it() -> None:
    assert kind_of("/new", "GET", ["", "new"]) is RouteKind.PAGE
    assert kind_of("/new", "POST", ["", "new"]) is None
    assert kind_of("/new/", "GET", ["", "new"]) is None
    assert kind_of("/", "GET", [""]) is RouteKind.PAGE
    assert kind_of("", "GET", [""]) is RouteKind.PAGE
    assert kind_of("/gradio_api/queue/join", "GET", [""]) is None


def test_gradio_itself_is_asked_only_behind_the_gateway(site: Site) -> None:
    for mount in MOUNTS:
        gateway = gateway_at(site.web, mount)
        assert isinstance(gateway.app, gr.routes.App)
        assert TestClient(gateway, "http://127.0.0.1").get(f"{mount}/").status_code == 401
