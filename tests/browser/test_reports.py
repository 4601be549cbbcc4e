"""Data cards in a real browser: their policy lets their own style in, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext

from review_app.lab.datasets.card import data_card
from review_app.lab.datasets.card_page import write_card
from review_app.lab.datasets.fingerprints import inspect_rows
from review_app.manifests.manifest import read_manifest
from tests.applications import write_pictures

PLANTED = """<script>document.title = "owned"</script>
<style>body { display: none }</style>
<img src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="
  onerror="document.title = 'owned'">
"""


def test_a_card_shows_its_style_and_whatever_was_planted_stays_dead(
    new_context: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    real, fake = write_pictures(tmp_path, 2)
    manifest = tmp_path / "manifest.csv"
    manifest.write_text(f"path,label\n{real.name},real\n{fake.name},fake\n")
    rows = read_manifest(manifest)
    write_card(data_card(rows, inspect_rows(rows.rows)), tmp_path / "out")
    path = tmp_path / "out" / "card.html"
    page = new_context().new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))

    page.goto(path.as_uri())
    assert page.evaluate("getComputedStyle(document.body).maxWidth") == "960px"
    assert refused == []

    path.write_text(path.read_text().replace("<main>", f"<main>{PLANTED}"))
    page.goto(path.as_uri())
    assert page.evaluate("getComputedStyle(document.body).display") == "block"
    assert page.evaluate("document.images[0].naturalWidth") == 0
    assert "owned" not in page.title()
    assert len(refused) >= 3
