"""``cascade``: one detector before another, by id or folder; listed, shown and adopted."""

from __future__ import annotations

from pathlib import Path

from review_app.core.settings import DEFAULT_CHECKPOINT
from tests.applications import write_pictures
from tests.cli.conftest import Run
from tests.detectors.test_cascaded import manifest

SOURCE, FACES = (DEFAULT_CHECKPOINT.parent / name for name in ("source", "faces"))


def _cascade(
    *more: object, cheap: object = f"{SOURCE}:linear", dear: object = FACES
) -> tuple[object, ...]:
    return ("cascade", "quick", "--cheap", cheap, "--dear", dear, *more)


def test_what_cannot_be_is_told(run: Run, tmp_path: Path) -> None:
    run("user", "add", "boss", "--role", "admin")
    assert "no detector elsewhere here" in run(*_cascade(cheap="elsewhere")).fault
    assert "cannot be the cheap one" in run(*_cascade(dear=SOURCE)).fault
    nothing = run(*_cascade("--risk", 0.3, "--json"))
    assert "0 labels prove of no score" in nothing.fault
    assert "nobody has made a cascade" in run("checkpoint", "show", "cascade:quick").fault
    assert run("checkpoint", "list", "--json").document["cascades"] == []


def test_a_cascade_is_made_shown_listed_and_adopted(run: Run, tmp_path: Path) -> None:
    run("ingest", manifest(tmp_path, write_pictures(tmp_path, 32)))
    run("user", "add", "boss", "--role", "admin")
    made = run(*_cascade("--risk", 0.45, "--json")).document
    assert made["id"] == "cascade:quick"
    card = made["card"]
    assert (card["n_labels"], card["seen_images"], card["risk"]) == (32, 32, 0.45)
    assert (card["cheap"]["head"], card["dear"]["head"]) == ("linear", "mc_dropout")

    shown = run("checkpoint", "show", "cascade:quick")
    assert "* risk 45%: " in shown.out
    assert "which prove nothing any more" in shown.out
    assert run("checkpoint", "show", "cascade:quick", "--json").document["card"] == card

    policy = run("checkpoint", "adopt", "cascade:quick", "--json").document
    assert (policy["checkpoint"], policy["head"]) == ("cascade:quick", "cascade")
    (entry,) = run("checkpoint", "list", "--json").document["cascades"]
    assert (entry["labels"], entry["in_force"]) == (32, True)
