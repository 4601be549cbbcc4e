"""The whole loop in a real browser: label, learn, compare, promote, certify, export."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from review_app.cli.job_functions import JOB_FUNCTIONS
from review_app.core.settings import DEFAULT_CHECKPOINT
from review_app.inference.checkpoint import Checkpoint
from review_app.jobs.work import work_off
from storage.enums import ItemState, LabelValue, PolicyState, Role
from tests.browser.conftest import SignIn
from tests.browser.reviewing import wait_for_image, wait_until_saved
from tests.browser.test_admin import open_tab
from tests.web.site import Site

TO_LABEL, KNOWN = 60, 120
LIGHT = DEFAULT_CHECKPOINT.parent / "faces"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("site"), checkpoint=LIGHT)
    site.factory.review_options(undo_minutes=0)
    yield site
    site.close()


def filled(site: Site) -> list[int]:
    """Images to label, every second one a fake, and ones whose label came with them; features of
    all tell the label, and the detector in force knows little of it."""
    items = site.items(TO_LABEL)
    known = []
    for at in range(KNOWN):
        label = LabelValue.FAKE if at % 2 else LabelValue.REAL
        values: dict[str, Any] = {"known": label, "verdict": label, "split": "calibration"}
        known.append(site.factory.item(ItemState.RESOLVED, **values))
    policy = site.app.policies.current()
    checkpoint = Checkpoint.load(LIGHT)
    standard, rng = checkpoint.model.standardizer, np.random.default_rng(1)
    said: dict[str, Any] = {"checkpoint_id": policy.checkpoint, "head": policy.head}
    for item_id in (*items, *known):
        fake = is_fake(item_id, items, known)
        drawn = 0.5 * rng.standard_normal(len(standard.mean))
        drawn[:500] += 0.25 if fake else -0.25
        vector = (standard.mean + standard.scale * drawn.astype(np.float32)).astype(np.float16)
        with site.app.database.write() as repos:
            item = repos.items.get(item_id)
            assert item is not None
            features = {item.image.key: vector.astype(np.float32)}
            repos.features.put_many(features, checkpoint.card.backbone_key)
        p_fake = float(np.clip(0.5 + 0.1 * (fake - 0.5) + 0.2 * rng.standard_normal(), 0, 1))
        site.factory.prediction(item_id, p_fake=p_fake, **said)
        site.factory.decision(item_id, policy_version=policy.version, **said)
    return items


def is_fake(item_id: int, *lists: list[int]) -> bool:
    """The truth of an item."""
    return next(each.index(item_id) % 2 == 1 for each in lists if item_id in each)


def label_all(page: Page, items: list[int]) -> None:
    shown = wait_for_image(page)
    for left in range(len(items), 0, -1):
        page.keyboard.press("f" if is_fake(shown, items) else "r")
        if left > 1:
            shown = wait_for_image(page, other_than=shown)
    wait_until_saved(page)


def test_labels_come_back_as_a_better_detector(site: Site, sign_in: SignIn) -> None:
    items = filled(site)
    label_all(sign_in(Role.REVIEWER), items)

    page = sign_in(Role.ADMIN)
    champion = site.app.policies.current().checkpoint
    open_tab(page, "Learning")
    page.get_by_role("button", name="Learn now").click()
    expect(page.get_by_text("waits for its turn").first).to_be_visible()
    assert work_off(site.app.jobs.leases, JOB_FUNCTIONS, site.app, "test") == [1, 2]
    made = site.app.jobs.get(1).result
    assert made is not None, site.app.jobs.get(1).error
    assert site.app.jobs.get(2).error is None

    page.reload()
    open_tab(page, "Learning")
    advice = page.get_by_text(f"Promote {made['checkpoint']}: on").first
    expect(advice).to_contain_text("clearly worse nowhere")
    page.get_by_role("button", name="Promote", exact=True).click()
    page.get_by_role("button", name="Yes, promote it").click()
    expect(page.get_by_text("and is learning: everything goes to people")).to_be_visible()

    open_tab(page, "Policy")
    expect(page.locator(".certificate")).to_contain_text("learning")
    open_tab(page, "Certify")
    page.get_by_label("Risk limit").fill("20")
    page.get_by_role("button", name="Certify and apply").click()
    expect(page.get_by_text("This is try 2 to certify this detector")).to_be_visible()
    page.get_by_role("button", name="Yes, spend the try").click()
    open_tab(page, "Policy")
    expect(page.locator(".certificate")).to_contain_text("Auto-accept is on")
    now = site.app.policies.current()
    assert (now.checkpoint, now.state) == (made["checkpoint"], PolicyState.CERTIFIED)
    assert now.checkpoint != champion
    assert {c.n_calibration for c in now.certificates} == {KNOWN + made["held_out"]}

    open_tab(page, "Export")
    with page.expect_download() as download:
        page.locator("a.download").first.click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig"))))
    given = [row for row in rows if row["n_labels"] == "1"]
    assert len(given) == TO_LABEL
    assert {row["checkpoint"] for row in given} == {champion}, "what was decided stays as it was"
