"""No path gets into Gradio but that of an own upload: in no input, however it is nested."""

from __future__ import annotations

import io
import itertools
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from review_app.core.uploads import Owner
from storage.enums import Role
from tests.web.gradio_calls import (
    MOUNTS,
    Answer,
    Caller,
    file_of,
    inputs_of,
    reads_files,
    takes_events,
)
from tests.web.serving import Serving
from tests.web.site import Site, picture
from tests.web.walk import blocks_at

_opened: list[str] = []


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        _opened.append(str(arguments[0]))


sys.addaudithook(_note)


@pytest.fixture(scope="module")
def reviewer(site: Site, serving: Serving) -> Iterator[Caller]:
    with Caller(site, serving, Role.REVIEWER) as caller:
        yield caller


@pytest.fixture(scope="module")
def admin(site: Site, serving: Serving) -> Iterator[Caller]:
    with Caller(site, serving, Role.ADMIN) as caller:
        yield caller


@pytest.fixture(scope="module")
def traps(
    site: Site, reviewer: Caller, admin: Caller, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Names of files that the admin must not be able to use, on either mount."""
    outside = tmp_path_factory.mktemp("outside") / "foreign.png"
    outside.write_bytes(picture(5))
    traps = {
        "a foreign file": str(outside),
        "a device": "/dev/zero",
        "the database": str(site.app.settings.data_dir / "review.db"),
        "a folder": str(outside.parent),
        "another's upload": reviewer.upload("/review", "mine.png", picture(6)),
        "nothing": "",
        "this folder": ".",
        "a way up": f"{'0' * 32}/..",
        "an address": "http://169.254.169.254/latest/meta-data",
        "an address of our own": "http://127.0.0.1/healthz",
        "a proxied address": "/gradio_api/proxy=http://127.0.0.1/healthz",
        "a byte that ends names": f"{'0' * 32}/a\0b",
        "a very long name": f"{'0' * 32}/{'a' * 5000}",
    }
    for mount in MOUNTS:
        name = admin.upload(mount, "own.png", picture(7))
        page = mount.removeprefix("/")
        own = site.app.uploads.find(Owner(page, admin.id), name)
        traps[f"the real path of an own upload on {page}"] = str(own)
        link = own.parent.parent / ("ab" * 16) / "link.png"
        link.parent.mkdir()
        link.symlink_to(outside)
        traps[f"a link that leads outside on {page}"] = f"{'ab' * 16}/link.png"
        elsewhere = own.parent.parent / ("cd" * 16)
        elsewhere.symlink_to(outside.parent)
        traps[f"a link to a folder on {page}"] = f"{'cd' * 16}/foreign.png"
    return traps


FEW = ("a foreign file", "the database", "another's upload")
"""The traps that each input is tried with."""

Nesting = Callable[[dict[str, Any]], Any]
NESTINGS: tuple[Nesting, ...] = (
    lambda file: file,
    lambda file: [file],
    lambda file: {"value": file},
    lambda file: {"a": [{"b": [[file]]}]},
    lambda file: [{"image": file, "caption": None}],
)


def is_refused(answer: Answer) -> bool:
    assert answer.text, answer
    error = answer.json.get("error") if answer.status in (400, 404) else None
    return isinstance(error, dict) and bool(error["message"])


def test_an_image_from_elsewhere_on_the_server_is_not_inspected(
    reviewer: Caller, tmp_path: Path
) -> None:
    path = tmp_path / "foreign.png"
    path.write_bytes(picture(5))
    answer = reviewer.read([file_of(str(path))])
    absent = reviewer.read([file_of(str(tmp_path / "none.png"))])
    assert (answer.status, answer.text) == (absent.status, absent.text)
    assert is_refused(answer)
    assert path.exists()


def test_the_server_does_not_open_its_own_database_file(site: Site, reviewer: Caller) -> None:
    _opened.clear()
    path = site.app.settings.data_dir / "review.db"
    assert is_refused(reviewer.read([file_of(str(path))]))
    assert [name for name in _opened if "review.db" in name] == []


def test_a_device_does_not_stop_the_server(reviewer: Caller) -> None:
    assert is_refused(reviewer.read([file_of("/dev/zero")]))
    assert reviewer.http.get("/healthz").status_code == 200


def test_behind_our_check_gradio_has_its_own(site: Site) -> None:
    assert all(blocks_at(site.web, mount).has_launched for mount in MOUNTS)


def test_no_input_of_any_page_takes_a_file_that_is_no_own_upload(
    site: Site, admin: Caller, traps: dict[str, str]
) -> None:
    _opened.clear()
    walked, taken, slowest, met = 0, [], 0.0, set()
    for mount, index, n, function in inputs_of(site):
        takes_objects = isinstance(function.inputs[n], (gr.File, gr.JSON))
        # Every trap in every way for the first of a kind on a page, and for what takes files.
        kind = (mount, type(function.inputs[n]))
        tried = traps if takes_objects or kind not in met else {name: traps[name] for name in FEW}
        met.add(kind)
        for name, path in tried.items():
            for nest in NESTINGS if takes_objects and name in FEW else NESTINGS[:1]:
                data: list[Any] = [None] * len(function.inputs)
                data[n] = nest(file_of(path))
                began = time.process_time()
                answer = admin.call(mount, index, data)
                slowest = max(slowest, time.process_time() - began)
                walked += 1
                if not is_refused(answer):
                    taken.append((mount, index, n, name, answer))
    assert walked > 900
    assert len(met) > 8
    assert taken == []
    assert slowest < 5  # of the processor; hashing a device takes for ever
    secret = ("review.db", "foreign.png", "/dev/zero")
    assert [path for path in _opened if path.endswith(secret)] == []


def test_no_event_takes_a_file_along(site: Site, admin: Caller, traps: dict[str, str]) -> None:
    for mount in MOUNTS:
        indices = takes_events(site, mount)
        assert indices
        for index, nest in itertools.product(indices, NESTINGS):
            event = nest(file_of(traps["a foreign file"]))
            assert is_refused(admin.call(mount, index, [], event_data=event))


@pytest.mark.parametrize(
    "more",
    [
        {"url": "http://169.254.169.254/latest"},
        {"url": "https://evil.example/gradio_api/file=other"},
        {"is_stream": True},
        {"meta": {"_type": "gradio.Other"}},
        {"meta": None},
        {"path": None},
        {"path": ["a"]},
    ],
)
def test_an_own_upload_leads_nowhere_else(admin: Caller, more: dict[str, Any]) -> None:
    file = {**file_of(admin.upload("/review", "own.png", picture(8))), **more}
    assert is_refused(admin.read([file]))


def test_the_pages_have_no_input_that_the_check_does_not_know(site: Site) -> None:
    choices = (gr.Checkbox, gr.CheckboxGroup, gr.Dropdown, gr.Radio)
    known = (*choices, gr.File, gr.JSON, gr.Number, gr.Slider, gr.Textbox)
    for mount, index, n, function in inputs_of(site):
        if function.fn is not None:
            assert isinstance(function.inputs[n], known), (mount, index, n)


def test_own_uploads_are_read_on_either_page(site: Site, reviewer: Caller, admin: Caller) -> None:
    image = file_of(reviewer.upload("/review", "mine.png", picture(9)))
    answer = reviewer.read([image])
    assert "inspected" in answer.text
    assert "mine.png" in answer.text
    assert is_refused(reviewer.read([image])), "it was read and deleted"

    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as images:
        images.writestr("inner.png", picture(10))
    names = [
        admin.upload("/admin", "more.zip", archive.getvalue()),
        admin.upload("/admin", "one & a <b> ü.png", picture(11)),
    ]
    answer = admin.take_in([[file_of(name) for name in names]])
    assert "2 images taken in" in answer.text
    assert str(site.app.settings.data_dir) not in answer.text


def test_what_is_uploaded_twice_belongs_to_each_who_sent_it(
    site: Site, reviewer: Caller, admin: Caller
) -> None:
    mine, other = (who.upload("/review", "same.png", picture(12)) for who in (reviewer, admin))
    assert "inspected" in reviewer.read([file_of(mine)]).text
    assert is_refused(reviewer.read([file_of(other)]))
    assert "inspected" in admin.read([file_of(other)]).text


def test_an_upload_that_many_calls_name_at_once_is_read_by_one(
    reviewer: Caller, capfd: pytest.CaptureFixture[str]
) -> None:
    file = file_of(reviewer.upload("/review", "once.png", picture(14)))
    index = reads_files(reviewer.site, "/review")

    def read(n: int) -> str:
        return reviewer.call("/review", index, [file], session_hash=f"s{n}").text

    with ThreadPoolExecutor(5) as threads:
        told = list(threads.map(read, range(5)))
    assert sum("inspected" in text for text in told) == 1
    assert "Traceback" not in "".join(capfd.readouterr())


def test_an_upload_can_be_fetched_by_its_owner_alone(reviewer: Caller, admin: Caller) -> None:
    data = picture(13)
    name = reviewer.upload("/review", "a b.png", data)
    path = f"/review/gradio_api/file={name}"
    answer = reviewer.http.get(path)
    assert (answer.status_code, answer.content) == (200, data)
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert admin.http.get(path).status_code == 404
    assert reviewer.http.get(path.replace("/review", "/admin")).status_code == 403


def test_no_file_route_serves_what_is_no_own_upload(admin: Caller, traps: dict[str, str]) -> None:
    for mount in MOUNTS:
        for name, path in traps.items():
            answer = admin.http.get(f"{mount}/gradio_api/file={path}".replace("\0", "%00"))
            assert answer.status_code == 404, (name, answer.text)
