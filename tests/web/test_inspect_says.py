"""What Inspect tells of a file's own words: content credentials, generators, frames."""

from __future__ import annotations

from pathlib import Path

from review_app.i18n import use_language
from review_app.web.inspect import InspectPage
from storage.enums import Role
from tests.intake.samples import encode, exif
from tests.intake.samples import picture as image
from tests.intake.signing import Authority, signed
from tests.languages import GERMAN
from tests.web.handling import call_of
from tests.web.site import Site

GENERATED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def test_credentials_are_trusted_or_of_an_unknown_signer_or_broken_or_not_there(
    tmp_path: Path,
) -> None:
    ours, theirs, plain = Authority(), Authority(), encode(image(), "JPEG", exif=exif())
    (tmp_path / "anchors.pem").write_bytes(ours.root)
    trusted = signed(plain, "JPEG", ours, GENERATED)
    changed = bytearray(trusted)
    at = trusted.rindex(b"Example Painter")
    changed[at : at + 7] = b"Exemple"
    files = {
        "trusted": trusted,
        "unknown": signed(plain, "JPEG", theirs, GENERATED),
        "broken": bytes(changed),
        "none": plain,
        "frames": encode(image(), "GIF", save_all=True, append_images=[image(seed=1)]),
    }
    site = Site(tmp_path / "site", c2pa_trust=tmp_path / "anchors.pem")
    page, call = InspectPage(site.app), call_of(site, site.account(Role.REVIEWER))
    told, raw = {}, {}
    for name, data in files.items():
        path = tmp_path / f"{name}.jpg"
        path.write_bytes(data)
        _, shown, _ = page.read_upload(call, str(path))
        told[name] = shown.split('<section class="says"')[1].split("</section>")[0]
        raw[name] = shown.split('<section class="looks"')[1]
    path.write_bytes(trusted)
    with use_language(GERMAN):
        _, shown, _ = page.read_upload(call, str(path))
    site.close()

    made = "<dd>This file says that a generator made it: Example Painter 1. "
    assert f"{made}It is signed by somebody whom this site trusts" in told["trusted"]
    assert "<dt>Content credentials</dt><dd>valid, by a trusted signer</dd>" in told["trusted"]
    assert f"{made}It is signed, and nothing was changed since, but nobody" in told["unknown"]
    assert "<dd>valid, by a signer nobody here vouches for</dd>" in told["unknown"]
    assert "Its signature does not fit the file" in told["broken"]
    assert "<dd>broken: they do not fit the file</dd>" in told["broken"]
    assert "<dt>Content credentials</dt><dd>none: that proves nothing, most" in told["none"]
    assert "generator" not in told["none"]
    assert "<dd>2 frames; this is the first</dd>" in told["frames"]
    assert "<dd>gültig, von einem vertrauten Unterzeichner</dd>" in shown
    for name in ("trusted", "none"):
        assert "<dt>EXIF Make</dt><dd>Camera works</dd>" in raw[name]
        assert "generator made it" not in raw[name], "said once"
