"""Nobody learns on Inspect what the detector says of an image that they may be asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps
from sqlalchemy import delete

from review_app.demo.photos import PHOTOS
from review_app.policy.review_options import ReviewOptions, change_options
from storage.enums import ItemState, LabelValue, Role
from storage.models import ImageDescriptor, Label
from tests.factories import bring
from tests.intake.samples import encode
from tests.web.gradio_calls import Caller, file_of
from tests.web.serving import Serving
from tests.web.site import Site

ELSEWHERE = 10
"""A photo that is never taken in."""
ANGLE = 6.5
"""Degrees: what was turned so far is no copy any more, but like one."""
TURNED = Image.Transpose.ROTATE_90


def photo(number: int) -> Image.Image:
    """A real photo, another one for each number."""
    image = Image.fromarray(PHOTOS[number].load())
    image.thumbnail((640, 640))
    return image


def cropped(
    image: Image.Image, left: float, top: float, right: float, bottom: float
) -> Image.Image:
    """``image`` less these shares of its sides."""
    width, height = image.size
    box = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
    return image.crop((round(box[0]), round(box[1]), round(box[2]), round(box[3])))


def screenshot(image: Image.Image) -> Image.Image:
    """``image`` on a page with a bar above it."""
    page = Image.new("RGB", (image.width * 2, image.height * 2), (250, 250, 250))
    page.paste((30, 31, 35), (0, 0, page.width, page.height // 12))
    ImageDraw.Draw(page).text((20, 10), "Review - is this real?", fill=(220, 220, 220))
    page.paste(image, (image.width // 2, image.height // 3))
    return page


WAYS: dict[str, Callable[[Image.Image], bytes]] = {
    "as it came": lambda image: encode(image, "PNG"),
    "JPEG of low quality": lambda image: encode(image, "JPEG", quality=35),
    "WebP": lambda image: encode(image, "WEBP", quality=50),
    "half the size": lambda image: encode(image.reduce(2), "JPEG", quality=80),
    "enlarged and stretched": lambda image: encode(image.resize((900, 640)), "JPEG", quality=80),
    "mirrored": lambda image: encode(ImageOps.mirror(image), "PNG"),
    "turned": lambda image: encode(image.transpose(TURNED), "JPEG", quality=85),
    "cropped at one side": lambda image: encode(cropped(image, 0.07, 0, 0, 0), "PNG"),
    "cropped all round": lambda image: encode(cropped(image, 0.03, 0.05, 0.06, 0.02), "PNG"),
    "greyscale": lambda image: encode(image.convert("L"), "PNG"),
    "brighter": lambda image: encode(ImageEnhance.Brightness(image).enhance(1.15), "PNG"),
    "with a border": lambda image: encode(ImageOps.expand(image, 60, (255, 255, 255)), "PNG"),
    "a screenshot": lambda image: encode(screenshot(image), "PNG"),
    "several at once": lambda image: encode(
        ImageOps.mirror(cropped(image, 0.04, 0.04, 0.04, 0.04)).reduce(2), "JPEG", quality=60
    ),
}


@pytest.fixture(scope="module")
def reviewer(site: Site, serving: Serving) -> Iterator[Caller]:
    with Caller(site, serving, Role.REVIEWER) as caller:
        yield caller


@pytest.fixture(scope="module")
def admin(site: Site, serving: Serving) -> Iterator[Caller]:
    with Caller(site, serving) as caller:
        yield caller


@pytest.fixture(scope="module")
def waiting(site: Site, tmp_path_factory: pytest.TempPathFactory) -> int:
    """The item of photo 0, which waits for people."""
    return stored(site, tmp_path_factory.mktemp("waiting"), 0)


def stored(
    site: Site,
    folder: Path,
    number: int,
    state: ItemState = ItemState.IN_REVIEW,
    known: str | None = None,
) -> int:
    """The item of a photo that was taken in and is in ``state``; the next to be handed out."""
    path = folder / f"{number}.jpg"
    path.write_bytes(encode(photo(number), "JPEG", quality=90))
    manifest = folder / "manifest.csv"
    manifest.write_text(f"path,label\n{path.name},{known or ''}\n")
    site.app.intake.ingest([manifest], "test")
    with site.app.database.write() as repos:
        (item_id,) = [i.id for i in repos.items.in_state(ItemState.PENDING, 9) if i.name]
        verdict = {"verdict": LabelValue(known)} if known else {}
        bring(repos, [item_id], state, rank=-1000.0 * number, **verdict)
    return item_id


def asked(caller: Caller, data: bytes) -> str:
    """What Inspect tells of a file."""
    path = caller.upload("/review", "mine.png", data)
    return caller.read([file_of(path)]).text


def is_refused(told: str) -> bool:
    return "looks like one that is stored here" in told and "P(fake)" not in told


def answered_blind(site: Site, caller: Caller, item_id: int) -> bool:
    """Whether the caller's answer on the item, which they are handed now, is stored as blind."""
    tasks = caller.http.post("/api/v1/review/take", json={"n": 1}).json()
    assert len(tasks) == 1
    sent = {"client_id": f"blind-{item_id:06}", "value": "real"}
    handle = {key: value for key, value in tasks[0].items() if key in ("item_id", "claim")}
    answer = caller.http.post("/api/v1/review/label", json={**sent, **handle})
    assert answer.status_code == 200, answer.text
    with site.app.database.read() as repos:
        label = repos.labels.by_client_id(sent["client_id"])
        assert isinstance(label, Label)
        assert label.item_id == item_id
        return label.blind


