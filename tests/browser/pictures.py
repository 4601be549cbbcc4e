"""Takes the pictures of ``docs/images``: the pages as they are, on the demo's queue.

``python -m tests.browser.pictures`` (or ``make pictures``) makes the queue where there is none yet,
has two reviewers answer some of it, and looks at every page on a desk and on a phone.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from review_app.bootstrap import Application, open_application
from review_app.cli.demo_run import prepare
from review_app.core.permissions import Person
from review_app.core.settings import Settings
from review_app.demo.methods import Forgery
from review_app.review.regions import Region
from review_app.review.tasks import AnswerInput
from review_app.web.server import create_app
from storage.enums import ItemState, LabelValue, Role
from storage.models import Item
from tests.browser.conftest import ARGUMENTS, find_browser, follow_link
from tests.browser.looks import SCHEMES, SIZES
from tests.browser.reviewing import wait_for_image
from tests.browser.test_admin import open_tab
from tests.web.serving import Serving

QUALITY = 85
COMMENT = "Inside the mark, light and grain are others than around it."
ANSWERED = 12
"""Images that were answered rightly before the pictures are taken."""
SHARPNESS = {"desktop": 1, "phone": 2}
FIRST_READING = 150_000
"""Milliseconds: it loads the weights."""
MARK = Region.model_validate({"shape": "rectangle", "points": [[0.08, 0.26], [0.72, 0.9]]})
VISIBLE = (Forgery.SPLICE, Forgery.INPAINTING)
"""Forgeries of a part of the image."""


@dataclass(frozen=True)
class Made:
    """What the demo knows of an image that it made."""

    photo: str
    method: str

    @property
    def value(self) -> LabelValue:
        return LabelValue.FAKE if self.method else LabelValue.REAL


class Gallery:
    """The demo's deployment, and a browser to look at it with."""

    def __init__(self, app: Application, url: str, browser: Browser, out: Path, scheme: str):
        self.app, self._url, self._browser = app, url, browser
        self._out, self._scheme = out, scheme
        self._made = _manifest(app)

    def made(self, item: Item) -> Made:
        return self._made[Path(item.name).name]

    def person(self, name: str, role: Role = Role.REVIEWER) -> Person:
        account = self.app.people.ensure(name, role, "pictures")
        return Person(account.id, account.name, account.role)

    @contextmanager
    def page(self, size: str, name: str) -> Iterator[Page]:
        """The first page of the person ``name``, as they see it."""
        context = self._browser.new_context(
            viewport=SIZES[size],  # type: ignore[arg-type]
            device_scale_factor=SHARPNESS[size],
            has_touch=size == "phone",
            is_mobile=size == "phone",
            color_scheme=self._scheme,  # type: ignore[arg-type]
            reduced_motion="reduce",
        )
        page = context.new_page()
        token = self.app.people.make_link(name, "pictures")
        follow_link(page, f"{self._url}/login/link/{token}")
        page.wait_for_load_state("networkidle")
        yield page
        context.close()

    def keep(self, page: Page, name: str, size: str) -> None:
        """The picture ``name`` of what the window shows."""
        page.wait_for_timeout(500)  # numbers in the header come a moment later
        file = self._out / f"{name}-{size}.webp"
        Image.open(io.BytesIO(page.screenshot())).save(file, quality=QUALITY, method=6)
        sys.stdout.write(f"{file}: {file.stat().st_size // 1000} kB\n")

    def put_first(self, fits: Callable[[Made], bool]) -> int:
        """The id of an item that waits and ``fits``; whoever comes next is handed it."""
        with self.app.database.write() as repos:
            waiting = repos.items.in_state(ItemState.IN_REVIEW, 10_000)
            for item in waiting:
                if fits(self.made(item)):
                    item.rank = min(other.rank for other in waiting) - 1
                    return item.id
        raise LookupError("the demo's queue has no image for this picture; make it anew")


def is_plain(made: Made) -> bool:
    return made.photo == "chelsea" and not made.method


def is_forged(made: Made) -> bool:
    return made.photo in ("chelsea", "rocket") and made.method in VISIBLE


def close_hint(page: Page) -> None:
    wait_for_image(page)
    hint = page.locator("#hint-close")
    if hint.is_visible():
        hint.click()


def _manifest(app: Application) -> dict[str, Made]:
    path = app.settings.data_dir / "demo-images" / "manifest.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {
            Path(row["path"]).name: Made(row["photo"], row["method"])
            for row in csv.DictReader(file)
        }


