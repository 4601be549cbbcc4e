"""Inspect: every head's reading of one image, and honest words about them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from review_app.core.settings import DEFAULT_CHECKPOINT
from review_app.i18n import use_language
from review_app.inference.card import Cuts, HeadCard
from review_app.inference.heads import HEADS, HeadName
from review_app.inference.service import Opinion
from review_app.inspection.inspector import Inspection
from tests.applications import Deployment, deployment
from tests.intake.samples import encode, picture
from tests.languages import GERMAN
from tests.scores.files import row, write


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployment(tmp_path_factory.mktemp("inspection")) as place:
        yield place


def inspected(place: Deployment, width: int = 200, height: int = 150, seed: int = 0) -> Inspection:
    """What an admin is told of a picture."""
    path = place.app.settings.data_dir / "inspected.png"
    path.write_bytes(encode(picture(width, height, seed), "PNG"))
    admin = place.factory.admin()
    done = place.app.inspector.read(admin, path, path.name).result()
    return place.app.inspector.tell(admin, done)


def test_every_head_reads_the_image_and_one_is_the_policys(place: Deployment) -> None:
    inspection = inspected(place)
    assert [reading.name for reading in inspection.heads] == place.app.inspector.heads()
    (default,) = [reading for reading in inspection.heads if reading.is_default]
    assert default.name == place.app.policies.current().head
    assert inspection.text == default.text
    for reading in inspection.heads:
        assert 0 <= reading.p_fake <= 1
        assert 0 <= reading.entropy <= math.log(2) + 1e-9
        assert reading.title == HEADS[HeadName(reading.name)].title
        assert reading.text.startswith("Likely fake" if reading.p_fake >= 0.5 else "Likely real")


def test_heads_with_one_set_of_weights_have_no_spread(place: Deployment) -> None:
    readings = {r.name: r for r in inspected(place).heads}
    for name in ("linear", "naive_bayes"):
        assert (readings[name].std, readings[name].mutual_information) == (0, 0)
    for name in ("mc_dropout", "variational"):
        assert readings[name].std > 0


def test_nothing_is_stored_of_an_inspected_image(place: Deployment) -> None:
    before = sorted((place.app.settings.data_dir / "media").rglob("*"))
    inspected(place, 48, 32, seed=77)
    assert sorted((place.app.settings.data_dir / "media").rglob("*")) == before
    assert place.items() == {}


def test_the_words_follow_the_cuts_of_the_card(place: Deployment) -> None:
    checkpoint = place.app.detectors.detector(place.app.policies.current().checkpoint).checkpoint
    for seed in range(6):
        inspection = inspected(place, 48, 32, seed=seed)
        for reading in inspection.heads:
            card: HeadCard = checkpoint.card.heads[HeadName(reading.name)]
            uncertain = _beyond(card.cuts, reading.std, reading.entropy, reading.mutual_information)
            assert ("uncertain" in reading.text) == (uncertain or inspection.unlike)


def _beyond(cuts: Cuts, std: float, entropy: float, mutual_information: float) -> bool:
    return (
        entropy > cuts.entropy
        or (cuts.std is not None and std > cuts.std)
        or (cuts.mutual_information is not None and mutual_information > cuts.mutual_information)
    )


def test_an_image_beyond_the_cards_cut_is_called_unlike_the_training_images(
    place: Deployment,
) -> None:
    card = place.app.detectors.detector(place.app.policies.current().checkpoint).checkpoint.card
    assert card.novelty is not None
    noise = inspected(place, seed=3)
    assert noise.novelty is not None
    assert noise.unlike == (noise.novelty > card.novelty.cut)
    assert noise.unlike, "noise is no photograph"
    assert "the image is unlike those that it has learned from" in noise.text
    assert noise.scope_text.startswith(
        "Not proven here: unlike everything that this detector was measured on."
    )
    assert any(f"far off: {each.content['en']}." in noise.scope_text for each in card.scopes)


def test_an_image_within_a_kind_is_told_what_was_measured_there(place: Deployment) -> None:
    checkpoint = place.app.detectors.detector(place.app.policies.current().checkpoint).checkpoint
    opinions = {
        name: Opinion(0.9, 0.01, 0.1, 0.01, 0.9, novelty=0.0, scope="stylegan_ffhq")
        for name in checkpoint.heads
    }
    inspection = place.app.inspector.explain(opinions)
    assert inspection.scope_text == "Looks like: faces, made whole (AUROC 0.97 there)."
    assert inspection.checkpoint == checkpoint.id
    with use_language(GERMAN):
        inspection = place.app.inspector.explain(opinions)
    assert inspection.scope_text == "Sieht aus wie: Gesichter, ganz erzeugt (AUROC dort 0,97)."


def test_a_checkpoint_that_does_not_measure_novelty_says_nothing_of_it(tmp_path: Path) -> None:
    with deployment(tmp_path, checkpoint=DEFAULT_CHECKPOINT.parent / "source") as source:
        inspection = inspected(source, seed=3)
    assert (inspection.novelty, inspection.unlike) == (None, False)
    assert inspection.scope_text == ""


def test_it_says_what_the_detector_has_learned_from_and_that_it_can_be_wrong(
    place: Deployment,
) -> None:
    words = place.app.inspector.checkpoint_words()
    assert place.app.policies.current().checkpoint in words
    assert "It can be wrong" in words
    assert "stylegan_ffhq" in words


def test_there_are_samples_to_try(place: Deployment) -> None:
    samples = place.app.inspector.samples()
    assert samples
    assert all(sample.path.is_file() and sample.credit for sample in samples)
    assert place.app.inspector.samples() == samples


def test_under_an_external_detector_another_one_reads_and_says_that_it_decides_nothing(
    tmp_path: Path,
) -> None:
    with deployment(tmp_path) as place:
        place.app.scores.ingest(write(tmp_path / "s.csv", [row(1)]), "tester")
        inspector = place.app.inspector
        own, head = place.app.detectors.start()
        words = inspector.checkpoint_words()
        assert words.startswith("The detector in force, external:theirs, cannot be asked")
        assert own in words
        inspection = inspected(place)
        assert [reading.name for reading in inspection.heads] == inspector.heads()
        assert not any(reading.is_default for reading in inspection.heads)
        (deciding,) = [reading for reading in inspection.heads if reading.name == head]
        assert inspection.text == deciding.text
        inspector.warm_up()
