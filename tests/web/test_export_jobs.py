"""Exports in the background: asked for on the page, made as a job, fetched by whoever may."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from review_app.cli.job_functions import JOB_FUNCTIONS
from review_app.core.errors import InputError, JobCancelled, NotFoundError
from review_app.core.permissions import Person
from review_app.jobs.work import work_off
from review_app.records.exports.job import export_job, export_parameters
from review_app.records.exports.kept import MOST, KeptExports, new_place
from review_app.records.exports.request import ExportKind, ExportRequest
from review_app.web.admin.export_jobs import ExportJobsPanel
from review_app.web.handlers import Call
from storage.enums import AuditKind, ItemState, JobState, LabelValue, Role
from storage.models import AuditEvent
from tests.web.site import Site

EVERYTHING: tuple[Any, ...] = ("csv", "images", "", [], [], "", "", "", "", "", False)


@pytest.fixture
def site(fresh: Site) -> Site:
    """A site of this test's own: jobs are everybody's."""
    return fresh


def call_by(person: Person) -> Call:
    return Call(person, "http://localhost", gr.Progress())


def done(site: Site) -> None:
    assert work_off(site.app.jobs.leases, JOB_FUNCTIONS, site.app, "runner")


def links(history: str) -> list[str]:
    return [part.split('"')[0] for part in history.split('href="')[1:]]


def test_an_export_is_asked_for_made_and_fetched_by_admins_alone(site: Site) -> None:
    site.items(2)
    admin, person = site.signed_in(Role.ADMIN)
    reviewer, _ = site.signed_in()
    panel, call = ExportJobsPanel(site.app), call_by(person)
    assert "No export was made here yet." in panel.load(call)[0]
    said, history, which, look = panel.begin(call, *EVERYTHING)
    assert "waits for its turn" in said
    assert "waits for its turn" in history
    assert (links(history), look["value"]) == ([], 2)
    assert len(which["choices"]) == 1
    done(site)
    history, which, look = panel.load(call)
    assert (which["choices"], look["value"]) == ([], 5)
    addresses = links(history)
    names = [address.rpartition("/")[2] for address in addresses]
    assert names == [
        "images.csv", "images.csv.README.md", "images.csv.croissant.json",
        "images.csv.manifest.json",
    ]  # fmt: skip
    found = admin.get(addresses[0])
    assert "attachment" in found.headers["content-disposition"]
    assert len(list(csv.DictReader(io.StringIO(found.text)))) == 2
    manifest = json.loads(admin.get(addresses[3]).content)
    assert manifest["files"][0]["sha256"] in history
    assert reviewer.get(addresses[0]).status_code == 403
    assert site.anybody().get(addresses[0]).status_code == 401
    with site.app.database.read() as repos:
        events = repos.session.query(AuditEvent).filter_by(kind=AuditKind.EXPORTED).all()
    assert [event.actor for event in events] == [person.name] * 3
    assert events[0].details["rows"] == 2


@pytest.mark.parametrize(
    "address",
    ["../../review.db", "..%2F..%2Freview.db", "%2e%2e/images.csv", ".", "images.csv%00", "x"],
)
def test_nothing_but_what_was_exported_can_be_fetched(site: Site, address: str) -> None:
    admin, person = site.signed_in(Role.ADMIN)
    panel, call = ExportJobsPanel(site.app), call_by(person)
    panel.begin(call, *EVERYTHING)
    done(site)
    place = links(panel.load(call)[0])[0].split("/")[3]
    assert admin.get(f"/exports/kept/{place}/{address}").status_code in (400, 404)
    assert admin.get(f"/exports/kept/{new_place()}/images.csv").status_code == 404
    for hostile in ("..", "", "a/b", "../../data", "\x00" * 22):
        with pytest.raises(NotFoundError):
            site.app.exports.kept.path(hostile, "images.csv")


def test_an_image_folder_comes_as_one_archive(site: Site) -> None:
    _, person = site.signed_in(Role.ADMIN)
    for item_id, value in zip(site.items(2), (LabelValue.REAL, LabelValue.FAKE), strict=True):
        site.factory.label(person, item_id, value)
        site.factory.bring(item_id, ItemState.RESOLVED, verdict=value)
    parameters = export_parameters(ExportRequest(ExportKind.IMAGEFOLDER), person.name)
    told = export_job(site.app, parameters, lambda done, total: None)
    assert (told["rows"], told["file"]) == (2, "imagefolder.zip")
    path = site.app.exports.kept.path(parameters["place"], told["file"])
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    assert {"manifest.json", "README.md", "croissant.json", "metadata.jsonl"} <= set(names)
    assert [path.name for path in path.parent.iterdir()] == ["imagefolder.zip"]


def test_what_is_cancelled_or_killed_leaves_nothing_and_can_be_done_again(site: Site) -> None:
    site.items(1)
    root = site.app.settings.data_dir / "exports"
    parameters = export_parameters(ExportRequest(), "ada")

    def cancelled(done: int, total: int | None) -> None:
        raise JobCancelled("enough")

    with pytest.raises(JobCancelled):
        export_job(site.app, parameters, cancelled)
    assert list(root.iterdir()) == []
    left = root / parameters["place"]
    left.mkdir()  # as by an attempt that was killed when it was done
    (left / "images.csv").write_text("old")
    assert export_job(site.app, parameters, lambda done, total: None)["rows"] == 1
    assert (left / "images.csv").read_text() != "old"
    with pytest.raises(InputError):
        export_job(site.app, {**parameters, "place": "../outside"}, lambda done, total: None)
    with pytest.raises(InputError):
        export_job(site.app, {"request": {"kind": "exe"}}, lambda done, total: None)


def test_only_what_has_changed_since_the_last_one_can_be_asked_for(site: Site) -> None:
    site.items(1)
    _, person = site.signed_in(Role.ADMIN)
    panel, call = ExportJobsPanel(site.app), call_by(person)
    changed = (*EVERYTHING[:-1], True)
    with pytest.raises(InputError, match="before"):
        panel.begin(call, *changed)
    some: tuple[Any, ...] = (
        "csv", "answers", "retrain", ["fake"], ["resolved"], "a, b", "ada ", "face, front; x",
        "2026-11-01", "2026-11-30T08:00+01:00",
    )  # fmt: skip
    panel.begin(call, *some, False)
    panel.begin(call, *EVERYTHING)
    done(site)
    last = site.app.jobs.newest(2)[1]
    said, *_ = panel.begin(call, *some, True)
    assert f"what has changed since export {last.id} of" in said, "one of the same shape"
    assert "(answers.csv)" in said
    row = site.app.jobs.newest(1)[0]
    assert row.state is JobState.QUEUED
    selection = row.parameters["request"]["selection"]
    assert selection.pop("changed_since") < last.asked_at.isoformat()
    assert selection == {
        "labels": ["fake"], "states": ["resolved"], "sources": ["a", "b"], "mark": "retrain",
        "reviewers": ["ada"], "tags": ["face, front", "x"],
        "answered_from": "2026-11-01T00:00:00+00:00",
        "answered_before": "2026-11-30T07:00:00+00:00",
    }  # fmt: skip
    said, *_ = panel.cancel(call, row.id)
    assert "is cancelled" in said


def test_odd_calls_are_refused_in_words(site: Site) -> None:
    _, person = site.signed_in(Role.ADMIN)
    panel, call = ExportJobsPanel(site.app), call_by(person)
    for odd in (
        ("exe", *EVERYTHING[1:]),
        ("csv", "images", "well", *EVERYTHING[3:]),
        ("csv", "images", "", ["maybe"], *EVERYTHING[4:]),
        ("coco", "answers", *EVERYTHING[2:]),
        *((*EVERYTHING[:at], "x" * 2001, *EVERYTHING[at + 1 :]) for at in (5, 6, 7)),
        *((*EVERYTHING[:at], "tomorrow", *EVERYTHING[at + 1 :]) for at in (8, 9)),
    ):
        with pytest.raises(InputError):
            panel.begin(call, *odd)
    with pytest.raises(InputError):
        panel.cancel(call, None)
    assert site.app.jobs.newest(5) == []


def test_the_oldest_go_first(tmp_path: Path) -> None:
    kept = KeptExports(tmp_path)

    def run(request: ExportRequest, out: Path, progress: Any) -> dict[str, Any]:
        out.write_text("rows")
        return {"rows": 1, "as_of": "", "lost": []}

    places = [new_place() for _ in range(MOST + 2)]
    for place in places:
        kept.make(place, ExportRequest(), run, lambda done, total: None)
    there = [place for place in places if kept.files(place)]
    assert len(there) == MOST
    assert places[-1] in there


def test_pressed_twice_it_is_one_export_and_says_so(site: Site) -> None:
    _, person = site.signed_in(Role.ADMIN)
    _, other = site.signed_in(Role.ADMIN)
    panel, call = ExportJobsPanel(site.app), call_by(person)
    panel.begin(call, *EVERYTHING)
    said, *_ = panel.begin(call_by(other), *EVERYTHING)
    (row,) = site.app.jobs.newest(5)
    assert f"Export {row.id} is just this one" in said
    panel.begin(call, "jsonl", *EVERYTHING[1:])
    assert len(site.app.jobs.newest(5)) == 2, "another format is another export"
    panel.cancel(call, row.id)
    said, *_ = panel.begin(call, *EVERYTHING)
    assert "waits for its turn" in said, "what was cancelled is asked for anew"
    done(site)
    said, *_ = panel.begin(call, *EVERYTHING)
    assert "waits for its turn" in said, "what is done may be made again"


def test_no_link_among_what_is_kept_is_followed(site: Site, tmp_path: Path) -> None:
    admin, person = site.signed_in(Role.ADMIN)
    parameters = export_parameters(ExportRequest(), person.name)
    export_job(site.app, parameters, lambda done, total: None)
    kept, place = site.app.exports.kept, parameters["place"]
    folder = kept.path(place, "images.csv").parent
    secret = site.app.settings.data_dir / "seal.key"
    assert secret.is_file()
    (folder / "symbolic.csv").symlink_to(secret)
    (folder / "hard.csv").hardlink_to(secret)
    (folder / "inner").symlink_to(secret.parent, target_is_directory=True)
    (folder / "nowhere.csv").symlink_to(folder / "nowhere.csv")
    planted = new_place()
    (folder.parent / planted).symlink_to(secret.parent, target_is_directory=True)
    for where, name in (
        (place, "symbolic.csv"), (place, "hard.csv"), (place, "inner"), (place, "nowhere.csv"),
        (planted, "seal.key"), (place, "inner/seal.key"),
    ):  # fmt: skip
        assert admin.get(f"/exports/kept/{where}/{name}").status_code == 404, name
        assert name not in kept.files(where)
    assert admin.get(f"/exports/kept/{place}/images.csv").status_code == 200
    with pytest.raises(InputError):
        export_job(site.app, {**parameters, "place": planted}, lambda done, total: None)
    assert secret.is_file(), "what a link leads to is not cleared away"
