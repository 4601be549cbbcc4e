"""``compare``, ``replay``, ``promote``, ``rollback`` and ``checkpoint lineage``."""

from __future__ import annotations

from pathlib import Path

from storage.enums import JobKind
from tests.cli.conftest import Run
from tests.learning.places import NEW, OLD, two_detectors


def test_a_challenger_from_the_comparison_to_going_back(run: Run, data_dir: Path) -> None:
    with two_detectors(data_dir.parent, new=0.97) as (place, admin):
        parameters = {"challenger": NEW, "head": "score", "by": admin.name}
        place.app.jobs.submit(admin, JobKind.COMPARE, parameters)
    assert run("replay", NEW, "--json").document["attempt"] == 1
    assert "Compare them first" in run("promote", NEW).fault
    assert "Promote external:new" in run("compare", NEW).out
    run("jobs", "run")
    job = run("jobs", "show", "1", "--json").document
    assert (job["state"], job["result"]["advice"]) == ("done", "promote")
    document = run("compare", NEW, "--json").document
    assert document["replay"]["attempt"] == 5, "two looks came before"
    assert run("promote", NEW, "--note", "better", "--json").document["checkpoint"] == NEW
    assert "in force already" in run("promote", NEW).fault
    assert f"{OLD} is in force" in run("rollback", "--note", "oops").out
    found = run("checkpoint", "lineage", "--json").document["detectors"]
    standing = {entry["id"]: entry["standing"] for entry in found}
    assert (standing[OLD], standing[NEW]) == ("champion", "former")
    lines = run("checkpoint", "lineage").out
    assert "by ada: oops" in lines
    assert "by ada: better" in lines
    assert "no checkpoint folder nothing" in run("compare", "nothing").fault
