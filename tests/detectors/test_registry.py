"""The checkpoints of a deployment, and that every way to a score gives the same bits."""

from __future__ import annotations

import csv
import shutil
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from review_app.bootstrap import file_limits, open_application
from review_app.certification.threshold_grid import Side
from review_app.core.errors import CheckpointError, NotFoundError
from review_app.core.hashing import sha256
from review_app.core.settings import DEFAULT_CHECKPOINT, Settings
from review_app.inference.backbones import load_backbone
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.dataset import load_labelled
from review_app.inference.feature_cache import DirectoryFeatureCache
from review_app.intake.decode import decode
from review_app.manifests.manifest import read_manifest
from tests.applications import Deployment, deployment
from tests.intake.samples import encode, exif, picture
from tests.scores.files import good_detector, write

Bits = tuple[float | str | None, ...]
SOURCE = DEFAULT_CHECKPOINT.parent / "source"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path) as place:
        yield place


def pictures(folder: Path) -> Path:
    """Images whose decoding has a choice to make, and a manifest of them."""
    folder.mkdir()
    rgba = picture(64, 48, seed=2).convert("RGBA")
    rgba.putalpha(picture(64, 48, seed=3).convert("L"))
    deep = Image.fromarray(np.arange(64 * 64, dtype=np.uint16).reshape(64, 64))
    files = {
        "plain.jpg": encode(picture(96, 64, seed=1), "JPEG"),
        "alpha.png": encode(rgba, "PNG"),
        "cmyk.jpg": encode(picture(64, 64, seed=4).convert("CMYK"), "JPEG"),
        "rotated.jpg": encode(picture(80, 40, seed=5), "JPEG", exif=exif(6)),
        "palette.gif": encode(picture(64, 64, seed=6).convert("P"), "GIF"),
        "deep.png": encode(deep, "PNG"),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    manifest = folder / "manifest.csv"
    with manifest.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label"])
        writer.writerows([name, ("real", "fake")[i % 2]] for i, name in enumerate(files))
    return manifest


def test_evaluate_triage_and_inspect_give_the_same_bits(place: Deployment, tmp_path: Path) -> None:
    path = pictures(tmp_path / "in")
    manifest, limits = read_manifest(path), file_limits(place.app.settings)
    checkpoint = Checkpoint.load(DEFAULT_CHECKPOINT)

    data = load_labelled(
        manifest,
        manifest.rows,
        load_backbone(checkpoint.card.backbone.name),
        DirectoryFeatureCache(tmp_path / "features"),
        purpose="evaluation",
        decode=lambda content, name: decode(content, name, limits).image,
    )
    evaluated: dict[str, dict[str, Bits]] = {key: {} for key in data.keys}
    judgement = checkpoint.judge(data.features)
    assert judgement.novelty is not None
    for head, p in judgement.heads.items():
        score = judgement.scores[head]
        for i, key in enumerate(data.keys):
            bits = (p.p_fake[i], p.std[i], p.entropy[i], p.mutual_information[i])
            evaluated[key][head.value] = (
                *bits,
                score[i],
                judgement.novelty[i],
                judgement.nearest[i],
            )

    assert place.app.intake.ingest([path], "tester").added == len(manifest.rows)
    place.app.triage.run("tester")
    triaged: dict[str, dict[str, Bits]] = {}
    with place.app.database.read() as repos:
        for item in place.items().values():
            heads = repos.predictions.of_images([item.image_id], checkpoint.id)[item.image_id]
            triaged[item.image.key] = {
                name: (
                    *(x.p_fake, x.std, x.entropy, x.mutual_information),
                    *(x.score, x.novelty, x.scope),
                )
                for name, x in heads.items()
            }

    admin = place.factory.admin()
    inspected: dict[str, dict[str, Bits]] = {}
    for row in manifest.rows:
        content = row.path.read_bytes()
        done = place.app.inspector.read(admin, row.path, row.name).result()
        inspection = place.app.inspector.tell(admin, done)
        inspected[sha256(content)] = {
            x.name: (x.p_fake, x.std, x.entropy, x.mutual_information, inspection.novelty)
            for x in inspection.heads
        }

    assert evaluated == triaged
    assert inspected == {
        key: {name: (*bits[:4], bits[5]) for name, bits in heads.items()}
        for key, heads in triaged.items()
    }
    assert len({bits["linear"] for bits in triaged.values()}) == len(manifest.rows)


def test_a_detector_on_shrunk_files_is_another_one_whatever_is_set_later(tmp_path: Path) -> None:
    with deployment(tmp_path) as place:
        plain = place.app.policies.current().checkpoint
    large = picture(64, 48, seed=1).resize((2600, 2000), Image.Resampling.BICUBIC)
    (tmp_path / "large.jpg").write_bytes(encode(large, "JPEG"))
    settings = Settings(data_dir=tmp_path / "data")
    with closing(open_application(settings.model_copy(update={"decode": "shrunk"}))) as app:
        assert app.policies.current().checkpoint == plain
        assert not app.detectors.detector(plain).checkpoint.shrunk
        other, head = app.detectors.start()
        assert other == f"{plain}@shrunk"
        app.policies.adopt(None, other, head, "faster")
    with closing(open_application(settings)) as app:
        assert app.detectors.card(other).id == plain
        assert app.detectors.newer_than(other) is None
        app.intake.ingest([tmp_path / "large.jpg"], "tester")
        assert app.triage.run("tester").scored == 1
        digest = sha256((tmp_path / "large.jpg").read_bytes())
        key = app.detectors.card(other).backbone_key
        assert app.detectors.model(other)["shrunk"]
        assert app.detectors.features(plain, [1]).keys() == {digest}
        own, exact = (app.detectors.cache.get_many([digest], k) for k in (f"{key}@shrunk", key))
        assert (own[digest] != exact[digest]).any()


def test_a_checkpoint_that_was_never_used_here_is_not_found(place: Deployment) -> None:
    with pytest.raises(NotFoundError, match="other-1234 has never been used here"):
        place.app.detectors.detector("other-1234")


def test_threshold_grids_are_those_of_the_card(place: Deployment) -> None:
    checkpoint_id, head = place.app.detectors.start()
    real, fake = place.app.detectors.threshold_grids(checkpoint_id, head)
    assert (real.side, fake.side) == (Side.REAL, Side.FAKE)
    assert len(real.thresholds) > 0
    assert len(fake.thresholds) > 0
    with pytest.raises(NotFoundError, match="no head 'oracle', only: "):
        place.app.detectors.threshold_grids(checkpoint_id, "oracle")


def test_a_checkpoint_that_moved_is_found_where_the_settings_say(tmp_path: Path) -> None:
    first = shutil.copytree(DEFAULT_CHECKPOINT, tmp_path / "first")
    with deployment(tmp_path, checkpoint=first) as place:
        checkpoint_id = place.app.policies.current().checkpoint
    second = first.rename(tmp_path / "second")
    with deployment(tmp_path, checkpoint=second) as place:
        assert place.app.detectors.detector(checkpoint_id).checkpoint.id == checkpoint_id


def test_an_upgrade_leaves_the_policy_its_old_checkpoint_under_its_new_name(
    tmp_path: Path,
) -> None:
    """The program ships another default, and the old one beside it under another name."""
    home = tmp_path / "program"
    default = shutil.copytree(SOURCE, home / "default")
    with deployment(tmp_path, checkpoint=default) as place:
        old = place.app.policies.current().checkpoint
    default.rename(home / "source")
    shutil.copytree(DEFAULT_CHECKPOINT, default)
    with deployment(tmp_path, checkpoint=default) as place:
        assert place.app.policies.current().checkpoint == old
        assert place.app.detectors.detector(old).checkpoint.id == old
        assert place.app.policies.offered() == place.app.detectors.start()


@pytest.mark.parametrize("where", ["data/checkpoints/mine", "other/mine"])
def test_a_checkpoint_is_found_among_those_trained_here_and_beside_that_of_the_settings(
    tmp_path: Path, where: str
) -> None:
    first = shutil.copytree(SOURCE, tmp_path / "first" / "mine")
    now = shutil.copytree(DEFAULT_CHECKPOINT, tmp_path / "other" / "now")
    with deployment(tmp_path, checkpoint=first) as place:
        old = place.app.policies.current().checkpoint
    (tmp_path / where).parent.mkdir(exist_ok=True)
    first.rename(tmp_path / where)
    damaged = shutil.copytree(DEFAULT_CHECKPOINT, tmp_path / "other" / "damaged")
    (damaged / "heads.safetensors").write_bytes(b"cut")
    with deployment(tmp_path, checkpoint=now) as place:
        assert place.app.detectors.detector(old).checkpoint.id == old


def test_a_checkpoint_that_is_damaged_where_it_was_is_named_as_such(tmp_path: Path) -> None:
    folder = shutil.copytree(DEFAULT_CHECKPOINT, tmp_path / "home" / "mine")
    card = (folder / "card.json").read_text()
    (folder / "card.json").write_text(card.replace('"name": "default"', '"name": "mine"'))
    with deployment(tmp_path, checkpoint=folder) as place:
        checkpoint_id = place.app.policies.current().checkpoint
    (folder / "heads.safetensors").write_bytes(b"cut")
    with (
        deployment(tmp_path, checkpoint=DEFAULT_CHECKPOINT) as place,
        pytest.raises(CheckpointError, match=r"is not the file that card\.json describes"),
    ):
        place.app.detectors.detector(checkpoint_id)


def test_a_checkpoint_that_is_gone_is_asked_for_by_name(tmp_path: Path) -> None:
    folder = shutil.copytree(DEFAULT_CHECKPOINT, tmp_path / "mine")
    card = (folder / "card.json").read_text()
    (folder / "card.json").write_text(card.replace('"name": "default"', '"name": "mine"'))
    with deployment(tmp_path, checkpoint=folder) as place:
        place.app.policies.current()
    shutil.rmtree(folder)
    with (
        deployment(tmp_path, checkpoint=folder) as place,
        pytest.raises(CheckpointError, match=rf"no longer at {folder}; put its folder back"),
    ):
        place.app.detectors.detector(place.app.policies.current().checkpoint)


def test_images_that_the_checkpoint_learned_from_are_known_by_their_hash(
    place: Deployment,
) -> None:
    checkpoint_id, _ = place.app.detectors.start()
    seen = place.app.detectors.has_seen(checkpoint_id)
    prefix = int(Checkpoint.load(DEFAULT_CHECKPOINT).seen_prefixes[0])
    assert seen(f"{prefix:016x}" + 48 * "0")
    assert not seen(64 * "0")


def test_the_settings_checkpoint_is_read_again_once_its_files_are_others(tmp_path: Path) -> None:
    folder = shutil.copytree(DEFAULT_CHECKPOINT, tmp_path / "mine")
    tensors = folder / "heads.safetensors"
    whole = tensors.read_bytes()
    with deployment(tmp_path, checkpoint=folder) as place:
        started = place.app.detectors.start()
        tracemalloc.start()
        assert place.app.detectors.start() == started
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < len(whole) / 10
        tensors.write_bytes(whole[:-1])
        with pytest.raises(CheckpointError, match=r"is not the file that card\.json describes"):
            place.app.detectors.start()
        tensors.unlink()
        with pytest.raises(CheckpointError, match=f"there is no {tensors}"):
            place.app.detectors.start()
        tensors.write_bytes(whole)
        assert place.app.detectors.start() == started


def test_the_settings_name_the_checkpoint_of_a_new_deployment(tmp_path: Path) -> None:
    with (
        pytest.raises(CheckpointError, match=str(tmp_path / "nowhere")),
        deployment(tmp_path, checkpoint=tmp_path / "nowhere") as place,
    ):
        place.app.policies.current()
    assert Settings().checkpoint == DEFAULT_CHECKPOINT


def test_an_external_detector_has_a_threshold_grid_and_no_model(tmp_path: Path) -> None:
    with deployment(tmp_path) as place:
        rows = good_detector(300)
        place.app.scores.ingest(write(tmp_path / "s.csv", rows), "tester")
        detectors, name = place.app.detectors, "external:theirs"
        real, fake = detectors.threshold_grids(name, "score")
        assert (real.side, fake.side) == (Side.REAL, Side.FAKE)
        assert 0 < len(real.thresholds) <= 20
        assert detectors.external() == {name: "score"}
        with pytest.raises(NotFoundError, match="no head 'oracle', only: score"):
            detectors.threshold_grids(name, "oracle")
        with pytest.raises(NotFoundError, match="only the scores that were taken in"):
            detectors.detector(name)
        assert detectors.reader(name).checkpoint.id == detectors.start()[0]
        seen = detectors.has_seen(name)
        assert 0 < sum(seen(row.key) for row in rows) < 100


def test_an_image_known_by_its_path_alone_was_not_trained_on(place: Deployment) -> None:
    checkpoint, _ = place.app.detectors.start()
    assert not place.app.detectors.has_seen(checkpoint)("path:images/1.jpg")
