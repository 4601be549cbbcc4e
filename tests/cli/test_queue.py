"""ingest, triage, certify, stats and export: documents for scripts, exit codes, words."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path

import pytest

from review_app.cli import certify
from review_app.core.hashing import sha256_of_file
from storage.enums import AuditKind, LabelValue
from tests.applications import deployment, write_pictures
from tests.cli.conftest import Run
from tests.intake.samples import encode, picture, png_declaring

SHARED = Path(__file__).parents[2] / "../shared/data"
ITEMS = ["total", "pending", "auto_accepted", "in_review", "resolved", "escalated", "failed"]


def test_ingest_counts_what_came_in_and_a_second_run_changes_nothing(
    run: Run, tmp_path: Path
) -> None:
    write_pictures(tmp_path / "in", 3)
    first = run("ingest", tmp_path / "in", "--json")
    assert first.code == 0
    assert first.document == {"added": 3, "duplicates": 0, "refused": [], "known_labels": 0}
    assert run("ingest", tmp_path / "in", "--json").document == {
        "added": 0,
        "duplicates": 3,
        "refused": [],
        "known_labels": 0,
    }
    assert run("ingest", tmp_path / "in").out == "0 added, 3 known already\n"


def test_a_folder_with_bad_files_takes_the_good_ones_in_and_names_each_bad_one(
    run: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    write_pictures(folder, 2)
    jpeg = encode(picture(200, 200), "JPEG")
    (folder / "mislabelled.png").write_bytes(encode(picture(seed=9), "JPEG"))
    bad = {
        "bomb.png": (png_declaring(50_000, 50_000), {"bomb"}),
        "cut.jpg": (jpeg[: len(jpeg) // 3], {"unreadable"}),
        "drawing.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", {"unsupported"}),
        "empty.jpg": (b"", {"empty"}),
        "page.jpg": (b"<!DOCTYPE html><html></html>", {"not_an_image"}),
    }
    for name, (data, _) in bad.items():
        (folder / name).write_bytes(data)
    gone = tmp_path / "gone.jpg"
    gone.symlink_to(tmp_path / "nowhere.jpg")
    outcome = run("ingest", folder, gone, "--json")
    assert outcome.code == 3
    document = outcome.document
    assert list(document) == ["added", "duplicates", "refused", "known_labels"]
    assert (document["added"], document["duplicates"]) == (3, 0)
    assert all(list(entry) == ["path", "reason"] for entry in document["refused"])
    reasons = {Path(entry["path"]).name: entry["reason"] for entry in document["refused"]}
    assert reasons.pop("gone.jpg") in ("missing", "unreadable")
    assert reasons.keys() == bad.keys()
    for name, (_, expected) in bad.items():
        assert reasons[name] in expected, name
        assert f"refused: {folder / name}: {reasons[name]} (" in outcome.err


def test_what_is_odd_about_a_file_that_is_taken_is_said(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for n in range(22):
        (folder / f"{n:02}.jpg").write_bytes(encode(picture(seed=n), "JPEG")[:-2])
    outcome = run("ingest", folder)
    assert (outcome.code, outcome.out) == (0, "22 added, 0 known already\n")
    told = [line for line in outcome.err.splitlines() if line.startswith("note: ")]
    assert len(told) == 21
    assert "00.jpg: the file has no end marker, but every pixel is there" in told[0]
    assert told[-1] == "note: and 2 more files with something odd"
    frames = [picture(seed=n) for n in range(30, 36)]
    film = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    (tmp_path / "film.gif").write_bytes(film)
    assert "film.gif: 6 frames; this is the first" in run("ingest", tmp_path / "film.gif").err
    run("user", "add", "ada", "--role", "admin")
    assert "6 frames; this is the first" in run("show", 23).out


def test_a_file_that_may_not_be_read_is_refused_alone(run: Run, tmp_path: Path) -> None:
    good, bad = write_pictures(tmp_path / "in", 2)
    bad.chmod(0)
    try:
        bad.read_bytes()
    except PermissionError:
        pass
    else:
        pytest.skip("this user may read every file (root)")
    outcome = run("ingest", tmp_path / "in", "--json")
    assert outcome.code == 3
    assert outcome.document["refused"] == [{"path": str(bad), "reason": "unreadable"}]
    assert good.exists()


def test_ingest_reads_archives_and_manifests(run: Run, tmp_path: Path) -> None:
    paths = write_pictures(tmp_path / "in", 4)
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        for path in paths[:2]:
            archive.write(path, path.name)
    manifest = tmp_path / "in" / "manifest.csv"
    manifest.write_text("path,label\n0001.png,real\n0002.png,fake\n0003.png,\n")
    assert run("ingest", tmp_path / "some.zip", manifest, "--json").document == {
        "added": 4,
        "duplicates": 1,
        "refused": [],
        "known_labels": 2,
    }
    manifest.write_text("path,label\n0001.png,fake\n")
    conflict = run("ingest", manifest, "--json")
    assert conflict.code == 3
    assert [entry["reason"] for entry in conflict.document["refused"]] == ["label_conflict"]


def test_a_manifest_that_cannot_be_used_is_one_line(run: Run, tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("path,label\na.png,perhaps\n")
    fault = run("ingest", manifest, "--json").fault
    assert "row 2" in fault
    assert str(manifest) in fault


def test_triage_and_stats_tell_of_every_item_once(run: Run, tmp_path: Path) -> None:
    write_pictures(tmp_path / "in", 5)
    run("ingest", tmp_path / "in")
    first = run("triage", "--json")
    assert first.code == 0
    document = first.document
    assert list(document) == [
        "scored", "auto_accepted", "to_review", "failed", "images_per_second", "policy_version",
    ]  # fmt: skip
    assert document.pop("images_per_second") > 0
    assert list(document.values()) == [5, 0, 5, 0, 1]
    again = run("triage", "--json").document
    assert list(again.values()) == [0, 0, 0, 0, 0.0, 1]

    stats = run("stats", "--json").document
    assert list(stats) == ["items", "labels", "reviewers"]
    assert list(stats["items"]) == ITEMS
    assert list(stats["items"].values()) == [5, 0, 0, 5, 0, 0, 0]
    assert sum(list(stats["items"].values())[1:]) == stats["items"]["total"]
    assert "5" in run("stats").out


def test_triage_with_failures_ends_with_3_and_retry_tries_again(
    run: Run, tmp_path: Path, data_dir: Path
) -> None:
    write_pictures(tmp_path / "in", 2)
    run("ingest", tmp_path / "in")
    stored = next(path for path in (data_dir / "media" / "original").rglob("*") if path.is_file())
    aside = stored.rename(tmp_path / "aside")
    failed = run("triage", "--json")
    assert (failed.code, failed.document["failed"]) == (3, 1)
    aside.rename(stored)
    assert run("triage", "--json").document["scored"] == 0
    assert run("triage", "--retry", "--json").document["scored"] == 1


def test_certify_and_triage_again_open_auto_accept(run: Run, tmp_path: Path) -> None:
    assert "user add NAME --role admin" in run("certify").fault
    run("user", "add", "ada", "--role", "admin")
    with deployment(tmp_path) as place:
        place.calibrated()
        for _ in range(3):
            place.scored(1.0)
    run("triage")
    too_few = run("certify", "--json").fault
    assert "30 known labels" in too_few
    assert "it takes 72 labels at least" in too_few
    assert "This was no try" in too_few
    terms = ("--risk-limit", "0.4", "--confidence", "0.5", "--audit-probability", "0")
    policy = run("certify", *terms, "--json").document
    assert (policy["version"], policy["state"]) == (2, "certified")
    again = run("triage", "--again", "--json").document
    assert (again["auto_accepted"], again["policy_version"]) == (33, 2)
    assert "Auto-accept is on." in run("certify", *terms).out


def test_certify_tells_the_price_and_spends_nothing_until_somebody_at_the_terminal_agrees(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certify, "_is_attended", lambda: True)
    run("user", "add", "ada", "--role", "admin")
    with deployment(tmp_path) as place:
        place.calibrated()
    terms = ("certify", "--risk-limit", "0.4", "--confidence", "0.5")
    for answer in ("n\n", ""):
        refused = run(*terms, says=answer)
        assert refused.code == 1
        assert "This is try 1 to certify this detector" in refused.err
        assert "nothing was spent; --yes agrees" in refused.err
    agreed = run(*terms, says="y\n")
    assert "This is try 1 to certify this detector" in agreed.err
    assert "Auto-accept is on." in agreed.out
    assert "Auto-accept is on." in run(*terms, "--yes").out
    with deployment(tmp_path) as place, place.app.database.read() as repos:
        assert len(repos.event_history.of_kind(AuditKind.CERTIFICATION_TRIED)) == 2


def test_a_script_that_certifies_is_told_the_price_and_not_asked(run: Run, tmp_path: Path) -> None:
    run("user", "add", "ada", "--role", "admin")
    with deployment(tmp_path) as place:
        place.calibrated()
    done = run("certify", "--risk-limit", "0.4", "--confidence", "0.5", "--json")
    assert done.document["state"] == "certified"
    assert "This is try 1 to certify this detector" in done.err


def test_certify_changes_no_term_of_the_policy_that_was_not_given(run: Run, tmp_path: Path) -> None:
    run("user", "add", "ada", "--role", "admin")
    with deployment(tmp_path) as place:
        place.calibrated()
        place.app.policies.certify(place.factory.admin("bo"), 0.4, 0.5, 0.25)
    policy = run("certify", "--risk-limit", "0.45", "--json").document
    assert (policy["risk_limit"], policy["delta"], policy["audit_probability"]) == (0.45, 0.5, 0.25)


@pytest.mark.parametrize(
    "arguments",
    [
        ("certify", "--confidence", "2"),
        ("certify", "--risk-limit", "0.6"),
        ("export", "labels.xlsx", "--format", "xlsx"),
        ("ingest",),
        ("frobnicate",),
        ("stats", "--jsn"),
    ],
)
def test_wrong_usage_ends_with_2_and_an_empty_standard_output(
    run: Run, arguments: tuple[str, ...]
) -> None:
    outcome = run(*arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert "Usage:" in outcome.err


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_export_writes_every_item(run: Run, tmp_path: Path, form: str) -> None:
    with deployment(tmp_path) as place:
        place.factory.item(known=LabelValue.FAKE, decided=True)
        place.factory.item()
    out = tmp_path / f"labels.{form}"
    document = run("export", out, "--format", form, "--json").document
    assert (document["path"], document["format"], document["rows"]) == (str(out), form, 2)
    assert document["sha256"] == sha256_of_file(out)
    with out.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file)) if form == "csv" else [json.loads(x) for x in file]
    assert [row["label"] or None for row in rows] == ["fake", None]


def test_an_export_that_cannot_be_written_says_where(run: Run, tmp_path: Path) -> None:
    fault = run("export", tmp_path / "missing" / "labels.csv").fault
    assert fault.endswith("cannot be written (No such file or directory); choose another file")


@pytest.mark.data
def test_real_images_go_through_the_whole_queue(run: Run, tmp_path: Path) -> None:
    if not SHARED.is_dir():
        pytest.skip(f"the real images are not at {SHARED}")
    with (SHARED / "manifest.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "test"][::25][:60]
    manifest = tmp_path / "manifest.csv"
    with manifest.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["path", "label", "source", "group", "split"])
        writer.writeheader()
        writer.writerows({**row, "path": SHARED.resolve() / row["path"]} for row in rows)
    n = len(rows)
    assert n >= 50
    assert run("ingest", manifest, "--json").document == {
        "added": n,
        "duplicates": 0,
        "refused": [],
        "known_labels": n,
    }
    assert run("triage", "--json").document["to_review"] == n
    assert run("stats", "--json").document["items"]["in_review"] == n
    assert run("ingest", manifest, "--json").document["duplicates"] == n
    assert run("triage", "--json").document["scored"] == 0
