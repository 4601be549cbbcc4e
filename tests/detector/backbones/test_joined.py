"""Concatenations: the parts' own bits side by side; a card and a key that follow from theirs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import TypeAdapter

from review_app.core.errors import BackboneError
from review_app.inference.backbones import Backbone, BackboneCard, load_backbone
from review_app.inference.torch_runtime import timm

NAME = "efficientnet_lite0_gram+efficientnet_lite0"


@pytest.fixture(scope="module")
def joined() -> Backbone:
    return load_backbone(NAME)


def test_a_row_is_the_parts_rows_side_by_side_to_the_last_bit(
    joined: Backbone, images: list[Image.Image]
) -> None:
    some = [*images[:3], Image.new("RGBA", (60, 50), (9, 99, 199, 60))]
    parts = [load_backbone(name).extract(some) for name in NAME.split("+")]
    assert joined.extract(some).tobytes() == np.hstack(parts).tobytes()
    assert (joined.extract(some[1:2])[0] == joined.extract(some)[1]).all()
    assert joined.extract([]).shape == (0, joined.card.width)


def test_another_process_computes_the_same_bits_from_the_same_file(
    images: list[Image.Image], tmp_path: Path
) -> None:
    name = "efficientnet_lite0_gram+forensic"
    images[0].save(tmp_path / "image.png")
    code = (
        "import sys; from PIL import Image; from review_app.inference.backbones import *;"
        f"b = load_backbone({name!r});"
        "sys.stdout.write(b.key + b.extract([Image.open(sys.argv[1])]).tobytes().hex())"
    )
    command = [sys.executable, "-W", "error", "-c", code, str(tmp_path / "image.png")]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    backbone = load_backbone(name)
    assert output == backbone.key + backbone.extract(images[:1]).tobytes().hex()


def test_card_and_key_follow_from_the_parts(joined: Backbone) -> None:
    parts = [load_backbone(name) for name in NAME.split("+")]
    assert joined.card.name == NAME
    assert joined.card.width == sum(part.card.width for part in parts)
    assert joined.card.parts == tuple(part.card for part in parts)
    assert joined.card.licence == "Apache-2.0"
    assert joined.key.startswith(f"{NAME}-v1-")
    assert joined.key == load_backbone(NAME).key
    assert joined.key != load_backbone("efficientnet_lite0+efficientnet_lite0_gram").key


def test_what_a_part_singles_out_is_found_in_the_joined_row(joined: Backbone) -> None:
    gram, _ = joined.card.parts
    assert joined.card.texture == gram.texture != ()
    first, last = gram.texture[0]
    behind = load_backbone("forensic+efficientnet_lite0_gram").card
    forensic = behind.parts[0].width
    assert behind.texture == ((forensic + first, forensic + last),)
    assert load_backbone("forensic+efficientnet_lite0").card.texture == ()


def test_a_card_survives_json(joined: Backbone) -> None:
    adapter = TypeAdapter(BackboneCard)
    assert adapter.validate_json(adapter.dump_json(joined.card)) == joined.card


def test_each_part_gets_its_own_weights(images: list[Image.Image], tmp_path: Path) -> None:
    files: dict[str, Path] = {}
    for model in ("resnet10t", "vit_tiny_patch16_224"):
        torch.manual_seed(len(files))
        files[f"timm/{model}"] = tmp_path / f"{model}.pth"
        network = timm().create_model(model, pretrained=False)
        torch.save(network.state_dict(), files[f"timm/{model}"])
    name = "+".join([*files, "efficientnet_lite0"])
    joined = load_backbone(name, weights=files)
    parts = [load_backbone(part, weights=path) for part, path in files.items()]
    parts.append(load_backbone("efficientnet_lite0"))
    expected = np.hstack([part.extract(images[:2]) for part in parts])
    assert joined.extract(images[:2]).tobytes() == expected.tobytes()
    with pytest.raises(BackboneError, match="2 of its parts take a weights file"):
        load_backbone(name, weights=files["timm/resnet10t"])
    with pytest.raises(BackboneError, match="given for xception, which is not in the backbone"):
        load_backbone(name, weights={"xception": tmp_path / "x.pth"})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("efficientnet_lite0+", "no backbone called ''"),
        ("efficientnet_lite0+resnet", "no backbone called 'resnet'"),
        ("efficientnet_lite0+efficientnet_lite0", "twice"),
    ],
)
def test_names_that_cannot_be_joined_are_refused(name: str, words: str) -> None:
    with pytest.raises(BackboneError, match=words):
        load_backbone(name)


def test_weights_must_be_for_one_part(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    with pytest.raises(BackboneError, match=r"0 of its parts .* leave the weights out"):
        load_backbone(NAME, weights=path)
    with pytest.raises(BackboneError, match=r"2 of its parts"):
        load_backbone("xception+timm/resnet10t", weights=path)
    with pytest.raises(BackboneError, match=rf"no weights file {path} for xception"):
        load_backbone("efficientnet_lite0+xception", weights=path)
