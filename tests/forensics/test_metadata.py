"""What a file says about itself, without what names it."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from review_app.forensics.metadata import MAX_ROWS, Fact, facts
from review_app.i18n import t
from review_app.intake.metadata import read_metadata
from tests.intake.samples import encode, exif, icc, picture


def test_the_rows_are_what_the_file_holds() -> None:
    data = encode(picture(), "JPEG", exif=exif(), icc_profile=icc(), comment=b"made by hand")
    rows = facts(read_metadata(Image.open(BytesIO(data))))
    assert Fact("EXIF Make", "Camera works") in rows
    assert Fact("GPS GPSLatitude", "48, 51, 29.9") in rows
    assert Fact("Comment", "made by hand") in rows
    assert any(row.name == "Colour profile" for row in rows)


def test_what_names_the_file_or_its_source_is_withheld() -> None:
    metadata = {
        "exif": {"DocumentName": "anything", "Software": "Editor 1"},
        "xmp": "<x:path>C:/FAKES/Forged_0001.psd</x:path>",
        "text": {"prompt": "a cat", "from": "the Wild-Set collection"},
    }
    rows = facts(metadata, ["forged_0001", "wild-set", "", "1"])
    assert rows == [
        Fact("EXIF DocumentName", t("inspect.withheld")),
        Fact("EXIF Software", "Editor 1"),
        Fact("XMP", t("inspect.withheld")),
        Fact("Text prompt", "a cat"),
        Fact("Text from", t("inspect.withheld")),
    ]


def test_the_list_ends_somewhere_and_may_be_empty() -> None:
    assert facts({}) == []
    assert len(facts({"text": {str(i): "x" for i in range(999)}})) == MAX_ROWS
