"""Data cards: figures that a small set is known to have, told in three forms."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from review_app.core.errors import InputError
from review_app.lab.datasets.card import Card, data_card
from review_app.lab.datasets.card_page import card_html, card_words, write_card
from review_app.lab.datasets.fingerprints import inspect_rows
from review_app.lab.datasets.origin import Dropped, DropReason, origin_path, step, write_origin
from review_app.manifests.manifest import read_manifest
from tests.lab.datasets.conftest import Writer
from tests.lab.datasets.pictures import copy, save

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def manifest(tmp_path: Path, write_manifest: Writer) -> Path:
    """Fakes are small PNGs and reals larger JPEGs; every kind of leak occurs once."""
    lines = []
    for at in range(12):
        split = ("train", "val", "test")[at % 3]
        save(tmp_path / f"r{at}.jpg", at, size=(96, 64), quality=90)
        save(tmp_path / f"f{at}.png", 50 + at, size=(40, 32))
        lines += [f"r{at}.jpg,real,cam,g{at},{split}", f"f{at}.png,fake,gan,,{split}"]
    (tmp_path / "same.jpg").write_bytes((tmp_path / "r0.jpg").read_bytes())
    copy(tmp_path / "r1.jpg", tmp_path / "near.jpg", quality=70)
    (tmp_path / "claim.png").write_bytes((tmp_path / "f0.png").read_bytes())
    (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8 no more")
    lines += [
        "same.jpg,real,cam,g0,test",
        "near.jpg,real,cam,,test",
        "claim.png,real,gan,,train",
        f"bad.jpg,fake,{HOSTILE},,train",
        "gone.jpg,fake,gan,,train",
    ]
    return write_manifest("path,label,source,group,split", *lines)


@pytest.fixture
def card(manifest: Path) -> Card:
    rows = read_manifest(manifest, check_groups=False)
    dropped = [Dropped(7, HOSTILE, DropReason.UNMATCHED)]
    write_origin(manifest, [step("import", manifest, 29, dropped)])
    return data_card(rows, inspect_rows(rows.rows, workers=2))


def rows_of(families: list[list[dict[str, object]]]) -> list[list[object]]:
    return [[row["name"] for row in family] for family in families]


def test_counts_and_balance_add_up(card: Card) -> None:
    assert card["n"] == sum(row["n"] for row in card["counts"]) == 29
    everything, *parts = card["balance"]
    assert (everything["fake"], everything["real"]) == (14, 15)
    assert everything["fake_share"] == pytest.approx(14 / 29)
    for what in ("split", "source"):
        assert sum(part["n"] for part in parts if part["part"] == what) == 29


def test_copies_near_copies_and_torn_groups_are_named(card: Card) -> None:
    exact, near = card["duplicates"]["exact"], card["duplicates"]["near"]
    assert rows_of(exact["across"]) == [["r0.jpg", "same.jpg"]]
    assert rows_of(exact["within"]) == [["f0.png", "claim.png"]]
    assert rows_of(near["across"]) == [["r1.jpg", "near.jpg"]]
    assert near["within"] == []
    assert rows_of(card["conflicts"]) == [["f0.png", "claim.png"]]
    assert card["groups"]["across"] == [
        {"group": "g0", "splits": [{"split": "train", "row": 2}, {"split": "test", "row": 26}]}
    ]
    assert [(row["name"], row["row"]) for row in card["unreadable"]] == [
        ("bad.jpg", 29),
        ("gone.jpg", 30),
    ]


def test_a_size_that_gives_the_label_away_is_a_warning(card: Card) -> None:
    found = {(row["cue"], row["source"]): row for row in card["shortcuts"]}
    assert found["pixels", None]["auroc"][0] < 0.1
    assert found["pixels", "cam"]["auroc"] is None
    assert found["jpeg_quality", None]["n"] == 14
    warned = "pixels alone hints at the label overall: AUROC 0.0"
    assert any(each.startswith(warned) for each in card["warnings"])


def test_each_generator_is_held_against_the_real_images_of_its_source(
    tmp_path: Path, write_manifest: Writer
) -> None:
    lines = []
    for at in range(30):
        with Image.open(save(tmp_path / f"r{at}.png", at)) as real:
            grey = ImageOps.grayscale(real).convert("RGB")
            grey.save(tmp_path / f"grey{at}.png")
        save(tmp_path / f"same{at}.png", 90 + at)
        lines += [f"r{at}.png,real,photos,photo", f"grey{at}.png,fake,photos,grey"]
        lines += [f"same{at}.png,fake,photos,same"]
    lines += ["r0.png,fake,elsewhere,alone"]
    lines = [line for line in lines if line != "r0.png,real,photos,photo"]
    rows = read_manifest(write_manifest("path,label,source,generator", *lines))
    card = data_card(rows, inspect_rows(rows.rows))
    found = {(row["cue"], row["generator"]): row for row in card["generator_shortcuts"]}
    grey = found["colourfulness", "grey"]
    assert (grey["n"], grey["n_fake"], grey["auroc"][0], grey["telling"]) == (59, 30, 0.0, True)
    assert not found["colourfulness", "same"]["telling"]
    assert found["format", "grey"]["auroc"][0] == 0.5
    assert found["sharpness", "alone"]["auroc"] is None  # no real image of its source
    assert (
        "colourfulness alone tells 1 of 3 generators from the real images of their source, by "
        "AUROC: grey (0.00)" in card["warnings"]
    )
    page = card_html(card)
    assert "<td>grey</td>" in page
    assert page.count("<td>yes</td>") == sum(
        row["telling"] for row in (*card["shortcuts"], *card["generator_shortcuts"])
    )


def test_a_format_that_only_fakes_have_gives_them_away(card: Card) -> None:
    found = {(row["cue"], row["source"]): row for row in card["shortcuts"]}
    assert found["format", None]["auroc"][0] > 0.9
    assert found["format", None]["telling"]
    assert found["format", "cam"]["auroc"] is None


def test_sizes_and_formats_are_told_by_label(card: Card) -> None:
    width = {row["label"]: row for row in card["measures"] if row["measure"] == "width"}
    assert width["fake"]["quantiles"] == [40.0] * 7
    assert max(width["real"]["quantiles"]) == 96
    assert {(row["format"], row["label"]): row["n"] for row in card["formats"]} == {
        ("JPEG", "real"): 14,
        ("PNG", "fake"): 12,
        ("PNG", "real"): 1,
    }


def test_the_page_names_rows_escapes_them_and_asks_for_nothing(card: Card, tmp_path: Path) -> None:
    write_card(card, tmp_path / "out")
    assert json.loads((tmp_path / "out" / "card.json").read_text()) == card
    page = (tmp_path / "out" / "card.html").read_text()
    assert page == card_html(card)
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"<(script|img|link|iframe)|https?://|url\(", page)
    assert "row 3 (f0.png, train, fake); row 28 (claim.png, train, real)" in page
    assert "unmatched: 1 (rows 7)" in page
    assert len(re.findall(r"<th(?! scope)[ >]", page)) == 0


def test_the_page_allows_nothing_but_its_own_style_sheet(card: Card) -> None:
    page = card_html(card)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert policy
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert "unsafe" not in policy[1]
    assert html.unescape(policy[1]).split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_the_words_say_what_matters(card: Card) -> None:
    words = card_words(card)
    assert words.startswith("29 images: 14 fake, 15 real\n")
    assert "families of copies: 1 within a split, 1 across splits" in words
    assert "dropped by import: 1 (unmatched 1)" in words
    assert "note: 2 files are missing or cannot be read" in words


def test_a_record_is_not_believed_of_an_edited_manifest(manifest: Path) -> None:
    write_origin(manifest, [step("import", manifest, 1, [])])
    manifest.write_text("path,label\nr0.jpg,real\n")
    rows = read_manifest(manifest)
    card = data_card(rows, inspect_rows(rows.rows))
    assert card["steps"] == []
    assert "one class only: real and fake images are both needed" in card["warnings"]
    assert "Nobody recorded how this manifest was made" in card_html(card)
    assert origin_path(manifest).name == "manifest.origin.json"


def test_a_folder_that_cannot_be_made_is_told(card: Card, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="the card cannot be written to"):
        write_card(card, tmp_path / "file")
