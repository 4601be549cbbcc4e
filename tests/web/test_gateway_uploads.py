"""Uploads over the wire: odd ones, too many, ones that break off; and no path of the server's."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from gradio.routes import file_upload_statuses

from review_app.core.uploads import KEPT_SECONDS, Owner
from review_app.web import sweeping
from review_app.web.gateway import receiving
from storage.enums import Role
from tests.web.gradio_calls import MOUNTS, Caller, file_of
from tests.web.serving import Serving
from tests.web.site import Site, picture

MIB = 1024**2
BOUNDARY = "----b0undary"
FORM = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}

pytestmark = pytest.mark.usefixtures("no_traceback")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site where an image may have a mebibyte, so a person four, and all six."""
    folder = tmp_path_factory.mktemp("site")
    site = Site(folder, max_file_mb=1, max_archive_mb=1, max_uploads_mb=6)
    yield site
    site.close()


@pytest.fixture
def caller(site: Site, serving: Serving) -> Iterator[Caller]:
    with Caller(site, serving, Role.ADMIN) as caller:
        yield caller
    for path in files(site):
        path.unlink()


def files(site: Site) -> list[Path]:
    return [path for path in site.app.uploads.root.rglob("*") if path.is_file()]


def part(disposition: str, data: bytes = b"x", more: bytes = b"") -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n".encode()
    return head + more + b"\r\n" + data + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


FILE = 'form-data; name="files"; filename="a.png"'
ODD = {
    "nothing": b"",
    "no part": form(),
    "another field": form(part('form-data; name="other"')),
    "a text for a file": form(part('form-data; name="files"')),
    "a file of another name": form(part('form-data; name="other"; filename="a.png"')),
    "a part without a name": form(part("form-data")),
    "a part that is nothing": form(part("")),
    "a name that is a folder": form(part('form-data; name="files"; filename=".."')),
    "a file without an end": part(FILE, b"x" * 5000),
    "no form at all": b"x" * 5000,
    "a long head": form(part(FILE, more=b"X-Long: " + b"x" * 20_000 + b"\r\n")),
    "too many fields": form(*[part('form-data; name="a"')] * 1001),
    "too many files": form(*[part(FILE)] * 1001),
}


@pytest.mark.parametrize("upload_id", ["", "?upload_id=abc"])
@pytest.mark.parametrize("name", ODD)
def test_odd_uploads_are_refused_in_words_and_leave_nothing(
    site: Site, caller: Caller, name: str, upload_id: str
) -> None:
    for mount in MOUNTS:
        path = f"{mount}/gradio_api/upload{upload_id}"
        answer = caller.http.post(path, content=ODD[name], headers=FORM)
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"]["message"] == answer.json()["detail"] != ""
    assert files(site) == []


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/json", "multipart/form-data", "multipart/mixed"]
)
def test_a_body_that_is_no_upload_is_refused(site: Site, caller: Caller, kind: str) -> None:
    headers = {"content-type": kind} if kind else {}
    for mount in MOUNTS:
        path = f"{mount}/gradio_api/upload"
        answer = caller.http.post(path, content=form(part(FILE)), headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_input")
    assert files(site) == []


@pytest.mark.parametrize(
    "given", ["", "///", "???", ".", "a/../../b.png", "ü" * 300, "C:\\\\a.png"]
)
def test_an_upload_with_an_odd_file_name_is_a_file_all_the_same(caller: Caller, given: str) -> None:
    content = form(part(f'form-data; name="files"; filename="{given}"', picture(1)))
    answer = caller.http.post("/review/gradio_api/upload", content=content, headers=FORM)
    (name,) = answer.json()
    assert "inspected" in caller.read([file_of(name)]).text


def test_an_upload_that_does_not_say_how_long_it_is_is_refused(caller: Caller) -> None:
    answer = caller.http.post(
        "/review/gradio_api/upload", content=iter([form(part(FILE))]), headers=FORM
    )
    assert answer.status_code == 400
    assert "Content-Length" in answer.json()["detail"]


def test_a_file_that_is_too_large_is_refused_while_it_comes(site: Site, caller: Caller) -> None:
    for mount in MOUNTS:
        content = form(part(FILE, b"x" * (MIB + 1)))
        answer = caller.http.post(f"{mount}/gradio_api/upload", content=content, headers=FORM)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
    more = caller.http.post(
        "/review/gradio_api/upload", content=form(part(FILE, b"x" * 5 * MIB)), headers=FORM
    )
    assert more.status_code == 413
    assert "4 MiB" in more.json()["detail"]
    assert files(site) == []


def test_a_person_has_a_quota_on_each_page(site: Site, serving: Serving, caller: Caller) -> None:
    image = b"x" * (MIB - 1000)
    names = [caller.upload("/review", f"{i}.png", image) for i in range(4)]
    refused = caller.http.post("/review/gradio_api/upload", files={"files": ("a.png", image)})
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "quota")
    assert "five minutes" in refused.json()["detail"]
    # What is read makes room again; and one person's quota is not another's.
    caller.read([file_of(names[0])])
    caller.upload("/review", "again.png", image)
    with Caller(site, serving, Role.REVIEWER) as other:
        other.upload("/review", "other.png", image)
        # All together have one, too, which the other page shares.
        caller.upload("/admin", "admin.png", image)
        full = caller.http.post("/admin/gradio_api/upload", files={"files": ("a.png", image)})
        assert full.status_code == 429
        assert "everybody" in full.json()["detail"]


