"""Any timm model: its own preprocessing, strict weights, and a remedy where they cannot be had."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from review_app.core.errors import BackboneError
from review_app.inference.backbones import load_backbone
from review_app.inference.torch_runtime import timm


def random_weights(model: str, folder: Path) -> Path:
    """A file like the one that timm would fetch for ``model``, with random weights."""
    torch.manual_seed(0)
    path = folder / f"{model}.pth"
    torch.save(timm().create_model(model, pretrained=False).state_dict(), path)
    return path


@pytest.mark.parametrize(
    ("model", "width", "resize", "input_size"),
    [("resnet10t", 512, 201, 176), ("vit_tiny_patch16_224", 192, 248, 224)],
)
def test_a_model_is_loaded_by_name_with_timms_own_preprocessing(
    tmp_path: Path, images: list[Image.Image], model: str, width: int, resize: int, input_size: int
) -> None:
    backbone = load_backbone(f"timm/{model}", weights=random_weights(model, tmp_path))
    card = backbone.card
    assert (card.name, card.model, card.width) == (f"timm/{model}", model, width)
    assert (card.resize, card.input_size, card.interpolation) == (resize, input_size, "bicubic")
    features = backbone.extract(images[:3])
    assert features.shape == (3, width)
    assert features.std() > 0
    assert (backbone.extract(images[1:2])[0] == features[1]).all()
    assert backbone.key.startswith(f"timm/{model}-v1-")


def test_the_features_are_those_of_timms_network_without_classifier(
    tmp_path: Path, images: list[Image.Image]
) -> None:
    path = random_weights("resnet10t", tmp_path)
    model = timm().create_model("resnet10t", pretrained=False, checkpoint_path=str(path))
    model.reset_classifier(0)
    model.eval()
    config = timm().data.resolve_model_data_config(model)
    transform = timm().data.create_transform(**config, is_training=False)
    with torch.inference_mode():
        expected = model(transform(images[0])[None])[0].numpy()
    got = load_backbone("timm/resnet10t", weights=path).extract(images[:1])[0]
    assert got == pytest.approx(expected, rel=0.05, abs=0.02)  # a grey level from one resampling


@pytest.mark.parametrize("name", ["resnet10", "resnet10t/x", "hf-hub:someone/model", ""])
def test_a_name_that_timm_does_not_know_is_refused(name: str) -> None:
    with pytest.raises(BackboneError, match="timm has no model called"):
        load_backbone(f"timm/{name}")


def test_a_near_miss_is_helped() -> None:
    with pytest.raises(BackboneError, match=r"did you mean .*resnet10t"):
        load_backbone("timm/resnet10T")


def test_weights_that_are_not_there_or_do_not_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BackboneError, match="there is no weights file"):
        load_backbone("timm/resnet10t", weights=tmp_path / "none.pth")
    path = tmp_path / "other.pth"
    torch.save({"conv1.weight": torch.zeros(1)}, path)
    with pytest.raises(BackboneError, match=r"cannot be had from .*other\.pth"):
        load_backbone("timm/resnet10t", weights=path)


def test_a_model_without_network_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(BackboneError, match="cannot be had from the hub or timm's cache") as fault:
        load_backbone("timm/resnet10t")
    assert "copy the file it fetches here and give its path" in str(fault.value)
