"""The worker process and the queue before it: fair, bounded, and none the worse for a crash."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any

import pytest

from review_app.core.errors import BusyError, DetectorError, InputError, RefusalReason, RefusedFile
from review_app.core.messages import packed, unpacked
from review_app.i18n import LANGUAGES, Text
from review_app.inspection.workshop import JobResult, Workshop
from tests.applications import deployment
from tests.intake.samples import encode, picture, png_declaring

PATIENCE = 120


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    workshop = Workshop()
    yield workshop
    workshop.close()


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, Any]]:
    """A view to draw, of an image of so many pixels a side."""
    folder = tmp_path_factory.mktemp("jobs")

    def make(side: int = 64, **values: Any) -> dict[str, Any]:
        path = folder / f"{side}.png"
        if not path.exists():
            path.write_bytes(encode(picture(side, side), "PNG"))
        limits = {"max_bytes": 10**8, "max_pixels": 10**8}
        return {"do": "draw", "view": "noise", "path": str(path), "name": "it", **limits, **values}

    return make


def finished(futures: list[Future[JobResult]]) -> list[int]:
    """The order in which ``futures`` are done, by their numbers."""
    order: list[int] = []
    for number, future in enumerate(futures):
        future.add_done_callback(lambda _done, number=number: order.append(number))  # type: ignore[misc]
    wait(futures, PATIENCE)
    return order


def test_nobody_delays_the_others_however_much_they_ask_for(
    workshop: Workshop, job: Callable[..., dict[str, Any]]
) -> None:
    many = [workshop.submit(1, job(900), 50) for _ in range(12)]
    one = workshop.submit(2, job(900), 50)
    order = finished([*many, one])
    assert order.index(len(many)) <= 3, "the other's place was free"


def test_one_person_has_one_place_and_the_next_waits(
    workshop: Workshop, job: Callable[..., dict[str, Any]]
) -> None:
    first = workshop.submit(1, job(1500), 1)
    second = workshop.submit(1, job(1500), 1)
    assert workshop.ahead(1) == 1
    with pytest.raises(BusyError, match="another image of yours"):
        workshop.submit(1, job(), 1)
    assert finished([first, second]) == [0, 1]
    assert workshop.ahead(1) == 0


def test_pixels_are_counted_in_the_header_before_anything_is_decoded(
    workshop: Workshop, job: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png_declaring(6000, 6000))
    started = time.monotonic()
    with pytest.raises(RefusedFile, match="36,000,000 pixels"):
        workshop.submit(
            1, {**job(), "do": "read", "path": str(path), "max_pixels": 25_000_000}, 1
        ).result(PATIENCE)
    with pytest.raises(InputError, match="36"):
        workshop.submit(1, {**job(), "path": str(path), "max_pixels": 25_000_000}, 1).result(
            PATIENCE
        )
    assert time.monotonic() - started < 60


def test_a_crash_ends_what_was_in_work_and_nothing_else(
    workshop: Workshop, job: Callable[..., dict[str, Any]]
) -> None:
    workshop.submit(1, job(), 1).result(PATIENCE)
    before = workshop.process_id
    assert before is not None
    broken = workshop.submit(1, job(3000), 9)
    waiting = workshop.submit(1, job(), 9)
    os.kill(before, signal.SIGKILL)
    with pytest.raises(DetectorError, match="too long"):
        broken.result(PATIENCE)
    assert waiting.result(PATIENCE).blobs[0]
    assert workshop.process_id not in (before, None)


def test_what_takes_too_long_is_given_up(
    job: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop = Workshop()
    monkeypatch.setattr("review_app.inspection.workshop.LONGEST_S", 0.05)
    try:
        with pytest.raises(DetectorError):
            workshop.submit(1, job(3000), 1).result(PATIENCE)
    finally:
        workshop.close()


def test_the_worker_goes_behind_whoever_serves_people(
    workshop: Workshop, job: Callable[..., dict[str, Any]]
) -> None:
    workshop.submit(1, job(), 1).result(PATIENCE)
    assert workshop.process_id is not None
    here, there = os.getpid(), workshop.process_id
    priority = [os.getpriority(os.PRIO_PROCESS, process) for process in (here, there)]
    assert priority[0] < priority[1]
    if hasattr(os, "sched_getaffinity") and len(cores := os.sched_getaffinity(here)) > 1:
        assert len(os.sched_getaffinity(there)) <= len(cores) - len(cores) // 2


def test_a_deployment_says_how_far_the_worker_stands_back(
    tmp_path: Path, job: Callable[..., dict[str, Any]]
) -> None:
    with deployment(tmp_path, reading_niceness=3) as place:
        place.app.workshop.submit(1, job(), 1).result(PATIENCE)
        worker = place.app.workshop.process_id
        assert worker is not None
        of = [os.getpriority(os.PRIO_PROCESS, process) for process in (os.getpid(), worker)]
        assert of[1] == min(of[0] + 3, 19)


def test_a_closed_workshop_leaves_no_process_and_nobody_waiting(
    job: Callable[..., dict[str, Any]],
) -> None:
    workshop = Workshop()
    futures = [workshop.submit(1, job(3000), 9) for _ in range(3)]
    process = workshop.process_id
    assert process is not None
    workshop.close()
    for future in futures:
        with pytest.raises(DetectorError):
            future.result(1)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_errors_keep_their_kind_and_are_worded_later() -> None:
    inner = Text("inspect.is_text")
    refused = RefusedFile(
        "a.png", RefusalReason.NOT_AN_IMAGE, Text("inspect.content_is", {"kind": inner})
    )
    again = unpacked(packed(refused))
    assert isinstance(again, RefusedFile)
    assert again.reason is RefusalReason.NOT_AN_IMAGE
    for language in LANGUAGES:
        assert again.detail_in(language) == refused.detail_in(language)
    for error in (InputError("plain"), DetectorError(Text("inspect.given_up"))):
        assert type(unpacked(packed(error))) is type(error)
        assert str(unpacked(packed(error))) == str(error)


def test_the_worker_ends_with_the_server_whatever_it_is_at(tmp_path: Path) -> None:
    # A server that is killed closes the pipe, and can say nothing more.
    endless = tmp_path / "endless.png"
    os.mkfifo(endless)
    job = {
        "id": 1,
        "do": "read",
        "name": "x",
        "path": str(endless),
        "max_bytes": 9,
        "max_pixels": 9,
    }
    command = [sys.executable, "-m", "review_app.inspection.worker", "0"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as worker:
        assert worker.stdin is not None
        worker.stdin.write(json.dumps(job).encode() + b"\n")
        worker.stdin.close()
        try:
            assert worker.wait(60) == 0
        finally:
            worker.kill()