def test_a_page_is_told_in_plain_words(caller: Caller) -> None:
    headers = {**FORM, "sec-fetch-mode": "cors", "sec-fetch-site": "same-origin"}
    content = form(part(FILE, b"x" * (MIB + 1)))
    answer = caller.http.post("/review/gradio_api/upload", content=content, headers=headers)
    assert answer.text == "This is more than may be uploaded at once (1 MiB). Send less."


def test_an_upload_that_breaks_off_leaves_nothing(
    site: Site, serving: Serving, caller: Caller
) -> None:
    cookies = "; ".join(f"{name}={value}" for name, value in caller.http.cookies.items())
    head = (
        f"POST /review/gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookies}\r\n"
        f"Content-Type: {FORM['content-type']}\r\nContent-Length: 900000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", serving.port)) as connection:
        connection.sendall(head.encode() + part(FILE, b"x" * 300_000))
        wait_until(lambda: files(site) != [])
    wait_until(lambda: files(site) == [])
    for i in range(4):  # and the room that it would have taken is free again
        caller.upload("/review", f"{i}.png", b"x" * (MIB - 1000))


def test_how_far_an_upload_came_is_told_to_its_owner_and_forgotten(
    site: Site, serving: Serving, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "TOLD_SECONDS", 2.0)
    url = "/review/gradio_api/upload?upload_id=mine"
    assert caller.http.post(url, content=form(part(FILE)), headers=FORM).status_code == 200
    progress = "/review/gradio_api/upload_progress?upload_id=mine"
    with Caller(site, serving, Role.REVIEWER) as other:
        assert other.http.get(progress).status_code == 404
    assert caller.http.post(url, content=form(part(FILE)), headers=FORM).status_code == 200
    assert '"done"' in caller.http.get(progress).text
    assert caller.http.post(url, content=form(part(FILE)), headers=FORM).status_code == 200
    wait_until(lambda: not any("mine" in each for each in file_upload_statuses._statuses))


def test_leftovers_are_swept_at_the_start_and_while_the_server_runs(
    site: Site, serving: Serving, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving.stop()
    left = site.app.uploads.folder("review") / "7" / f"{'0' * 32}.part" / "tmpabc"
    left.parent.mkdir(parents=True)
    age(left)
    monkeypatch.setattr(sweeping, "EVERY", 0.05)
    serving.start()
    assert not left.exists()
    name = caller.upload("/review", "a.png", picture(1))
    path = site.app.uploads.find(Owner("review", caller.id), name)
    time.sleep(0.2)
    assert path.exists()
    age(path)
    wait_until(lambda: not path.exists())
    gone = caller.read([file_of(name)])
    assert gone.status == 404
    assert "Choose it again" in gone.json["detail"]


def test_no_answer_tells_where_anything_lies_on_the_server(site: Site, caller: Caller) -> None:
    name = caller.upload("/review", "a.png", picture(1))
    answers: list[httpx.Response] = [
        caller.http.get(path)
        for path in (
            "/review/",
            "/review/inspect",
            "/review/theme.css",
            "/review/gradio_api/app_id",
            f"/review/gradio_api/file={name}",
            f"/review/gradio_api/file={site.app.uploads.root}/review/a.png",
            "/admin/",
            "/admin/nothing",
        )
    ]
    content = form(part(FILE, picture(2)))
    for mount in MOUNTS:
        sent = caller.http.post(f"{mount}/gradio_api/upload", content=content, headers=FORM)
        answers.append(sent)
        assert sent.json()[0].endswith("/a.png")
    folder = str(site.app.settings.data_dir)
    told = [answer.text + json.dumps(dict(answer.headers)) for answer in answers]
    told += [caller.read([file_of(n)]).text for n in (name, f"{folder}/review.db", "/etc/passwd")]
    (image,) = answers[-1].json()
    told.append(caller.take_in([[file_of(image)]]).text)
    assert "1 image taken in" in told[-1]
    for text in told:
        assert folder not in text
        assert str(Path(__file__).parents[2]) not in text


def age(path: Path) -> None:
    path.touch()
    long_ago = time.time() - KEPT_SECONDS - 1
    os.utime(path, (long_ago, long_ago))


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)
