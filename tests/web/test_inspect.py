"""The Inspect page: hostile uploads, samples, and readings that say what they mean."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import gradio as gr
import pytest
from PIL import Image

from review_app.core.errors import InputError
from review_app.forensics.views import View
from review_app.i18n import LANGUAGES, use_language
from review_app.inspection.inspector import HeadReading, Inspection
from review_app.inspection.worker import SHOWN_PIXELS
from review_app.web.handlers import Call
from review_app.web.inspect import InspectPage, readings, verdict
from storage.enums import Role
from tests.web.handling import call_of
from tests.web.site import Site, picture

HOSTILE = "<img src=x onerror=alert(1)>.png"


@pytest.fixture(scope="module")
def page(site: Site) -> InspectPage:
    return InspectPage(site.app)


@pytest.fixture(scope="module")
def call(site: Site) -> Call:
    """An event that a reviewer caused: Inspect is for everybody who is signed in."""
    return call_of(site, site.account(Role.REVIEWER))


def upload(folder: Path, name: str, data: bytes) -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


def test_an_upload_is_read_by_every_head_and_deleted(
    site: Site, page: InspectPage, call: Call, tmp_path: Path
) -> None:
    path = upload(tmp_path, HOSTILE, picture(3))
    sentence, shown, cleared = page.read_upload(call, path)
    assert "P(fake)" in sentence
    for head in site.app.inspector.heads():
        assert f'data-head="{head}"' in shown
    assert shown.count("decides in triage") == 1
    assert "&lt;img src=x" in shown
    assert "<img src=x" not in shown
    assert cleared is None
    assert not Path(path).exists()


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("empty.png", b"", "no bytes"),
        ("page.jpg", b"<!doctype html><html></html>", "a web page"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        ("cut.png", picture(4)[:400], "damaged or truncated"),
        (HOSTILE, b"nothing", "cannot be read"),
    ],
)
def test_a_file_that_is_no_image_is_refused_in_words(
    page: InspectPage, call: Call, tmp_path: Path, name: str, data: bytes, why: str
) -> None:
    path = upload(tmp_path, name, data)
    sentence, shown, _ = page.read_upload(call, path)
    assert why in sentence
    assert "Try another image." in sentence
    assert "<img" not in sentence
    assert shown == ""  # no reading of an earlier image stays under the refusal
    assert not Path(path).exists()


def test_an_image_over_the_limits_is_refused(tmp_path: Path, call: Call) -> None:
    site = Site(tmp_path / "small", max_megapixels=0.01)
    path = upload(tmp_path, "large.png", picture(5))
    sentence, _, _ = InspectPage(site.app).read_upload(call, path)
    assert "the limit is 10,000 pixels" in sentence
    site.close()


def test_the_picture_shown_is_a_small_copy_without_metadata(
    page: InspectPage, call: Call, tmp_path: Path
) -> None:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "SecretCam"
    Image.new("RGB", (2000, 1000), "grey").save(out, "JPEG", exif=exif)
    _, shown, _ = page.read_upload(call, upload(tmp_path, "exif.jpg", out.getvalue()))
    assert "2000 × 1000 pixels" in shown
    encoded = re.search(r"data:image/jpeg;base64,([^\"]+)", shown)
    assert encoded is not None
    data = base64.b64decode(encoded.group(1))
    assert b"SecretCam" not in data
    with Image.open(io.BytesIO(data)) as image:
        assert max(image.size) == SHOWN_PIXELS


def test_one_can_look_closer_at_ones_own_image_and_at_nobody_elses(
    site: Site, page: InspectPage, tmp_path: Path
) -> None:
    client, person = site.signed_in()
    call = Call(person, "", gr.Progress())
    _, shown, _ = page.read_upload(call, upload(tmp_path, "mine.png", picture(9)))
    addresses = re.findall(r'src="(/inspected/[^"]+)"', shown)
    assert [address.rsplit("/", 1)[1] for address in addresses] == list(View)
    for address in addresses:
        reply = client.get(address)
        assert (reply.status_code, reply.headers["content-type"]) == (200, "image/webp")
        assert reply.headers["cache-control"] == "no-store"
    other, _ = site.signed_in(Role.ADMIN)
    assert other.get(addresses[0]).status_code == 404
    assert site.anybody().get(addresses[0]).status_code == 401


def test_what_the_file_says_is_shown_as_text(page: InspectPage, call: Call, tmp_path: Path) -> None:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x0131] = "<script>alert(1)</script>"
    Image.new("RGB", (20, 10), "grey").save(out, "JPEG", exif=exif)
    _, shown, _ = page.read_upload(call, upload(tmp_path, "said.jpg", out.getvalue()))
    assert "<dt>EXIF Software</dt><dd>&lt;script&gt;" in shown


def test_every_sample_has_a_button_and_a_credit(site: Site, page: InspectPage, call: Call) -> None:
    shown = page.load_samples(call)
    samples = site.app.inspector.samples()
    assert shown.count("<button") == len(samples) > 0
    assert all(sample.credit for sample in samples)
    names = set()
    for language in LANGUAGES:
        with use_language(language):
            names |= {sample.name for sample in samples}
    kinds = {(sample.photo, sample.method) for sample in samples}
    assert len(names) == len(LANGUAGES) * len(kinds), "each is named in each language"


def test_a_sample_is_read(site: Site, page: InspectPage, call: Call) -> None:
    picked = Call(call.person, call.origin, call.progress, gr.EventData(None, {"sample": 1}))
    sentence, shown = page.read_sample(picked)
    assert "P(fake)" in sentence
    assert 'class="readings"' in shown


@pytest.mark.parametrize("number", [-1, 10_000, "0", None, 0.5])
def test_a_sample_that_does_not_exist_is_refused(
    page: InspectPage, call: Call, number: object
) -> None:
    event = gr.EventData(None, {"sample": number})
    with pytest.raises(InputError, match="no such sample"):
        page.read_sample(Call(call.person, call.origin, call.progress, event))


def test_the_page_says_what_the_detector_has_learned_from(
    site: Site, page: InspectPage, call: Call
) -> None:
    words, heads = page.load_detector(call)
    assert site.app.policies.current().checkpoint in words
    assert "never proof" in words
    assert [value for _, value in heads["choices"]] == heads["value"]
    assert heads["value"] == site.app.inspector.heads()


def test_the_same_image_gives_the_same_reading(
    page: InspectPage, call: Call, tmp_path: Path
) -> None:
    def reading() -> tuple[str, str]:
        sentence, shown, _ = page.read_upload(call, upload(tmp_path, "a.png", picture(6)))
        return sentence, shown.partition('<section class="looks"')[0]

    assert reading() == reading()


def test_numbers_are_printed_beside_what_is_drawn() -> None:
    head = HeadReading("mc_dropout", "MC dropout", 0.834, 0.091, 0.45, 0.021, "Likely fake.", True)
    inspection = Inspection([head], "Likely fake, <b>but</b> uncertain.", None, False, "", "c")
    shown = readings("a.png", b"", (40, 30), inspection)
    for text in ("0.83 ± 0.09", "0.450", "0.021", "MC dropout", "Likely fake.", "40 × 30"):
        assert text in shown
    assert shown.count('role="img"') == 2
    assert "&lt;b&gt;but&lt;/b&gt;" in verdict(inspection)
    assert "training images" not in shown


@pytest.mark.parametrize(
    ("z", "unlike", "told", "words"),
    [
        (0.42, False, "", "Like its training images."),
        (0.42, False, "Looks like: faces.", "Looks like: faces."),
        (3.1, True, "Not proven here.", "Not proven here."),
    ],
)
def test_the_page_says_whether_an_image_is_like_what_was_measured(
    z: float, unlike: bool, told: str, words: str
) -> None:
    shown = readings("a.png", b"", (40, 30), Inspection([], "Words.", z, unlike, told, "c"))
    assert f"<span>{words}</span>" in shown
    assert ('class="novelty unlike"' in shown) == unlike
    assert f"z {z:.1f}" in shown
