"""What a reviewer's page shows and keeps, and what the site holds of it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from storage.enums import ItemState, LabelValue
from storage.models import Label
from tests.web.site import Site

_at: list[Site] = []


def look_at(site: Site) -> None:
    """Have what follows be about the pages of ``site``."""
    _at[:] = [site]


def media(item_id: int) -> str:
    """The address of the image of an item that was handed out, to whoever got it last."""
    return f"/media/{_at[0].handle(item_id)}"


def shown_item(page: Page) -> int:
    """The item whose image is on the page."""
    source = page.locator("#frame img").get_attribute("src")
    assert source is not None
    (item_id,) = _at[0].known_as([source.rsplit("/", 1)[1]])
    return item_id


def wait_for_image(page: Page, other_than: int | None = None) -> int:
    image = page.locator("#frame img")
    if other_than is not None:
        expect(image).not_to_have_attribute("src", media(other_than))
    expect(image).to_be_visible()
    return shown_item(page)


def wait_until_sent(page: Page) -> None:
    page.wait_for_function(
        "Object.keys(localStorage).every((key) => !key.startsWith('deepfake-review/outbox/'))"
    )


def wait_until_saved(page: Page) -> None:
    wait_until_sent(page)
    expect(page.locator("#saved")).to_have_text("Saved")


def labels_of(site: Site, item_ids: list[int]) -> dict[int, list[LabelValue | None]]:
    with site.app.database.read() as repos:
        return {i: [row.value for row in repos.labels.in_force(i)] for i in item_ids}


def kept(page: Page) -> list[dict[str, object]]:
    """The answers that lie in the browser, oldest first."""
    found = page.evaluate(
        "Object.entries(localStorage).filter(([k]) => k.includes('/outbox/')).map(([, v]) => v)"
    )
    return sorted((json.loads(entry) for entry in found), key=lambda entry: str(entry["key"]))


def stored(site: Site, item_id: int) -> Label:
    """The one answer in force on an item."""
    with site.app.database.read() as repos:
        (label,) = repos.labels.in_force(item_id)
        return label


def held_by_anybody(site: Site, items: list[int]) -> list[int]:
    with site.app.database.read() as repos:
        return [item for item in items if repos.claims.live_on(item)]


def wait_until(page: Page, holds: Callable[[], bool]) -> None:
    """Until the server has taken in what the page tells it."""
    for _ in range(200):
        if holds():
            return
        page.wait_for_timeout(100)
    pytest.fail("it never came to hold")


def state_of(site: Site, item_id: int) -> ItemState:
    with site.app.database.read() as repos:
        item = repos.items.get(item_id)
        assert item is not None
        return item.state