@pytest.mark.parametrize("way", WAYS)
def test_however_the_image_in_hand_was_saved_its_reading_is_refused(
    waiting: int, reviewer: Caller, way: str
) -> None:
    told = asked(reviewer, WAYS[way](photo(0)))
    assert is_refused(told)
    assert "inspected" not in told, "nor is it kept for views, of which one shows the opinion"


def test_an_image_from_elsewhere_is_read(waiting: int, reviewer: Caller) -> None:
    assert "P(fake)" in asked(reviewer, encode(photo(ELSEWHERE), "JPEG", quality=85))


def test_the_refusal_is_the_same_whatever_becomes_of_the_image(
    site: Site, waiting: int, reviewer: Caller, tmp_path: Path
) -> None:
    """Else it would tell gold from the others, and audited images from accepted ones."""
    gold = stored(site, tmp_path, 2, ItemState.RESOLVED, known="real")
    accepted = stored(site, tmp_path, 4, ItemState.AUTO_ACCEPTED)
    assert gold != accepted
    told = {asked(reviewer, encode(photo(n), "PNG")).split('"output"')[1] for n in (0, 2, 4)}
    assert len({text.partition('"duration"')[0] for text in told}) == 1
    assert is_refused(told.pop())


def test_an_answer_after_a_reading_of_something_alike_is_not_blind(
    site: Site, serving: Serving, tmp_path: Path
) -> None:
    item_id = stored(site, tmp_path, 11)
    edited = photo(11).rotate(ANGLE, Image.Resampling.BICUBIC)
    with Caller(site, serving, Role.REVIEWER) as reader:
        assert "P(fake)" in asked(reader, encode(edited, "PNG")), "edited too much to be a copy"
        assert not answered_blind(site, reader, item_id)


def test_an_answer_after_a_reading_from_before_the_image_came_is_not_blind(
    site: Site, serving: Serving, tmp_path: Path
) -> None:
    with Caller(site, serving, Role.REVIEWER) as reader:
        assert "P(fake)" in asked(reader, encode(photo(5), "PNG"))
        assert not answered_blind(site, reader, stored(site, tmp_path, 5))


def test_who_had_nothing_like_it_read_answers_blind(
    site: Site, serving: Serving, tmp_path: Path
) -> None:
    with Caller(site, serving, Role.REVIEWER) as reader:
        assert "P(fake)" in asked(reader, encode(photo(ELSEWHERE), "PNG"))
        assert answered_blind(site, reader, stored(site, tmp_path, 12))


def test_an_admin_may_look_and_answers_blind_no_longer(
    site: Site, serving: Serving, tmp_path: Path
) -> None:
    item_id = stored(site, tmp_path, 3)
    with Caller(site, serving) as admin:
        assert "P(fake)" in asked(admin, encode(photo(3), "JPEG", quality=70))
        assert not answered_blind(site, admin, item_id)


def test_nobody_fills_the_record_without_end(
    site: Site, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("review_app.inspection.gate.MAX_A_DAY", 1)
    with Caller(site, serving, Role.REVIEWER) as caller:
        assert "P(fake)" in asked(caller, encode(photo(ELSEWHERE), "PNG"))
        assert "go on tomorrow" in asked(caller, encode(photo(ELSEWHERE), "PNG"))


def test_an_admin_closes_inspect_for_reviewers(site: Site, reviewer: Caller, admin: Caller) -> None:
    _, somebody = site.signed_in(Role.ADMIN)
    change_options(site.app.database, somebody, ReviewOptions(reviewers_inspect=False))
    try:
        told = asked(reviewer, encode(photo(ELSEWHERE), "PNG"))
        assert "An admin has closed Inspect" in told
        assert "P(fake)" not in told
        assert "P(fake)" in asked(admin, encode(photo(ELSEWHERE), "PNG"))
        assert reviewer.http.get("/api/v1/me").json()["may"] == ["review", "read_card"]
    finally:
        change_options(site.app.database, somebody, ReviewOptions())
    assert reviewer.http.get("/api/v1/me").json()["may"] == ["review", "inspect", "read_card"]


def test_images_from_before_descriptors_are_found_as_well(fresh: Site, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    stored(fresh, folder, 13)
    with fresh.app.database.engine.begin() as connection:
        connection.execute(delete(ImageDescriptor))
    with Serving(fresh.web) as serving, Caller(fresh, serving, Role.REVIEWER) as caller:
        assert is_refused(asked(caller, encode(photo(13), "PNG")))
