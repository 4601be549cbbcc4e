"""The Data tab on a real application, and what the Export tab tells."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from review_app.core.errors import InputError
from review_app.i18n import LANGUAGES, Language, use_language
from review_app.i18n.catalogue import catalogue
from review_app.records.exports.columns import COLUMN_NAMES
from review_app.triage.uploaded import UploadedBatches
from review_app.web.admin.data import DataTab
from review_app.web.admin.export import ExportTab, columns
from review_app.web.handlers import Call
from storage.enums import LabelValue
from storage.types import utc_now
from tests.languages import GERMAN
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


def test_what_was_refused_is_told_again_to_whoever_uploaded_it(fresh: Site, tmp_path: Path) -> None:
    call, tab = admin_of(fresh), DataTab(fresh.app)
    assert tab.last(call)[:2] == ("", "")
    bad, odd = tmp_path / "bad.jpg", tmp_path / "odd.gif"
    bad.write_text("<html>no image</html>")
    images = [Image.open(io.BytesIO(picture(n))) for n in range(2)]
    images[0].save(odd, save_all=True, append_images=images[1:])
    told = tab.take_in(call, [str(bad), str(odd)])[:2]
    assert tab.last(call)[:2] == told
    uploaded = UploadedBatches(fresh.app.settings.data_dir / "uploaded")
    tab = DataTab(replace(fresh.app, uploaded=uploaded))  # as after a restart
    message, refused, look = tab.last(call)
    assert (message, refused) == told
    assert "odd.gif: 2 frames" in refused
    assert not look["active"]
    with use_language(GERMAN):
        assert "<td>bad.jpg</td><td>kein Bild</td>" in tab.last(call)[1]
    assert tab.last(admin_of(fresh))[:2] == ("", ""), "a colleague's"

    with uploaded.under_way(call.person.id):
        message, refused, look = tab.last(call)
        assert "Your upload is being taken in." in message
        assert (refused, look["active"]) == ("", True)
    message, _, look = tab.last(call)
    assert "It was cut off" in message, "by whatever ended the server"
    assert not look["active"]


def test_nothing_chosen_is_told_so(site: Site, call: Call) -> None:
    with pytest.raises(InputError, match="choose files"):
        DataTab(site.app).take_in(call, None)


def test_refusals_and_limits_are_told_in_the_language_of_whoever_asks(
    site: Site, call: Call, tmp_path: Path
) -> None:
    packed, listing = tmp_path / "damaged.zip", tmp_path / "list.csv"
    packed.write_bytes(b"PK\x03\x04 and no more")
    listing.write_text("path\n")
    with use_language(GERMAN):
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_column_of_the_export_is_explained_in_every_language(language: Language) -> None:
    with use_language(language):
        explained = columns()
    beginning = "export.column_"
    meanings = {
        key: said for key, said in catalogue(language).entries.items() if key.startswith(beginning)
    }
    assert {key.removeprefix(beginning) for key in meanings} == set(COLUMN_NAMES)
    for column in COLUMN_NAMES:
        row = f'<td><span lang="en">{column}</span></td><td>{meanings[beginning + column]}</td>'
        assert row in explained


def zipped(path: Path, files: Mapping[str, bytes | str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_labels_of_a_manifest_in_an_archive_are_counted(fresh: Site, tmp_path: Path) -> None:
    """Who uploads one learns whether labels were read; none, where a column has another name."""
    images = {"a.png": picture(1), "b.png": picture(2), "c.png": picture(3)}
    listing = "path,label\na.png,real\nb.png,fake\n"
    one = zipped(tmp_path / "one.zip", {**images, "manifest.csv": listing})
    other = zipped(
        tmp_path / "other.zip", {**images, "manifest.csv": listing.replace("label", "target")}
    )
    tab, call = DataTab(fresh.app), admin_of(fresh)
    message, _, _ = tab.take_in(call, [str(one)])
    assert "3 images taken in. 2 labels taken, 2 of them new." in message
    message, told, _ = tab.take_in(call, [str(other)])
    assert "0 images taken in, 3 known already. " in message
    assert "label" not in message
    assert "manifest.csv has no column label, and no label was taken" in told


def test_what_is_odd_about_uploads_is_told_in_the_language_of_whoever_asks(
    fresh: Site, tmp_path: Path
) -> None:
    images = [Image.open(io.BytesIO(picture(n))) for n in range(3)]
    images[0].save(tmp_path / "a.gif", save_all=True, append_images=images[1:])
    labelled = zipped(tmp_path / "set.zip", {"real/a.png": picture(4), "fake/b.png": picture(5)})
    uploads = [str(tmp_path / "a.gif"), str(labelled)]
    tab, call = DataTab(fresh.app), admin_of(fresh)
    with use_language(GERMAN):
        _, told, _ = tab.take_in(call, uploads)
    assert "<li>a.gif: 3 Einzelbilder; dies ist das erste</li>" in told
    assert "2 Bilder in set.zip liegen in Ordnern" in told
    assert str(tmp_path) not in told


def test_no_table_is_taken_for_a_manifest_and_no_refusal_tells_where_uploads_lie(
    fresh: Site, tmp_path: Path
) -> None:
    names = ("list.csv", "list.tsv", "list.jsonl", "list.parquet", "LIST.CSV")
    for name in names:
        (tmp_path / name).write_text("path\n/etc/passwd\n")
    broken = zipped(tmp_path / "broken.zip", {"a.png": picture(1), "m.csv": "a,b\n1,2\n"})
    uploads = [*(str(tmp_path / name) for name in names), str(broken)]
    message, told, _ = DataTab(fresh.app).take_in(admin_of(fresh), uploads)
    assert "1 image taken in, 6 refused." in message
    for name in names:
        assert f"<td>{name}</td><td>unsupported</td>" in told
    assert "<td>broken.zip/m.csv</td>" in told
    assert str(tmp_path) not in message + told
