"""show: what is known of one image, for people and for scripts."""

from __future__ import annotations

from pathlib import Path

from storage.enums import ItemState, LabelValue
from tests.applications import deployment
from tests.cli.conftest import Run


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
    assert "0.83" not in outcome.out


def test_an_image_that_is_not_there_is_an_error(run: Run, tmp_path: Path) -> None:
    with deployment(tmp_path) as site:
        site.factory.admin("root")
    assert run("show", 7).fault == "there is no item 7"
