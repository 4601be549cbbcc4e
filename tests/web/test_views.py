"""Forensic views over HTTP: for whom, when, and what is kept of them."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from review_app.forensics.error_level import error_level
from review_app.forensics.planes import LARGEST_SIDE
from review_app.forensics.views import PIXEL_VIEWS, View
from review_app.i18n import t
from review_app.intake.small import SMALL
from review_app.policy.review_options import Reveal, ReviewOptions, change_options
from storage.enums import Role
from tests.intake.samples import encode, exif
from tests.web.site import Site, picture, site_of


@pytest.fixture(autouse=True)
def _policy_in_force(site: Site) -> None:
    site.app.policies.current()


def derived(site: Site) -> list[Path]:
    """What is kept on disk of views."""
    folder = site.app.settings.data_dir / "media" / "derived"
    return sorted(path for path in folder.rglob("*") if path.is_file())


def taken(site: Site, decided: bool = False) -> tuple[TestClient, int]:
    """A reviewer, and the new item in their hands."""
    item_id = site.items(1, decided=decided)[0]
    client, _ = site.signed_in()
    client.post("/api/v1/review/take", json={"n": 1})
    return client, item_id


def answer(client: TestClient, item_id: int) -> None:
    handle = site_of(client).handle(item_id)
    sent = {"client_id": f"views-{item_id:04}", "item_id": handle, "value": "real"}
    assert client.post("/api/v1/review/label", json=sent).status_code == 200


@pytest.mark.parametrize("view", PIXEL_VIEWS)
def test_a_view_of_what_was_handed_out_is_a_picture_of_its_size(site: Site, view: View) -> None:
    client, item_id = taken(site)
    reply = client.get(f"/media/{site.handle(item_id)}/view/{view}")
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "image/webp"
    assert reply.headers["cache-control"] == "private, max-age=3600, immutable"
    with Image.open(io.BytesIO(reply.content)) as drawn:
        assert max(drawn.size) <= LARGEST_SIDE
        if view is not View.SPECTRUM:
            assert drawn.size == (320, 240)


@pytest.mark.parametrize("what", [*(f"view/{view}" for view in View), "metadata", "small"])
def test_nobody_looks_closer_at_what_was_not_handed_to_them(site: Site, what: str) -> None:
    _, item_id = taken(site)
    other, _ = site.signed_in()
    named = (site.handle(item_id), item_id, "never-handed-out")
    refused = [other.get(f"/media/{name}/{what}") for name in named]
    assert {reply.status_code for reply in refused} == {403}
    assert len({reply.text for reply in refused}) == 1, "which ids exist is no news"
    assert site.anybody().get(f"/media/{site.handle(item_id)}/{what}").status_code == 401
    admin, _ = site.signed_in(Role.ADMIN)
    assert admin.get(f"/api/v1/admin/images/{10**9}/{what}").status_code == 404
    assert admin.get(f"/api/v1/admin/images/{item_id}/view/everything").status_code == 422


def test_a_small_picture_is_the_image_itself_and_no_larger_than_it(site: Site) -> None:
    client, item_id = taken(site)
    reply = client.get(f"/media/{site.handle(item_id)}/small")
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "image/webp"
    with Image.open(io.BytesIO(reply.content)) as small:
        assert small.size == (320, 240)
        told = np.asarray(small.convert("RGB"), np.float64)
    with Image.open(io.BytesIO(picture(item_id))) as original:
        assert np.abs(told - np.asarray(original.convert("RGB"), np.float64)).mean() < 4


def test_an_image_that_is_too_large_for_views_has_a_small_picture(
    site: Site, tmp_path: Path
) -> None:
    coarse = Image.open(io.BytesIO(picture(5, 80, 65))).convert("L")
    photo = coarse.resize((8000, 6500), Image.Resampling.BOX)
    assert photo.width * photo.height > 50_000_000
    data = encode(photo, "JPEG")
    item_id = ingested(site, tmp_path, data, "large.jpg", "camera")
    admin, _ = site.signed_in(Role.ADMIN)
    address = f"/api/v1/admin/images/{item_id}"
    assert admin.get(f"{address}/view/noise").status_code == 400
    small = admin.get(f"{address}/small")  # made as it was taken in
    folder = site.app.media.derived(hashlib.sha256(data).hexdigest(), "any").parent
    for path in folder.iterdir():
        path.unlink()
    again = admin.get(f"{address}/small")  # drawn, since it is kept no longer
    for reply in (small, again):
        assert reply.status_code == 200
        drawn = Image.open(io.BytesIO(reply.content))
        assert drawn.size == (SMALL, 390)
        told = np.asarray(drawn.convert("L"), np.float64)
        wanted = coarse.resize((SMALL, 390), Image.Resampling.BOX)
        assert np.abs(told - np.asarray(wanted, np.float64)).mean() < 4


def test_a_view_is_computed_once_and_kept_by_content(site: Site) -> None:
    client, item_id = taken(site)
    before = derived(site)
    first = client.get(f"/media/{site.handle(item_id)}/view/noise")
    (kept,) = set(derived(site)) - set(before)
    assert kept.read_bytes() == first.content
    assert kept.name == "noise-1.webp"
    written = kept.stat().st_ino
    assert client.get(f"/media/{site.handle(item_id)}/view/noise").content == first.content
    assert kept.stat().st_ino == written
    kept.unlink()
    assert client.get(f"/media/{site.handle(item_id)}/view/noise").content == first.content


def test_what_was_drawn_for_others_is_drawn_again_for_whoever_looks_first(site: Site) -> None:
    """It would come sooner, and known images, which others have seen, be known by that."""
    client, item_id = taken(site)
    before = derived(site)
    places = ("view/noise", "small")
    first = [client.get(f"/media/{site.handle(item_id)}/{place}").content for place in places]
    kept = set(derived(site)) - set(before)
    client.post("/api/v1/review/release", json={})
    other, _ = site.signed_in()
    other.post("/api/v1/review/take", json={"n": 1})
    for path in kept:
        path.write_bytes(riff(b"as it was drawn for somebody else"))
    handle = site.handle(item_id)
    assert [other.get(f"/media/{handle}/{place}").content for place in places] == first
    for path in kept:
        path.write_bytes(riff(b"as it was drawn for them"))
    again = [other.get(f"/media/{handle}/{place}").content for place in places]
    assert set(again) == {riff(b"as it was drawn for them")}


def riff(body: bytes) -> bytes:
    """What is as long as a kept picture has to be."""
    return b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WEBP" + body


def test_where_the_detector_looked_is_told_only_after_the_answer(site: Site) -> None:
    client, item_id = taken(site, decided=True)
    address = f"/media/{site.handle(item_id)}/view/saliency"
    before = client.get(address)
    assert before.status_code == 403
    assert "after your own answer" in before.text
    assert before.headers["cache-control"] == "no-store"
    answer(client, item_id)
    after = client.get(address)
    assert (after.status_code, after.headers["content-type"]) == (200, "image/webp")
    client.post("/api/v1/review/undo", json={"client_id": f"undo-{item_id:06}"})
    assert client.get(address).status_code == 200, "they have seen the opinion already"
    colleague, _ = site.signed_in()
    assert colleague.get(address).status_code == 403


def test_where_the_detector_looked_is_never_told_where_its_opinion_is_not(site: Site) -> None:
    _, admin = site.signed_in(Role.ADMIN)
    change_options(site.app.database, admin, ReviewOptions(reveal=Reveal.NEVER))
    client, item_id = taken(site, decided=True)
    answer(client, item_id)
    assert client.get(f"/media/{site.handle(item_id)}/view/saliency").status_code == 403
    change_options(site.app.database, admin, ReviewOptions())


def test_an_admin_with_the_item_in_hand_is_as_blind_as_a_reviewer(site: Site) -> None:
    item_id = site.items(1, decided=True)[0]
    judging, _ = site.signed_in(Role.ADMIN)
    judging.post("/api/v1/review/take", json={"n": 1})
    assert judging.get(f"/media/{site.handle(item_id)}/view/saliency").status_code == 403
    assert judging.get(f"/api/v1/admin/images/{item_id}/view/saliency").status_code == 403
    overseeing, _ = site.signed_in(Role.ADMIN)
    assert overseeing.get(f"/api/v1/admin/images/{item_id}/view/saliency").status_code == 200


def test_a_missing_file_is_told_without_its_name(site: Site) -> None:
    item_id = site.factory.item(name="forged_0001.png")
    admin, _ = site.signed_in(Role.ADMIN)
    reply = admin.get(f"/api/v1/admin/images/{item_id}/view/ghost")
    assert reply.status_code == 404
    assert "the image is missing on disk" in reply.text
    assert "forged" not in reply.text


def test_an_image_that_is_too_large_is_refused_in_words(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, item_id = taken(site)
    monkeypatch.setattr("review_app.inspection.views.MAX_PIXELS", 1000)
    reply = client.get(f"/media/{site.handle(item_id)}/view/noise")
    assert reply.status_code == 400
    assert "Zoom into the image itself" in reply.text


def ingested(site: Site, folder: Path, data: bytes, name: str, source: str) -> int:
    """The item of a file that came with a manifest."""
    (folder / name).write_bytes(data)
    manifest = folder / "manifest.csv"
    manifest.write_text(f"path,source\n{name},{source}\n")
    site.app.intake.ingest([manifest], "test")
    with site.app.database.read() as repos:
        image = repos.images.by_sha256(hashlib.sha256(data).hexdigest())
        assert image is not None
        item = repos.items.by_image(image.id)
        assert item is not None
        return item.id


def test_a_turned_photo_is_viewed_upright_on_the_grid_of_its_file(
    site: Site, tmp_path: Path
) -> None:
    photo = Image.open(io.BytesIO(picture(77, 250, 190))).convert("RGB")
    data = encode(photo, "JPEG", quality=70, exif=exif(orientation=6))
    item_id = ingested(site, tmp_path, data, "turned.jpg", "camera")
    admin, _ = site.signed_in(Role.ADMIN)
    reply = admin.get(f"/api/v1/admin/images/{item_id}/view/error-level")
    stored = Image.open(io.BytesIO(data))
    stored.getexif().clear()
    expected = error_level(Image.frombytes("RGB", stored.size, stored.convert("RGB").tobytes()))
    drawn = np.asarray(Image.open(io.BytesIO(reply.content)).convert("L"), dtype=np.float64)
    wanted = expected.transpose(Image.Transpose.ROTATE_270).convert("L")
    assert drawn.shape == (250, 190)
    assert np.abs(drawn - np.asarray(wanted, dtype=np.float64)).mean() < 4  # WebP's own loss


def test_the_file_speaks_for_itself_but_not_of_its_name_or_source(
    site: Site, tmp_path: Path
) -> None:
    tags = exif()
    tags[0x0131] = "Made from forged_0042.PSD"
    tags[0x8298] = "the hidden-set"
    data = encode(Image.open(io.BytesIO(picture(78))), "PNG", exif=tags)
    item_id = ingested(site, tmp_path, data, "forged_0042.png", "hidden-set")
    admin, _ = site.signed_in(Role.ADMIN)
    rows = {
        row["name"]: row["value"]
        for row in admin.get(f"/api/v1/admin/images/{item_id}/metadata").json()
    }
    assert rows["EXIF Make"] == "Camera works"
    assert rows["EXIF Software"] == rows["EXIF Copyright"] == t("inspect.withheld")
