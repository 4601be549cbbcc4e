"""The review page in a real browser."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from review_app.policy.review_options import Reveal, ReviewOptions, change_options
from storage.enums import ItemState, LabelValue, Role
from storage.types import utc_now
from tests.browser.conftest import SignIn, follow_link
from tests.browser.reviewing import (
    kept,
    labels_of,
    media,
    shown_item,
    wait_for_image,
    wait_until_saved,
)
from tests.factories import shows_score
from tests.web.serving import Serving
from tests.web.site import PASSWORD, Site

KEY_OF = {LabelValue.REAL: "r", LabelValue.FAKE: "f", LabelValue.UNSURE: "u"}


def exported_labels(site: Site, admin: Page) -> dict[int, str]:
    """What the admin downloads, by item: the label of every row that a reviewer's answer made."""
    admin.get_by_role("tab", name="Export").click()
    with admin.expect_download() as download:
        admin.get_by_role("link", name="Download CSV").click()
    with Path(download.value.path()).open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["label_source"] == "reviewer"]
    with site.app.database.read() as repos:
        item_of = {row["sha256"]: repos.images.by_sha256(row["sha256"]) for row in rows}
        items = {
            sha256: repos.items.by_image(image.id) for sha256, image in item_of.items() if image
        }
    return {item.id: row["label"] for row in rows if (item := items[row["sha256"]])}


