"""One's own recent answers, in a real browser: changed, looked at again, and never lost."""

from __future__ import annotations

import json

from playwright.sync_api import Locator, Page, Request, expect

from review_app.policy.review_options import ReviewOptions, change_options
from storage.enums import LabelValue, Role
from tests.browser.conftest import SignIn
from tests.browser.looks import flaws_large_and_small
from tests.browser.reviewing import kept, media, stored, wait_for_image, wait_until_saved
from tests.web.serving import Serving
from tests.web.site import Site


def answers(page: Page) -> Locator:
    return page.get_by_role("dialog", name="My answers").get_by_role("listitem")


def answered(page: Page, keys: str) -> list[int]:
    """The items that were answered with ``keys``, one after the other."""
    items, last = [], None
    for key in keys:
        last = wait_for_image(page, other_than=last)
        page.keyboard.press(key)
        items.append(last)
    return items


def test_an_answer_is_changed_in_the_list_and_both_stay_on_record(
    site: Site, sign_in: SignIn
) -> None:
    site.items(3, decided=True)
    page = sign_in()
    first, second = answered(page, "rf")
    wait_until_saved(page)
    page.keyboard.press("h")
    expect(answers(page)).to_have_count(2)
    older = answers(page).nth(1)
    expect(older).to_contain_text("you said real")
    expect(older).to_contain_text("Likely fake")
    older.get_by_role("button", name="Unsure", exact=True).click()
    expect(older).to_contain_text("you said unsure")
    expect(older.get_by_role("button", name="Unsure", exact=True)).to_be_focused()
    wait_until_saved(page)
    label = stored(site, first)
    assert label.value is LabelValue.UNSURE
    assert label.supersedes_id is not None
    assert not label.blind, "the model had been shown"
    page.keyboard.press("Escape")
    page.keyboard.press("z")  # the change is the newest answer
    expect(page.locator("#frame img")).to_have_attribute("src", media(first))
    wait_until_saved(page)
    page.keyboard.press("f")
    wait_until_saved(page)
    assert stored(site, first).value is LabelValue.FAKE
    assert stored(site, second).value is LabelValue.FAKE


def test_an_image_is_opened_again_with_what_was_said_and_answered_anew_or_left(
    site: Site, sign_in: SignIn
) -> None:
    site.items(3)
    page = sign_in()
    wait_for_image(page)
    page.keyboard.press("c")
    page.keyboard.type("Six fingers.")
    page.keyboard.press("Enter")
    first, _ = answered(page, "rf")
    last = wait_for_image(page)
    wait_until_saved(page)
    for key in ("s", "d"):
        page.keyboard.press("h")
        answers(page).nth(1).get_by_role("button", name="Open again").click()
        expect(page.locator("#frame img")).to_have_attribute("src", media(first))
        expect(page.locator("#previous-text")).to_contain_text("You said real. Answer again")
        expect(page.locator("#comment-text")).to_have_value("Six fingers.")
        page.keyboard.press(key)
        expect(page.locator("#frame img")).to_have_attribute("src", media(last))
        wait_until_saved(page)
        said = LabelValue.REAL if key == "s" else LabelValue.UNDECIDABLE
        assert (stored(site, first).value, stored(site, first).comment) == (said, "Six fingers.")


def test_what_is_changed_without_a_line_waits_in_order_and_survives_a_reload(
    site: Site, serving: Serving, sign_in: SignIn
) -> None:
    site.items(3)
    page = sign_in()
    first = wait_for_image(page)
    page.wait_for_load_state("networkidle")
    serving.stop()
    page.keyboard.press("f")
    wait_for_image(page, other_than=first)
    page.keyboard.press("h")
    expect(answers(page)).to_have_count(1)
    expect(page.locator("#recent-told")).to_contain_text("cannot be reached")
    expect(answers(page)).to_contain_text("Not sent yet")
    answers(page).get_by_role("button", name="Real", exact=True).click()
    expect(answers(page)).to_contain_text("you said real")
    assert [entry["kind"] for entry in kept(page)] == ["label", "change"]
    serving.start()
    page.reload()
    wait_until_saved(page)
    assert stored(site, first).value is LabelValue.REAL


