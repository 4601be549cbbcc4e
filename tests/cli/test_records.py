"""show and correct: what is known of one image, and putting its verdict right."""

from __future__ import annotations

from pathlib import Path

from storage.enums import ItemState, LabelValue
from tests.applications import deployment
from tests.cli.conftest import Run
from tests.factories import shows_score


def test_an_image_is_shown_with_what_the_detector_and_people_said(run: Run, tmp_path: Path) -> None:
    with deployment(tmp_path) as site:
        site.factory.admin("root")
        item = site.factory.item(ItemState.RESOLVED, verdict=LabelValue.FAKE, decided=True)
        site.factory.label(site.factory.person("ada"), item, LabelValue.FAKE, comment="Six toes.")
    words = run("show", item).out
    assert "verdict: fake" in words
    assert "P(fake) 0.83 ± 0.09" in words
    assert "answer: ada: fake, Six toes." in words
    assert "Taken in." in words
    document = run("show", item, "--json").document
    assert (document["verdict"], document["said"]["p_fake"]) == ("fake", 0.83)
    assert document["file"]["name"].endswith(".png")


def test_an_image_that_waits_is_shown_blind(run: Run, tmp_path: Path) -> None:
    with deployment(tmp_path) as site:
        site.factory.admin("root")
        item = site.factory.item(decided=True)
    outcome = run("show", item)
    assert "waits to be judged" in outcome.out
    assert not shows_score(outcome.out)


def test_an_image_that_is_not_there_is_an_error(run: Run, tmp_path: Path) -> None:
    with deployment(tmp_path) as site:
        site.factory.admin("root")
    assert run("show", 7).fault == "there is no item 7"


def test_a_verdict_is_corrected_and_the_export_tells_it(run: Run, tmp_path: Path) -> None:
    with deployment(tmp_path) as site:
        site.factory.admin("root")
        item = site.factory.item(ItemState.RESOLVED, verdict=LabelValue.FAKE, decided=True)
        site.factory.prediction(item)
    outcome = run("correct", item, "real", "--reason", "The raw file came.", "--json")
    assert outcome.document == {
        "item_id": item,
        "was": "fake",
        "value": "real",
        "evidence": ["calibration"],
    }
    assert "corrected: to real by root: The raw file came." in run("show", item).out
    assert "already" in run("correct", item, "real", "--reason", "Again.").fault
    assert "real, fake or undecidable" in run("correct", item, "unsure", "--reason", "?").fault
    assert run("correct", item, "real").code == 2
    out = tmp_path / "labels.jsonl"
    run("export", out, "--format", "jsonl")
    assert '"label": "real", "label_source": "correction"' in out.read_text("utf-8")