def test_twenty_items_by_keyboard_alone_one_taken_back_and_exactly_those_exported(
    site: Site,
    serving: Serving,
    new_context: Callable[..., BrowserContext],
    sign_in: SignIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    items = site.items(20, decided=True)
    name = site.account(password=PASSWORD)
    page = new_context().new_page()
    page.goto(f"{serving.url}/review/")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/review/")
    given: dict[int, LabelValue] = {}
    answers = [*KEY_OF] * 7
    first = wait_for_image(page)
    page.keyboard.press("f")
    wait_for_image(page, other_than=first)
    wait_until_saved(page)
    page.keyboard.press("z")
    expect(page.locator("#frame img")).to_have_attribute("src", media(first))
    wait_until_saved(page)
    site.factory.review_options(undo_minutes=0)  # or the export would leave all answers out
    last = None
    for value in answers[:20]:
        last = wait_for_image(page, other_than=last)
        page.keyboard.press(KEY_OF[value])
        given[last] = value
    expect(page.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
    wait_until_saved(page)
    assert sorted(given) == items
    assert labels_of(site, items) == {item: [value] for item, value in given.items()}
    expect(page.locator("#progress")).to_contain_text("20 done today")
    expect(page.locator("#session")).to_have_text("20 this session")
    expect(page.locator("#order")).to_have_text("Order: by age")
    soon = utc_now() + timedelta(minutes=ReviewOptions().undo_minutes + 1)
    monkeypatch.setattr(
        "review_app.records.exports.tables.utc_now", lambda: soon
    )  # all is final then
    exported = exported_labels(site, sign_in(Role.ADMIN))
    assert exported == {item: value.value for item, value in given.items()}
    site.factory.review_options(undo_minutes=5)


def test_the_model_is_silent_before_the_answer_and_speaks_after(
    site: Site, sign_in: SignIn
) -> None:
    site.items(2, decided=True)
    page = sign_in()
    wait_for_image(page)
    assert not shows_score(page.content())
    assert page.locator("#previous-text").inner_text() == ""
    page.keyboard.press("u")
    line = page.locator("#previous-text")
    expect(line).to_contain_text("0.83 ± 0.09")
    expect(line).to_contain_text("Previous: you said unsure. Model: Likely fake: ")


def test_the_model_stays_silent_where_the_admin_wants_it(site: Site, sign_in: SignIn) -> None:
    _, admin = site.signed_in(Role.ADMIN)
    change_options(site.app.database, admin, ReviewOptions(reveal=Reveal.NEVER))
    site.items(1, decided=True)
    page = sign_in()
    wait_for_image(page)
    page.keyboard.press("r")
    wait_until_saved(page)
    assert page.locator("#previous-text").inner_text() == "Previous: you said real."
    change_options(site.app.database, admin, ReviewOptions())


def test_answers_outlive_a_dead_server_and_a_reload(
    site: Site, serving: Serving, sign_in: SignIn
) -> None:
    items = site.items(4)
    page = sign_in()
    first = wait_for_image(page)
    page.wait_for_timeout(300)  # the next images come in
    serving.stop()
    page.keyboard.press("f")
    second = wait_for_image(page, other_than=first)
    page.keyboard.press("r")
    third = wait_for_image(page, other_than=second)
    expect(page.locator("#saved")).to_have_text("2 kept here, retrying")
    assert site.known_as(str(entry["item_id"]) for entry in kept(page)) == [first, second]
    page.keyboard.press("z")  # taken back before it was ever sent
    assert wait_for_image(page, other_than=third) == second
    page.keyboard.press("u")
    serving.start()
    page.reload()
    wait_until_saved(page)
    stored = labels_of(site, items)
    assert stored[first] == [LabelValue.FAKE]
    assert stored[second] == [LabelValue.UNSURE]
    assert wait_for_image(page) not in (first, second)


def test_an_answer_that_is_refused_is_told_calmly_and_blocks_nothing(
    site: Site, sign_in: SignIn
) -> None:
    site.items(3)
    name = site.account()
    page = sign_in(name=name)
    first = wait_for_image(page)
    person = site.app.people.person(site.token(name))
    assert person is not None
    site.app.review.skip(person, site.handle(first))  # as in another window
    page.keyboard.press("r")
    refusal = page.locator("#aside")
    expect(refusal).to_contain_text("Your answer “real” was not taken: you have skipped this image")
    second = wait_for_image(page, other_than=first)
    page.keyboard.press("r")
    wait_until_saved(page)
    assert labels_of(site, [first, second]) == {first: [], second: [LabelValue.REAL]}
    page.reload()
    expect(refusal).to_be_visible()
    page.get_by_role("button", name="Dismiss").click()
    expect(refusal).to_be_hidden()


def test_an_undo_of_a_refused_answer_does_not_reach_an_older_one(
    site: Site, serving: Serving, sign_in: SignIn
) -> None:
    items = site.items(4)
    name = site.account()
    page = sign_in(name=name)
    first = wait_for_image(page)
    page.keyboard.press("r")
    wait_until_saved(page)
    second = wait_for_image(page, other_than=first)
    person = site.app.people.person(site.token(name))
    assert person is not None
    site.app.review.skip(person, site.handle(second))
    page.route("**/review/answers", lambda route: None)  # on its way, and no answer yet
    page.keyboard.press("f")
    wait_for_image(page, other_than=second)
    page.keyboard.press("z")
    expect(page.locator("#frame img")).to_have_attribute("src", media(second))
    assert [entry["kind"] for entry in kept(page)] == ["label", "undo"]
    page.unroute("**/review/answers")
    page.reload()
    wait_until_saved(page)
    assert labels_of(site, items)[first] == [LabelValue.REAL]


def test_undo_reaches_answers_from_before_a_reload(site: Site, sign_in: SignIn) -> None:
    site.items(3)
    page = sign_in()
    first = wait_for_image(page)
    page.keyboard.press("f")
    wait_until_saved(page)
    page.reload()
    wait_for_image(page)
    page.keyboard.press("z")
    expect(page.locator("#frame img")).to_have_attribute("src", media(first))
    wait_until_saved(page)
    assert labels_of(site, [first]) == {first: []}


def test_fast_fingers_lose_nothing(site: Site, sign_in: SignIn) -> None:
    items = site.items(12)
    page = sign_in()
    wait_for_image(page)
    seen = page.evaluate(
        """async () => {
          const seen = [];
          const press = () => document.body.dispatchEvent(
            new KeyboardEvent("keydown", { key: "f", bubbles: true }));
          while (seen.length < 12) {
            const source = document.querySelector("#frame img")?.getAttribute("src");
            if (source && source !== seen.at(-1)) {
              seen.push(source);
              press();
            }
            await new Promise((done) => setTimeout(done));
          }
          return seen;
        }"""
    )
    assert sorted(seen) == sorted(media(item) for item in items)
    wait_until_saved(page)
    assert labels_of(site, items) == {item: [LabelValue.FAKE] for item in items}


def test_keys_are_left_alone_while_typing_repeating_or_with_modifiers(
    site: Site, sign_in: SignIn
) -> None:
    item = site.items(2)[0]
    page = sign_in()
    assert wait_for_image(page) == item
    page.keyboard.press("Control+f")
    page.keyboard.press("Alt+r")
    for repeat in range(3):
        page.evaluate(
            "document.body.dispatchEvent(new KeyboardEvent('keydown',"
            "{key: 'f', repeat: true, bubbles: true}))",
            repeat,
        )
    page.keyboard.press("c")
    page.keyboard.type("fuzzy rim, fur")
    page.keyboard.press("Enter")
    assert shown_item(page) == item
    page.keyboard.press("r")
    wait_until_saved(page)
    with site.app.database.read() as repos:
        assert [row.comment for row in repos.labels.in_force(item)] == ["fuzzy rim, fur"]


def test_buttons_do_what_keys_do(site: Site, sign_in: SignIn) -> None:
    items = site.items(3)
    page = sign_in()
    first = wait_for_image(page)
    page.get_by_role("button", name="Fake").click()
    second = wait_for_image(page, other_than=first)
    page.get_by_role("button", name="Skip").click()
    third = wait_for_image(page, other_than=second)
    page.get_by_role("button", name="Unsure").click()
    expect(page.get_by_role("heading", name=re.compile("Nothing"))).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    assert wait_for_image(page) == third
    page.get_by_role("button", name="Real").click()
    wait_until_saved(page)
    stored = labels_of(site, items)
    assert stored == {first: [LabelValue.FAKE], second: [], third: [LabelValue.REAL]}
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Keys").click()
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_nothing_moves_when_the_next_image_comes(site: Site, sign_in: SignIn) -> None:
    site.items(3, decided=True)
    page = sign_in()
    places = (".viewer", ".controls", '[data-do="real"]')

    def layout() -> list[object]:
        return [page.locator(place).bounding_box() for place in places]

    first = wait_for_image(page)
    expect(page.locator("#progress")).to_contain_text("wait")
    before = layout()
    page.keyboard.press("f")
    wait_for_image(page, other_than=first)
    expect(page.locator("#previous-text")).to_contain_text("Model")
    assert layout() == before


def test_closing_the_page_gives_items_back_and_reloading_keeps_them(
    site: Site, sign_in: SignIn
) -> None:
    items = site.items(3)
    page = sign_in()
    first = wait_for_image(page)
    for _ in range(3):
        page.reload()
        assert wait_for_image(page) == first
    page.close(run_before_unload=False)
    other = sign_in()
    assert wait_for_image(other) in items


def test_an_image_that_does_not_load_can_be_tried_again_or_skipped(
    site: Site, sign_in: SignIn
) -> None:
    broken, fine = site.items(2)
    with site.app.database.read() as repos:
        item = repos.items.get(broken)
        assert item is not None
        site.app.media.public(item.image.key, "image/png").unlink()
    page = sign_in()
    expect(page.get_by_role("heading", name="This image did not load")).to_be_visible()
    page.keyboard.press("f")  # nobody judges what they cannot see
    page.get_by_role("button", name="Skip it").click()
    assert wait_for_image(page) == fine
    wait_until_saved(page)
    assert labels_of(site, [broken]) == {broken: []}


def test_an_image_that_is_damaged_is_told_and_never_half_shown(site: Site, sign_in: SignIn) -> None:
    broken, fine = site.items(2)
    with site.app.database.read() as repos:
        item = repos.items.get(broken)
        assert item is not None
        path = site.app.media.public(item.image.key, "image/png")
    os.truncate(path, path.stat().st_size * 3 // 4)
    page = sign_in()
    expect(page.locator("#pause")).to_contain_text("The stored picture is damaged")
    page.get_by_role("button", name="Skip it").click()
    assert wait_for_image(page) == fine


def test_an_ended_session_keeps_answers_until_the_person_is_back(
    site: Site, sign_in: SignIn
) -> None:
    items = site.items(2)
    name = site.account()
    page = sign_in(name=name)
    first = wait_for_image(page)
    site.app.people.set_enabled(name, False, "test")
    page.wait_for_timeout(1100)  # the lookup is remembered for a second
    page.keyboard.press("f")
    expect(page.locator("#saved")).to_have_text("1 kept here, your account is closed")
    site.app.people.set_enabled(name, True, "test")
    token = site.app.people.make_link(name, "test")
    follow_link(page, page.url.split("/review")[0] + f"/login/link/{token}")
    page.wait_for_url("**/review/")
    wait_until_saved(page)
    assert labels_of(site, items)[first] == [LabelValue.FAKE]


def test_admins_can_switch_to_what_was_escalated(site: Site, sign_in: SignIn) -> None:
    waiting = site.items(1)[0]
    escalated = site.items(1, ItemState.ESCALATED)[0]
    page = sign_in(Role.ADMIN)
    page.get_by_role("link", name="Review", exact=True).click()
    assert wait_for_image(page) == waiting
    page.get_by_role("combobox", name="Queue").select_option("escalated")
    assert wait_for_image(page, other_than=waiting) == escalated
    page.keyboard.press("r")
    wait_until_saved(page)
    with site.app.database.read() as repos:
        item = repos.items.get(escalated)
        assert item is not None
        assert item.verdict is LabelValue.REAL


def test_new_items_appear_by_themselves_and_signing_out_works(site: Site, sign_in: SignIn) -> None:
    page = sign_in()
    expect(page.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
    item = site.items(1)[0]
    page.get_by_role("button", name="Look again").click()
    assert wait_for_image(page) == item
    page.locator("#account summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")
    page.goto(page.url.replace("/login", "/review/"))
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_page_at_rest_draws_no_frames(site: Site, sign_in: SignIn) -> None:
    """Gradio's clock of how long a page takes to come would have sixty drawn a second for ever."""
    site.items(1)
    page = sign_in()
    page.add_init_script("""{
      const frame = window.requestAnimationFrame.bind(window);
      window.nFrames = 0;
      window.requestAnimationFrame = (draw) => (window.nFrames += 1, frame(draw));
    }""")
    page.reload()
    wait_for_image(page)
    asked: list[int] = []
    while len(asked) < 15 and (not asked or asked[-1] >= 8):  # what still moves comes to rest
        before = page.evaluate("nFrames")
        page.wait_for_timeout(1000)
        asked.append(page.evaluate("nFrames") - before)
    assert asked[-1] < 8, asked
