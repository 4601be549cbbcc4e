"""images find, act, undo and actions: many images by the filters of the page's addresses."""

from __future__ import annotations

from pathlib import Path

from review_app.bulk.order import BulkOrder, ImageSelection
from review_app.cli.operator import operator
from storage.enums import BulkKind, ItemState, LabelValue
from tests.applications import deployment
from tests.cli.conftest import Run


def test_images_are_found_acted_on_and_taken_back(run: Run, tmp_path: Path) -> None:
    with deployment(tmp_path) as site:
        site.factory.admin("root")
        settled = site.factory.items(3, ItemState.RESOLVED, verdict=LabelValue.FAKE, source="web")
        waiting = site.factory.item(source="web")
    of_web = ("--filter", "source=web")
    found = run("images", "find", *of_web, "--json").document
    assert (found["fit"], found["fit_is_all"]) == (4, True)
    assert [one["image_id"] for one in found["images"]] == [waiting, *reversed(settled)]
    told = run("images", "act", "archive", *of_web, "--dry-run", "--json").document
    assert told == {"would_change": 3, "left_out": {"waits": 1}, "is_all": True}
    assert run("images", "actions", "--json").document == {"actions": []}
    outcome = run("images", "act", "archive", *of_web, says="n\n")
    assert outcome.code == 1
    done = run("images", "act", "archive", *of_web, "--yes", "--json").document
    assert (done["images"], done["would_change"]) == (3, 3)
    assert run("images", "find", *of_web, "--json").document["fit"] == 1
    undone = run("images", "undo", done["action"], "--json").document
    assert undone["images"] == 3
    (undo, action) = run("images", "actions", "--json").document["actions"]
    assert (action["undone"], undo["undoes"], undo["kind"]) == (True, action["id"], "undo")
    with deployment(tmp_path) as site:
        selection = ImageSelection(filters={"source": "web"})
        site.app.bulk.ask(operator(site.app), BulkOrder(BulkKind.ARCHIVE, selection))
    (job,) = run("jobs", "run", "--json").document["jobs"]
    assert (job["state"], job["result"]["images"]) == ("done", 3)
    assert run("images", "act", "tag", "--tag", "x", "--image", waiting, "--yes").code == 0
    assert "1 image fit" in run("images", "find", "--filter", "tag=x").out


def test_what_makes_no_sense_is_an_error(run: Run, tmp_path: Path) -> None:
    with deployment(tmp_path) as site:
        site.factory.admin("root")
    assert "say which images" in run("images", "act", "archive").fault
    assert "choose what is to be done" in run("images", "act", "nuke", "--image", 1).fault
    assert "NAME=VALUE" in run("images", "find", "--filter", "nosuch=1").fault
    assert "choose whom" in run("images", "act", "assign", "--image", 1).fault
