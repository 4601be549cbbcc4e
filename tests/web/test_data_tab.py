"""The Data tab on a real application, and what the Export tab tells."""

from __future__ import annotations

import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from review_app.errors import InputError
from review_app.learning.export import COLUMNS
from review_app.web.admin.data import DataTab
from review_app.web.admin.export import ExportTab, columns
from review_app.web.handlers import Call
from review_app.words import Language, speaking
from review_app.words.catalogue import catalogue
from storage.enums import LabelValue
from storage.types import utc_now
from tests.web.handling import admin_of
from tests.web.site import Site, picture


def test_uploads_are_taken_in_triaged_and_deleted_and_refusals_named(
    fresh: Site, tmp_path: Path
) -> None:
    folder = tmp_path / "gradio-upload"
    folder.mkdir()
    good, bad, listing = folder / "good.png", folder / "bad.jpg", folder / "server.csv"
    good.write_bytes(picture(1))
    bad.write_text("<html>no image</html>")
    listing.write_text("path\n/etc/passwd\n")
    archive = folder / "more.zip"
    with zipfile.ZipFile(archive, "w") as more:
        more.writestr("inner.png", picture(2))
        more.writestr("<i>empty</i>.png", b"")
    uploads = [good, bad, listing, archive]

    tab, call = DataTab(fresh.app), admin_of(fresh)
    message, refused, cleared = tab.take_in(call, [str(path) for path in uploads])

    assert "2 images taken in, 3 refused. 0 accepted by the policy, 2 to people." in message
    assert cleared is None
    assert not any(path.exists() for path in uploads)
    assert "<td>bad.jpg</td><td>not an image</td>" in refused
    assert "<td>server.csv</td><td>unsupported</td>" in refused
    assert "<td>more.zip/&lt;i&gt;empty&lt;/i&gt;.png</td><td>empty</td>" in refused
    assert str(folder) not in refused


def test_nothing_chosen_is_told_so(site: Site, call: Call) -> None:
    with pytest.raises(InputError, match="choose files"):
        DataTab(site.app).take_in(call, None)


def test_refusals_and_limits_are_told_in_the_language_of_whoever_asks(
    site: Site, call: Call, tmp_path: Path
) -> None:
    packed, listing = tmp_path / "damaged.zip", tmp_path / "list.csv"
    packed.write_bytes(b"PK\x03\x04 and no more")
    listing.write_text("path\n")
    with speaking(Language.DE):
        message, refused, _ = DataTab(site.app).take_in(call, [str(packed), str(listing)])
        remark = DataTab(site.app).remark(call)
    assert "0 Bilder eingelesen, 2 abgelehnt. Von der Richtlinie angenommen: 0;" in message
    assert "<td>damaged.zip</td><td>nicht lesbar</td><td>ein beschädigtes Zip-Archiv" in refused
    assert "<td>list.csv</td><td>nicht unterstützt</td><td>eine Tabelle lässt sich" in refused
    assert f"höchstens {site.app.settings.max_file_mb:g} MiB" in remark


def test_the_export_tab_tells_which_answers_are_left_out(fresh: Site) -> None:
    tab, call = ExportTab(fresh.app), admin_of(fresh)
    assert tab.held_back(call) == ""
    item = fresh.factory.item()
    later = utc_now() + timedelta(minutes=5)
    fresh.factory.label(fresh.factory.person(), item, LabelValue.REAL, final_at=later)
    assert "1 answer can still be taken back and does not count yet. Exports" in tab.held_back(call)


@pytest.mark.parametrize("language", Language)
def test_every_column_of_the_export_is_explained_in_every_language(language: Language) -> None:
    with speaking(language):
        explained = columns()
    beginning = "export.column_"
    meanings = {key: said for key, said in catalogue(language).items() if key.startswith(beginning)}
    assert {key.removeprefix(beginning) for key in meanings} == set(COLUMNS)
    for column in COLUMNS:
        row = f'<td><span lang="en">{column}</span></td><td>{meanings[beginning + column]}</td>'
        assert row in explained
