"""What a file says of itself is read whole, and that a generator made it is told."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image, PngImagePlugin

from review_app.core.settings import Settings
from review_app.forensics.claims import ClaimEvidence, claims, generator_claim
from review_app.forensics.metadata import facts
from review_app.intake.credentials import Credentials
from review_app.intake.decode import decode
from tests.applications import deployment
from tests.intake.samples import LIMITS, encode, picture
from tests.intake.signing import Authority, signed

FAULTS = Path(__file__).parents[2] / "../shared/faults"
PARAMETERS = (
    "portrait of a woman, “naïve” " + "very detailed, " * 300 + "\nNegative prompt: blurry\n"
    "Steps: 30, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 1234, Size: 512x512"
)
GENERATED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def read(data: bytes) -> dict[str, Any]:
    found = decode(data, "a", LIMITS).metadata
    json.dumps(found, allow_nan=False)
    return found


def commented(comment: bytes) -> Image.Exif:
    tags = Image.Exif()
    tags[ExifTags.Base.Make] = "Camera works"
    tags.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = comment
    return tags


@pytest.mark.parametrize("format_name", ["JPEG", "WEBP", "AVIF", "PNG"])
@pytest.mark.parametrize(
    "encoded",
    [
        b"UNICODE\0" + PARAMETERS.encode("utf-16-be"),
        b"UNICODE\0" + PARAMETERS.encode("utf-16-le"),
        b"UNICODE\0" + PARAMETERS.encode("utf-16"),
        b"ASCII\0\0\0" + PARAMETERS.encode(),
        bytes(8) + PARAMETERS.encode(),
    ],
    ids=["be", "le", "bom", "ascii", "undefined"],
)
def test_parameters_of_stable_diffusion_are_read_whole_in_every_format(
    format_name: str, encoded: bytes
) -> None:
    metadata = read(encode(picture(), format_name, exif=commented(encoded)))
    assert metadata["exif"]["UserComment"] == PARAMETERS
    assert generator_claim(metadata) == "metadata: Stable Diffusion"


def test_titles_and_comments_of_windows_are_read() -> None:
    tags = Image.Exif()
    tags[0x9C9C] = "Schöne Grüße".encode("utf-16-le") + b"\0\0"
    tags[0x9C9E] = "AI generated;portrait".encode("utf-16-le") + b"\0\0"
    metadata = read(encode(picture(), "JPEG", exif=tags))
    assert metadata["exif"]["XPComment"] == "Schöne Grüße"
    assert metadata["exif"]["XPKeywords"] == "AI generated;portrait"
    assert generator_claim(metadata) == "metadata"


def packet(inner: str, history: int = 0) -> bytes:
    saved = (
        "<rdf:li rdf:parseType='Resource'><stEvt:action>saved</stEvt:action>"
        "<stEvt:softwareAgent>Adobe Photoshop</stEvt:softwareAgent></rdf:li>"
    )
    return (
        "<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>"
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'>"
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        "<rdf:Description rdf:about='' xmlns:xmpMM='http://ns.adobe.com/xap/1.0/mm/'"
        " xmlns:stEvt='http://ns.adobe.com/xap/1.0/sType/ResourceEvent#'"
        " xmlns:dc='http://purl.org/dc/elements/1.1/'"
        " xmlns:Iptc4xmpExt='http://iptc.org/std/Iptc4xmpExt/2008-02-29/'>"
        f"<xmpMM:History><rdf:Seq>{saved * history}</rdf:Seq></xmpMM:History>{inner}"
        "</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>"
    ).encode()


SAYS = f"<Iptc4xmpExt:DigitalSourceType>{GENERATED}</Iptc4xmpExt:DigitalSourceType>"


@pytest.mark.parametrize("format_name", ["JPEG", "WEBP", "AVIF", "TIFF", "PNG"])
@pytest.mark.parametrize("history", [0, 40, 300])
def test_xmp_is_parsed_to_its_end(format_name: str, history: int) -> None:
    xmp = packet(SAYS + "<dc:creator><rdf:Seq><rdf:li>Ada</rdf:li></rdf:Seq></dc:creator>", history)
    if history == 300 and format_name == "JPEG":
        assert len(xmp) < 65_000  # one segment of a JPEG
    options: dict[str, Any] = {"xmp": xmp}
    if format_name == "TIFF":
        options = {"tiffinfo": {700: xmp}}
    elif format_name == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp.decode())
        options = {"pnginfo": info}
    metadata = read(encode(picture(), format_name, **options))
    assert metadata["xmp"]["Iptc4xmpExt:DigitalSourceType"] == GENERATED
    assert metadata["xmp"]["dc:creator"] == "Ada"
    assert generator_claim(metadata) == "metadata"


def test_hundreds_of_settings_of_a_raw_converter_push_nothing_out() -> None:
    settings = "".join(f"<crs:Setting{n}>{n}</crs:Setting{n}>" for n in range(300))
    xmp = packet(settings + SAYS).replace(b" xmlns:dc", b" xmlns:crs='http://x/crs' xmlns:dc")
    metadata = read(encode(picture(), "JPEG", xmp=xmp))
    assert metadata["xmp"]["Iptc4xmpExt:DigitalSourceType"] == GENERATED
    assert len(metadata["xmp"]) == 200


@pytest.mark.parametrize(
    "hostile",
    [
        b"<!DOCTYPE a [<!ENTITY b 'cccc'>]><a>&b;</a>",
        b"<x:xmpmeta " + SAYS.encode(),
        b"<a>" * 100_000,
        b"no xml",
        b"\xff\xfe<\0",
    ],
)
def test_xmp_that_is_no_xml_stays_text(hostile: bytes) -> None:
    data = encode(picture(), "WEBP", xmp=hostile)
    assert isinstance(read(data).get("xmp"), str)


def iim(**texts: bytes) -> bytes:
    """A JPEG with an IPTC record, as agencies and Google write it."""
    numbers = {"keywords": 25, "credit": 110}
    records = b"\x1c\x01\x5a\0\x03\x1b%G" + b"".join(
        struct.pack(">BBBH", 0x1C, 2, numbers[name], len(text)) + text
        for name, text in texts.items()
    )
    body = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records
    data = encode(picture(), "JPEG")
    return (
        data[:2]
        + b"\xff\xed"
        + struct.pack(">H", len(body) + 2 + len(body) % 2)
        + (body + b"\0" * (len(body) % 2))
        + data[2:]
    )


def test_iptc_records_are_read() -> None:
    metadata = read(iim(credit=b"Made with Google AI", keywords="Grüße".encode()))
    assert metadata["iptc"] == {"Credit": "Made with Google AI", "Keywords": "Grüße"}
    assert generator_claim(metadata) == "metadata: Google AI"
    assert "IPTC Credit" in [fact.name for fact in facts(metadata, revealing=True)]


@pytest.mark.parametrize(
    ("metadata", "claim"),
    [
        ({"text": {"workflow": '{"nodes": [{"id": 1'}}, "metadata: ComfyUI"),
        ({"text": {"prompt": '{"3": {"class_type": "KSampler"'}}, "metadata: ComfyUI"),
        ({"text": {"Software": "NovelAI"}}, "metadata: NovelAI"),
        ({"exif": {"Make": 'prompt:{"3": {"inputs": {}}}'}}, "metadata: ComfyUI"),
        ({"exif": {"Software": "Adobe Firefly"}}, "metadata: Adobe Firefly"),
        ({"text": {"Description": "a cat --v 6.1 Job ID: " + "0" * 36}}, "metadata: Midjourney"),
        ({"xmp": {"Iptc4xmpExt:AISystemUsed": "Foo 3"}}, "metadata: Foo 3"),
        ({"xmp": {"TC260:AIGC": '{"Label":"1"}'}}, "metadata"),
        ({"xmp": f"<x DigitalSourceType='{GENERATED}'"}, "metadata"),
        ({"iptc": {"Keywords": ["not AI-generated", "no AI-generated content"]}}, None),
        ({"exif": {"Software": "Adobe Photoshop 25.0", "Model": "Runway Cam"}}, None),
        ({"xmp": {"dc:description": "Gemini rocket on the runway, photo by Forge"}}, None),
        ({"text": {"prompt": "What do you see?", "workflow": "approved by Ada"}}, None),
        ({"xmp": {"Iptc4xmpExt:DigitalSourceType": "http://x/digitalCapture"}}, None),
        ({"exif": {"UserComment": "Steps: 12, by foot. Seed: none"}}, "metadata: Stable Diffusion"),
        ({}, None),
        (None, None),
    ],
)
def test_who_made_it_is_told_where_the_file_says_so_and_only_there(
    metadata: dict[str, Any] | None, claim: str | None
) -> None:
    assert generator_claim(metadata) == claim


def test_one_line_says_so_before_the_raw_rows_and_how_easily_it_is_forged() -> None:
    metadata = read(encode(picture(), "JPEG", exif=commented(b"ASCII\0\0\0" + PARAMETERS.encode())))
    line, *rows = facts(metadata, revealing=True)
    assert line.value.startswith("This file says that a generator made it: Stable Diffusion.")
    assert "anybody can write it there" in line.value
    assert any(row.value.startswith("portrait of a woman") for row in rows)
    assert max(len(row.value) for row in rows) <= 2_001


def test_who_looks_blindly_is_not_told_what_made_the_image() -> None:
    metadata = read(encode(picture(), "JPEG", exif=commented(b"ASCII\0\0\0" + PARAMETERS.encode())))
    metadata["exif"]["Model"] = "X100"
    told = {fact.name: fact.value for fact in facts(metadata)}
    assert told == {"EXIF Make": "Camera works", "EXIF Model": "X100", "Dots per inch": "72, 72"}


def test_much_text_is_kept_to_a_limit() -> None:
    info = PngImagePlugin.PngInfo()
    for n in range(30):
        info.add_text(f"Text {n}", "x" * 15_000)
    assert len(json.dumps(read(encode(picture(), "PNG", pnginfo=info)))) < 80_000


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def test_credentials_that_nothing_here_can_check_are_told_apart_from_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("review_app.intake.credentials.C2PA_AVAILABLE", False)
    data = encode(picture(), "PNG")
    assert Credentials().read(data, "PNG") is None
    found = Credentials().read(data[:33] + chunk(b"caBX", b"jumb c2pa") + data[33:], "PNG")
    assert found == {"state": "unchecked"}
    (row,) = facts({"c2pa": found})
    assert row.name == "Content credentials"
    assert "not checked" in row.value


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_content_credentials_are_trusted_or_of_an_unknown_signer_or_broken(
    tmp_path: Path, format_name: str
) -> None:
    authority = Authority()
    anchors = tmp_path / "anchors.pem"
    anchors.write_bytes(authority.root)
    data = signed(encode(picture(), format_name), format_name, authority, GENERATED)

    def state(data: bytes, credentials: Credentials) -> tuple[object, str | None]:
        found = credentials.read(data, format_name)
        assert found is not None
        return found["state"], generator_claim({"c2pa": found})

    assert state(data, Credentials(anchors)) == ("trusted", "c2pa_trusted: Example Painter 1")
    assert state(data, Credentials()) == ("valid", "c2pa_unknown_signer: Example Painter 1")
    changed = bytearray(data)
    at = data.rindex(b"Example Painter")
    changed[at : at + 7] = b"Exemple"
    assert state(bytes(changed), Credentials(anchors)) == (
        "broken",
        "c2pa_broken: Exemple Painter 1",
    )
    assert Credentials(anchors).read(encode(picture(), format_name), format_name) is None


def test_credentials_of_a_camera_are_told_and_are_no_claim_of_a_generator() -> None:
    source = GENERATED.replace("trainedAlgorithmicMedia", "digitalCapture")
    data = signed(encode(picture(), "JPEG"), "JPEG", Authority(), source)
    metadata = {"c2pa": Credentials().read(data, "JPEG")}
    assert claims(metadata) == []
    rows = {fact.name: fact.value for fact in facts(metadata)}
    assert rows["Content credentials"] == "valid, by a signer nobody here vouches for"
    assert rows["Content credentials: kinds of source"] == "digitalCapture"


@pytest.mark.parametrize(
    "damage", [lambda d: d[: len(d) // 2], lambda d: d.replace(b"c2pa", b"c2pb", 3)]
)
def test_damaged_credentials_hold_up_nothing(damage: Callable[[bytes], bytes]) -> None:
    data = signed(encode(picture(), "JPEG"), "JPEG", Authority(), GENERATED)
    found = Credentials().read(damage(data), "JPEG")
    assert found is None or found["state"] == "broken"


def test_the_record_and_the_export_say_so(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    data = encode(picture(), "JPEG", exif=commented(b"ASCII\0\0\0" + PARAMETERS.encode()))
    (folder / "a.jpg").write_bytes(data)
    frames = [picture(seed=n) for n in range(6)]
    (folder / "b.gif").write_bytes(
        encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    )
    from tests.records.exporting import rows

    with deployment(tmp_path) as place:
        place.app.intake.ingest([folder], "tester")
        told = {Path(row["path"]).name: row for row in rows(place.app.database)}
        admin = place.factory.admin("root")
        shown = {
            Path(record.file.name).name: record.file
            for record in (place.app.records.show(admin, item) for item in place.items())
        }
    assert told["a.jpg"]["generator_claim"] == "metadata: Stable Diffusion"
    assert (told["a.jpg"]["n_frames"], told["b.gif"]["n_frames"]) == (1, 6)
    assert told["b.gif"]["generator_claim"] is None
    assert (shown["a.jpg"].n_frames, shown["b.gif"].n_frames) == (1, 6)


def test_a_file_of_certificates_that_is_none_is_told(tmp_path: Path) -> None:
    from review_app.bootstrap import open_application
    from review_app.core.errors import SettingsError

    settings = Settings(data_dir=tmp_path / "data", c2pa_trust=tmp_path / "none.pem")
    with pytest.raises(SettingsError, match="REVIEW_C2PA_TRUST"):
        open_application(settings)


def test_evidence_is_ordered_from_the_strongest() -> None:
    metadata = {"c2pa": {"state": "trusted", "sources": ["trainedAlgorithmicMedia"]}}
    metadata["text"] = {"Software": "NovelAI"}
    found = claims(metadata)
    assert [claim.evidence for claim in found] == [ClaimEvidence.TRUSTED, ClaimEvidence.METADATA]
    assert generator_claim(metadata) == "c2pa_trusted: NovelAI"


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "claim"),
    [
        ("a1111.jpg", "metadata: Stable Diffusion"),
        ("comfy_zTXt.png", "metadata: ComfyUI"),
        ("iptc_credit.jpg", "metadata: Google AI"),
        ("xmp_long.jpg", "metadata"),
        ("xmp_orient6.jpg", None),
    ],
)
def test_the_files_whose_words_were_lost(name: str, claim: str | None) -> None:
    if not FAULTS.is_dir():
        pytest.skip(f"the inputs are not at {FAULTS}")
    data = (FAULTS / name).read_bytes()
    assert generator_claim(decode(data, name, LIMITS).metadata) == claim
