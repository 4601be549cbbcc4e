"""Who gets what of Gradio: every route of both mounts, every endpoint, every input.

`OPEN` and `SHUT` name every route there is. One that a release of Gradio brings fails here until it
is entered.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from tests.web.matrix import MOUNTS, Case, at, faults_of
from tests.web.site import picture
from tests.web.walk import blocks_at, mount_at, templates
from tests.web.world import SECRET, STRANGERS, Ask, Seen, Who, World

ROOT = Path(__file__).parents[2]
CALL = {"fn_index": 0, "data": [], "session_hash": "matrix"}


def asset(mount: str) -> Callable[[World], Ask]:
    """A file that the page names."""

    def make(world: World) -> Ask:
        page = world.ask(Who.ADMIN, Ask("GET", f"{mount}/")).text
        found = re.search(r"/(assets/[\w.-]+\.js)", page)
        assert found
        return Ask("GET", f"{mount}/{found[1]}")

    return make


def upload(mount: str) -> Callable[[World], Ask]:
    files = {"files": ("a.png", picture(5), "image/png")}
    return lambda _world: Ask("POST", f"{mount}/gradio_api/upload", {"files": files})


def own_file(method: str) -> Callable[[str], Callable[[World], Ask]]:
    """An upload of whoever owns things at the mount."""

    def at_mount(mount: str) -> Callable[[World], Ask]:
        def make(world: World) -> Ask:
            name = world.upload(owner_at(mount), mount)
            return Ask(method, f"{mount}/gradio_api/file={name}")

        return make

    return at_mount


def owner_at(mount: str) -> Who:
    return Who.ADMIN if mount == "/admin" else Who.REVIEWER


def page(path: str, method: str = "GET") -> Callable[[str], Callable[[World], Ask]]:
    """A request below a mount, the same in every world."""
    return lambda mount: lambda _world: Ask(method, mount + path)


def call(path: str) -> Callable[[str], Callable[[World], Ask]]:
    return lambda mount: at(mount + path, json=CALL)


OPEN: dict[str, Callable[[str], Callable[[World], Ask]]] = {
    "GET /": page("/"),
    "HEAD /": page("/", "HEAD"),
    "GET /assets/{path:path}": asset,
    "GET /static/{path:path}": page("/static/img/logo.svg"),
    "GET /theme.css": page("/theme.css"),
    "GET /gradio_api/app_id": page("/gradio_api/app_id"),
    "POST /gradio_api/run/{api_name}": call("/gradio_api/run/predict"),
    "POST /gradio_api/queue/join": call("/gradio_api/queue/join"),
    "GET /gradio_api/queue/data": page("/gradio_api/queue/data?session_hash=matrix"),
    "POST /gradio_api/upload": upload,
    "GET /gradio_api/upload_progress": page("/gradio_api/upload_progress?upload_id=x"),
    "GET /gradio_api/file={path_or_url:path}": own_file("GET"),
    "HEAD /gradio_api/file={path_or_url:path}": own_file("HEAD"),
}
"""What the pages need. Calls that are odd are told so, which is as far as they get."""
INSPECT = {"GET /inspect": page("/inspect"), "GET /inspect/": page("/inspect/")}
"""The other page of the first mount."""
FORMS: dict[str, Callable[[str], Any]] = {
    "file": lambda path: {"path": path, "meta": {"_type": "gradio.FileData"}},
    "files": lambda path: [{"path": path, "meta": {"_type": "gradio.FileData"}}],
    "nested": lambda path: {"a": {"path": path, "meta": {"_type": "gradio.FileData"}}},
}
"""How a path can be sent."""
SHUT = frozenset(
    {
        "HEAD /openapi.json",
        "GET /openapi.json",
        "GET /config",
        "GET /config/",
        "GET /favicon.ico",
        "POST /gradio_api/api/{api_name}",
        "POST /gradio_api/api/{api_name}/",
        "GET /gradio_api/app_id/",
        "POST /gradio_api/call/v2/{api_name}",
        "POST /gradio_api/call/v2/{api_name}/",
        "GET /gradio_api/call/v2/{api_name}/{event_id}",
        "POST /gradio_api/call/{api_name}",
        "POST /gradio_api/call/{api_name}/",
        "GET /gradio_api/call/{api_name}/{event_id}",
        "POST /gradio_api/cancel",
        "POST /gradio_api/component_server",
        "POST /gradio_api/component_server/",
        "GET /gradio_api/custom_component/{id}/{environment}/{type}/{file_name}",
        "GET /gradio_api/deep_link",
        "GET /gradio_api/dev/reload",
        "GET /gradio_api/file/{path:path}",
        "GET /gradio_api/heartbeat/{session_hash}",
        "GET /gradio_api/info",
        "GET /gradio_api/info/",
        "GET /gradio_api/login_check",
        "GET /gradio_api/login_check/",
        "GET /gradio_api/openapi.json",
        "POST /gradio_api/process_recording",
        "HEAD /gradio_api/proxy={url_path:path}",
        "GET /gradio_api/proxy={url_path:path}",
        "GET /gradio_api/queue/status",
        "POST /gradio_api/reset",
        "POST /gradio_api/reset/",
        "POST /gradio_api/run/{api_name}/",
        "GET /gradio_api/runs",
        "GET /gradio_api/runs/",
        "GET /gradio_api/startup-events",
        "POST /gradio_api/stream/{event_id}",
        "POST /gradio_api/stream/{event_id}/close",
        "GET /gradio_api/stream/{session_hash}/{run}/{component_id}/playlist-file",
        "GET /gradio_api/stream/{session_hash}/{run}/{component_id}/playlist.m3u8",
        "GET /gradio_api/stream/{session_hash}/{run}/{component_id}/{segment_id}.{ext}",
        "GET /gradio_api/theme.css",
        "GET /gradio_api/token",
        "GET /gradio_api/token/",
        "POST /gradio_api/undo-vibe-edit",
        "POST /gradio_api/undo-vibe-edit/",
        "GET /gradio_api/user",
        "GET /gradio_api/user/",
        "POST /gradio_api/vibe-code",
        "GET /gradio_api/vibe-code",
        "GET /gradio_api/vibe-code/",
        "POST /gradio_api/vibe-code/",
        "POST /gradio_api/vibe-edit",
        "POST /gradio_api/vibe-edit/",
        "POST /gradio_api/vibe-starter-queries",
        "POST /gradio_api/vibe-starter-queries/",
        "POST /login",
        "POST /login/",
        "GET /logout",
        "GET /manifest.json",
        "GET /monitoring",
        "GET /monitoring/summary",
        "GET /monitoring/{key}",
        "GET /pwa_icon",
        "GET /pwa_icon/{size}",
        "GET /robots.txt",
        "GET /svelte/{path:path}",
    }
)


def test_only_the_minor_version_of_gradio_is_installed_whose_routes_are_named() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (asked,) = (one for one in project["dependencies"] if one.startswith("gradio"))
    major, minor = map(int, gr.__version__.split(".")[:2])
    assert asked == f"gradio>={major}.{minor},<{major}.{minor + 1}"


def test_every_route_of_the_mounts_is_entered_and_none_that_is_gone(world: World) -> None:
    for mount in MOUNTS:
        assert set(templates(mount_at(world.site.web, mount))) == open_at(mount).keys() | SHUT
        assert not open_at(mount).keys() & SHUT


@pytest.mark.parametrize("mount", MOUNTS)
def test_pages_get_what_they_need_and_nobody_anything_else(world: World, mount: str) -> None:
    cases = [case_of(mount, route) for route in sorted(open_at(mount).keys() | SHUT)]
    faults = [fault for case in cases for fault in faults_of(world, case)]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("mount", MOUNTS)
def test_each_endpoint_refuses_whoever_may_not_use_its_page(world: World, mount: str) -> None:
    let_in = [
        f"{ask} for {who}: {status}"
        for who in set(Who) - MOUNTS[mount]
        for ask in endpoints(blocks_at(world.site.web, mount), mount)
        if (status := world.ask(who, ask).status) != (401 if who in STRANGERS else 403)
    ]
    assert not let_in, "\n".join(let_in)


@pytest.mark.parametrize("mount", MOUNTS)
def test_no_input_reads_a_file_that_is_no_own_upload(world: World, mount: str) -> None:
    faults = [
        f"{who}, function {index}, input {position}, {form}: {fault}"
        for who in sorted(MOUNTS[mount] - {Who.LEAD})  # the gateway knows no roles
        for index, position in inputs(blocks_at(world.site.web, mount))
        for form in FORMS
        for fault in read_by(world, mount, who, (index, position, form))
    ]
    assert not faults, "\n".join(faults)


def inputs(blocks: gr.Blocks) -> Iterator[tuple[int, int]]:
    """Function and place of everything that a page can send."""
    for index, function in blocks.fns.items():
        if function.fn is not None:
            yield from ((index, position) for position in range(len(function.inputs)))


def read_by(world: World, mount: str, who: Who, spot: tuple[int, int, str]) -> Iterator[str]:
    """What an input tells of files that are none of its business."""
    index, position, form = spot
    missing = "/nowhere/at/all.png"
    told = {}
    for name, path in {**foreign_files(world, mount, who), "missing": missing}.items():
        data: list[Any] = [None] * len(blocks_at(world.site.web, mount).fns[index].inputs)
        data[position] = FORMS[form](path)
        answer = world.run(who, mount, index, data)
        if "data:image" in answer or SECRET in answer:
            yield f"{name} was read: {answer[-300:]}"
        told[name] = re.sub(r"[0-9a-f]{32}|\d+(\.\d+)?", "*", answer.replace(path, "*"))
    if len(set(told.values())) > 1:
        yield f"what is there is told from what is not: {told}"


def foreign_files(world: World, mount: str, who: Who) -> dict[str, str]:
    """Files of the server's, and of another person's."""
    folder = world.site.app.settings.data_dir
    owner = Who.OTHER if who is owner_at(mount) else owner_at(mount)
    found = {
        "picture": str(world.private / "private.png"),
        "text": str(world.private / "private.txt"),
        "database": str(folder / "review.db"),
    }
    if owner in MOUNTS[mount]:
        found["upload of another"] = world.upload(owner, mount)
    return found


def open_at(mount: str) -> dict[str, Callable[[str], Callable[[World], Ask]]]:
    return OPEN | (INSPECT if mount == "/review" else {})


def case_of(mount: str, route: str) -> Case:
    """What is asked of a route, and who may."""
    method, path = route.split()
    if route in SHUT:
        filled = mount + re.sub(r"\{(\w+)(:\w+)?\}", "1", path)
        more = {"json": CALL} if method == "POST" else {}
        return Case(route, frozenset(), lambda _: Ask(method, filled, more), lambda _: True)
    may = frozenset({owner_at(mount)}) if "/file=" in path else MOUNTS[mount]
    return Case(route, may, open_at(mount)[route](mount), is_passed_on)


def is_passed_on(seen: Seen) -> bool:
    """Whether the request came through, though it may have been an odd one."""
    is_missing = seen.status == 404 and ("not_found" in seen.text or "Upload" in seen.text)
    return seen.status in (200, 400) or is_missing


def endpoints(blocks: gr.Blocks, mount: str) -> Iterator[Ask]:
    """Calls of every function of the pages, by name and by number."""
    for index, function in blocks.fns.items():
        body = {"fn_index": index, "data": [None] * len(function.inputs), "session_hash": "abc"}
        for path in (f"run/{function.api_name}", f"call/{function.api_name}", "queue/join"):
            yield Ask("POST", f"{mount}/gradio_api/{path}", {"json": body})
