"""No path gets into Gradio but that of an own upload: in no input, however it is nested."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.enums import Role
from tests.web.gradio_calls import Caller, file_of
from tests.web.serving import Serving
from tests.web.site import Site, picture

READ_UPLOAD = 2
"""The function of the review pages that reads an upload."""

_opened: list[str] = []


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        _opened.append(str(arguments[0]))


sys.addaudithook(_note)


@pytest.fixture(scope="module")
def serving(site: Site) -> Iterator[Serving]:
    with Serving(site.web) as serving:
        yield serving


@pytest.fixture(scope="module")
def reviewer(site: Site, serving: Serving) -> Iterator[Caller]:
    with Caller(site, serving, Role.REVIEWER) as caller:
        yield caller


def test_an_image_from_elsewhere_on_the_server_is_not_inspected(
    reviewer: Caller, tmp_path: Path
) -> None:
    path = tmp_path / "foreign.png"
    path.write_bytes(picture(5))
    answer = reviewer.call("/review", READ_UPLOAD, [file_of(str(path))])
    assert "inspected" not in answer.text
    absent = reviewer.call("/review", READ_UPLOAD, [file_of(str(tmp_path / "none.png"))])
    assert "foreign" not in answer.text + absent.text
    assert path.exists()


def test_the_server_does_not_open_its_own_database_file(site: Site, reviewer: Caller) -> None:
    _opened.clear()
    path = site.app.settings.data_dir / "review.db"
    reviewer.call("/review", READ_UPLOAD, [file_of(str(path))])
    assert [name for name in _opened if "review.db" in name] == []


def test_a_device_does_not_stop_the_server(reviewer: Caller) -> None:
    reviewer.call("/review", READ_UPLOAD, [file_of("/dev/zero")])
    assert reviewer.http.get("/healthz", timeout=5).status_code == 200