def answer_some(gallery: Gallery) -> None:
    """A day's work: answers that are right, and one image that two people disagree about."""
    with gallery.app.database.read() as repos:
        if repos.items.count(ItemState.ESCALATED) > 0:
            return  # done by an earlier run
    first, second = gallery.person("reviewer"), gallery.person("second-reviewer")
    disputed = gallery.put_first(is_forged)
    with gallery.app.database.write() as repos:
        item = repos.items.get(disputed)
        assert item is not None
        item.needed_labels = item.open_slots = 2
    more = {"comment": COMMENT, "tags": ("spliced or composed",), "regions": (MARK,)}
    _answer(gallery, first, LabelValue.FAKE, **more)
    _answer(gallery, second, LabelValue.REAL)
    for _ in range(ANSWERED):
        _answer(gallery, first)


def _answer(gallery: Gallery, by: Person, value: LabelValue | None = None, **more: object) -> None:
    """``by`` answers what comes next; rightly, unless with another ``value``."""
    (task,) = gallery.app.review.take(by)
    with gallery.app.database.read() as repos:
        (item_id,) = repos.claims.items_known_as(task.item_id)
        item = repos.items.get(item_id)
        assert item is not None
        truth = gallery.made(item).value
    given = {"client_id": f"picture-{item_id}-{by.id}", "item_id": task.item_id}
    said = AnswerInput.model_validate({**given, "value": value or truth, "seconds": 4.2, **more})
    gallery.app.review.label(by, said)


def review(gallery: Gallery, size: str) -> None:
    gallery.put_first(is_plain)
    with gallery.page(size, gallery.person(f"{size}-reviewer").name) as page:
        close_hint(page)
        gallery.keep(page, "review", size)


def forensic_views(gallery: Gallery, size: str) -> None:
    gallery.put_first(is_forged)
    with gallery.page(size, gallery.person(f"{size}-viewer").name) as page:
        close_hint(page)
        page.keyboard.press("2")
        page.keyboard.press("v")
        expect(page.locator("#lens img")).to_be_visible()
        expect(page.locator("#frame img")).to_be_visible()
        gallery.keep(page, "forensic-views", size)


def adjudication(gallery: Gallery, size: str) -> None:
    with gallery.page(size, "admin") as page:
        page.get_by_role("link", name="Review", exact=True).click()
        close_hint(page)
        page.get_by_role("combobox", name="Queue").select_option("escalated")
        expect(page.locator("#statement-list li")).to_have_count(2)
        if size == "phone":
            page.locator("#statement-note").click()
        page.get_by_role("button", name="Show 1 mark").click()
        gallery.keep(page, "adjudication", size)


def inspect(gallery: Gallery, size: str) -> None:
    with gallery.page(size, "admin") as page:
        page.get_by_role("link", name="Inspect").click()
        samples = page.get_by_role("list", name="Samples")
        samples.get_by_role("button").nth(1).click(timeout=FIRST_READING)
        expect(page.locator(".verdict")).to_contain_text("P(fake)", timeout=FIRST_READING)
        page.locator(".verdict").scroll_into_view_if_needed()
        gallery.keep(page, "inspect", size)


def admin(gallery: Gallery, size: str) -> None:
    with gallery.page(size, "admin") as page:
        expect(page.get_by_role("region", name="The state of things")).to_be_visible()
        gallery.keep(page, "admin", size)


def images(gallery: Gallery, size: str) -> None:
    with gallery.app.database.read() as repos:
        answered = repos.labels.recent_of(gallery.person("reviewer").id, ANSWERED)
        item = next(label.item_id for label in answered if label.value is LabelValue.FAKE)
    with gallery.page(size, "admin") as page:
        open_tab(page, "Images")
        page.get_by_label("Number, name, path").fill(f"#{item}")
        page.get_by_role("button", name="Find", exact=True).click()
        found = page.locator("button.found")
        expect(found).to_have_count(1)
        found.click()
        expect(page.locator(".record h2")).to_be_focused()
        page.locator(".record img").evaluate("image => image.decode()")
        gallery.keep(page, "images", size)


PICTURES = (review, forensic_views, adjudication, inspect, admin, images)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    parser.add_argument("--data", type=Path, default=Path("build/pictures"))
    parser.add_argument("--scheme", choices=SCHEMES, default="light")
    parser.add_argument("--only", choices=[take.__name__ for take in PICTURES])
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    app = open_application(Settings(data_dir=given.data))
    prepare(app, print, lambda _done, _total: None)
    with Serving(create_app(app)) as serving, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(playwright), args=ARGUMENTS
        )
        gallery = Gallery(app, serving.url, browser, given.out, given.scheme)
        answer_some(gallery)
        for take in PICTURES:
            for size in SIZES:
                if given.only in (None, take.__name__):
                    take(gallery, size)
        browser.close()
    app.close()


if __name__ == "__main__":
    main()