def test_veiled_images_are_shown_one_by_one_by_the_key_or_a_press(
    site: Site, sign_in: SignIn
) -> None:
    site.factory.review_options(veil="blur")
    site.items(4)
    page = sign_in()
    answered(page, "rf")
    wait_until_saved(page)
    page.keyboard.press("h")
    expect(answers(page)).to_have_count(2)
    expect(page.locator("#recent-veiled .by-key")).to_have_text(
        "B shows the image of the answer you are at; so does pressing the image."
    )
    assert filters(page) == ["blur(6px)"] * 2
    page.keyboard.press("b")
    expect(page.locator("#recent-told")).to_contain_text("Go to an answer first")
    assert filters(page) == ["blur(6px)"] * 2
    page.keyboard.press("Tab")
    newest = answers(page).first.get_by_role("button", name="Show the image")
    expect(newest).to_be_focused()
    for key, told in (("b", "true"), ("b", "false"), ("Enter", "true")):
        page.keyboard.press(key)
        expect(newest).to_have_attribute("aria-pressed", told)
    assert filters(page) == ["none", "blur(6px)"]
    answers(page).nth(1).get_by_role("button", name="Show the image").click()
    answers(page).nth(1).get_by_role("button", name="Unsure", exact=True).click()
    expect(answers(page).nth(1)).to_contain_text("you said unsure")
    wait_until_saved(page)
    assert filters(page) == ["none", "none"], "a change leaves them shown"
    page.mouse.move(*middle_of(answers(page).first))
    page.keyboard.press("Escape")
    page.keyboard.press("h")
    expect(answers(page)).to_have_count(2)
    assert filters(page) == ["blur(6px)"] * 2, "opened again, they are veiled again"
    page.keyboard.press("b")
    assert filters(page) == ["none", "blur(6px)"], "the key shows what the mouse is at, too"
    site.factory.review_options(veil="none")


def filters(page: Page) -> list[str]:
    """How the small images look, newest answer first."""
    return [
        image.evaluate("image => getComputedStyle(image).filter")
        for image in answers(page).locator("img").all()
    ]


def middle_of(place: Locator) -> tuple[float, float]:
    box = place.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_change_sent_twice_is_stored_once(site: Site, serving: Serving, sign_in: SignIn) -> None:
    site.items(2)
    page = sign_in()
    (item,) = answered(page, "f")
    wait_until_saved(page)
    sent: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith("/answers"):
            sent.append(request.post_data or "")

    page.on("request", note)
    page.keyboard.press("h")
    answers(page).get_by_role("button", name="Real", exact=True).click()
    wait_until_saved(page)
    (entry,) = json.loads(sent[-1])["entries"]
    address = f"{serving.url}/api/v1/review/answers"
    again = page.request.post(address, data={"entries": [entry]})
    assert again.json()[0]["error"] is None
    assert stored(site, item).client_id == entry["client_id"]


def test_what_an_admin_has_decided_since_cannot_be_changed(site: Site, sign_in: SignIn) -> None:
    site.items(2)
    page = sign_in()
    wait_for_image(page)
    page.keyboard.press("e")
    page.keyboard.type("Is this a satire?")
    page.keyboard.press("Enter")
    answered(page, "f")
    wait_until_saved(page)
    admin = sign_in(Role.ADMIN, at="/review/")
    admin.get_by_role("combobox", name="Queue").select_option("escalated")
    wait_for_image(admin)
    admin.keyboard.press("r")
    wait_until_saved(admin)
    page.keyboard.press("h")
    expect(answers(page)).to_contain_text("For a lead or an admin: Is this a satire?")
    expect(answers(page)).to_contain_text("It has been decided since.")
    expect(answers(page).get_by_role("button", name="Real", exact=True)).to_have_attribute(
        "aria-disabled", "true"
    )


def test_what_is_final_says_so_and_is_left_alone(site: Site, sign_in: SignIn) -> None:
    _, admin = site.signed_in(Role.ADMIN)
    change_options(site.app.database, admin, ReviewOptions(undo_minutes=0))
    site.items(2)
    page = sign_in()
    (item,) = answered(page, "f")
    wait_until_saved(page)
    change_options(site.app.database, admin, ReviewOptions())
    page.keyboard.press("h")
    expect(answers(page)).to_contain_text("Final.")
    again = answers(page).get_by_role("button", name="Open again")
    expect(again).to_have_attribute("aria-disabled", "true")
    again.click(force=True)
    expect(page.get_by_role("dialog", name="My answers")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("z")
    expect(page.locator("#previous-text")).to_contain_text("Not undone")
    assert stored(site, item).value is LabelValue.FAKE


def test_the_list_shuts_nobody_out(site: Site, sign_in: SignIn) -> None:
    site.factory.review_options(veil="blur")
    site.items(4, decided=True)
    page = sign_in()
    wait_for_image(page)
    page.keyboard.press("c")
    page.keyboard.type("The ear has no lobe.")
    page.keyboard.press("Enter")
    answered(page, "rfd")
    wait_until_saved(page)
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="My answers").click()
    expect(answers(page)).to_have_count(3)
    assert flaws_large_and_small(page, "review-recent") == []
    site.factory.review_options(veil="none")
