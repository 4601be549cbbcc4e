"""What was said with an answer comes back whole when it is taken back or changed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from storage.enums import ItemState, LabelValue, Role
from tests.browser.conftest import SignIn
from tests.browser.drafting import (
    PLACES,
    comment,
    drafts,
    expect_all,
    is_all,
    open_again,
    press,
    say_all,
    write,
)
from tests.browser.reviewing import (
    labels_of,
    media,
    stored,
    wait_for_image,
    wait_until,
    wait_until_saved,
)
from tests.browser.test_near_duplicates import alike, open_grid
from tests.web.site import Site

pytestmark = pytest.mark.usefixtures("tags")


@pytest.mark.parametrize("place", PLACES)
def test_what_is_taken_back_after_a_reload_or_elsewhere_is_whole_and_so_is_the_next_answer(
    site: Site, sign_in: SignIn, place: str
) -> None:
    site.items(2)
    name = site.account()
    page = sign_in(name=name, **PLACES[place])
    first = wait_for_image(page)
    say_all(page, place)
    press(page, "Fake", place)
    wait_for_image(page, other_than=first)
    wait_until_saved(page)
    page.reload()
    wait_for_image(page, other_than=first)
    press(page, "Undo", place)
    expect(page.locator("#frame img")).to_have_attribute("src", media(first))
    expect_all(page)
    press(page, "Real", place)
    wait_for_image(page, other_than=first)
    wait_until_saved(page)
    assert is_all(stored(site, first))
    elsewhere = sign_in(name=name, **PLACES[place])
    wait_for_image(elsewhere)
    elsewhere.keyboard.press("z")
    expect(elsewhere.locator("#frame img")).to_have_attribute("src", media(first))
    expect_all(elsewhere)
    elsewhere.reload()
    wait_for_image(elsewhere)
    expect_all(elsewhere)
    press(elsewhere, "Fake", place)
    wait_until_saved(elsewhere)
    assert stored(site, first).value is LabelValue.FAKE
    assert is_all(stored(site, first))


def test_what_was_changed_or_taken_out_after_an_undo_stays_so_after_a_reload(
    site: Site, sign_in: SignIn
) -> None:
    site.items(2)
    page = sign_in()
    first = wait_for_image(page)
    write(page, "the ear")
    page.keyboard.press("f")
    other = wait_for_image(page, other_than=first)
    write(page, "begun")
    wait_until_saved(page)
    page.keyboard.press("z")
    assert wait_for_image(page, other_than=other) == first
    wait_until_saved(page)
    write(page, "both ears")
    page.reload()
    assert wait_for_image(page) == first
    expect(comment(page)).to_have_value("both ears")
    write(page, "")
    page.reload()
    assert wait_for_image(page) == first
    expect(comment(page)).to_have_value("")
    page.keyboard.press("r")
    assert wait_for_image(page, other_than=first) == other
    expect(comment(page)).to_have_value("begun")
    page.keyboard.press("s")
    wait_until_saved(page)
    assert stored(site, first).comment == ""
    assert drafts(page) == []


def test_two_answers_from_before_a_reload_come_back_one_after_the_other_each_with_its_words(
    site: Site, sign_in: SignIn
) -> None:
    site.items(3)
    page = sign_in()
    items = [wait_for_image(page)]
    for words in ("one", "two"):
        write(page, words)
        page.keyboard.press("f")
        items.append(wait_for_image(page, other_than=items[-1]))
    wait_until_saved(page)
    write(page, "three")
    page.reload()
    assert wait_for_image(page) == items[2]
    page.keyboard.press("z")
    page.keyboard.press("z")
    for item, words in zip(items, ("one", "two", "three"), strict=True):
        expect(page.locator("#frame img")).to_have_attribute("src", media(item))
        expect(comment(page)).to_have_value(words)
        wait_until_saved(page)
        page.keyboard.press("r")
    wait_until(page, lambda: all(labels_of(site, items).values()))
    assert [stored(site, item).comment for item in items] == ["one", "two", "three"]
    assert drafts(page) == []


def test_an_answer_taken_back_elsewhere_goes_before_an_older_draft(
    site: Site, sign_in: SignIn
) -> None:
    """On the phone an image was answered and taken back that the desk had a draft of."""
    (item,) = site.items(1)
    name = site.account()
    page, phone = sign_in(name=name), sign_in(name=name, **PLACES["phone"])
    for each in (page, phone):
        assert wait_for_image(each) == item
    write(page, "older, from the desk")
    write(phone, "newer, from the phone")
    phone.keyboard.press("f")
    wait_until_saved(phone)
    phone.keyboard.press("z")
    wait_until_saved(phone)
    page.reload()
    wait_for_image(page)
    expect(comment(page)).to_have_value("newer, from the phone")
    write(page, "newest, from the desk")
    page.reload()
    wait_for_image(page)
    expect(comment(page)).to_have_value("newest, from the desk")


def test_an_undo_of_what_was_changed_elsewhere_brings_back_what_was_in_force(
    site: Site, sign_in: SignIn
) -> None:
    site.items(1)
    name = site.account()
    page = sign_in(name=name)
    first = wait_for_image(page)
    write(page, "at first")
    page.keyboard.press("f")
    wait_until_saved(page)
    of = stored(site, first).client_id
    phone = sign_in(name=name)
    changed = {"client_id": "changed-elsewhere", "of": of, "value": "real", "comment": "changed"}
    address = phone.url.replace("/review/", "/api/v1/review/change")
    assert phone.request.post(address, data=changed).ok
    page.keyboard.press("z")
    expect(comment(page)).to_have_value("changed")
    assert wait_for_image(page) == first


def test_what_was_said_of_an_image_in_the_grid_goes_with_its_answer_and_comes_back(
    site: Site, sign_in: SignIn
) -> None:
    items = alike(site, 3)
    page = sign_in()
    wait_for_image(page)
    write(page, "the first")
    open_grid(page, 3)
    for key in ("a", "f", "Enter"):
        page.keyboard.press(key)
    other = wait_for_image(page, other_than=items[0])
    wait_until_saved(page)
    assert [stored(site, item).comment for item in items] == ["the first", "", ""]
    assert drafts(page) == []
    page.keyboard.press("z")
    assert wait_for_image(page, other_than=other) == items[0]
    expect(comment(page)).to_have_value("the first")
    wait_until_saved(page)
    page.reload()
    assert wait_for_image(page) == items[0]
    expect(comment(page)).to_have_value("the first")


def test_an_admins_words_on_an_escalated_image_survive_a_reload_and_an_undo(
    site: Site, sign_in: SignIn
) -> None:
    (item,) = site.items(1, ItemState.ESCALATED)
    name = site.account(Role.ADMIN)
    page = sign_in(Role.ADMIN, name, "/review/")
    queue = page.get_by_role("combobox", name="Queue")
    queue.select_option("escalated")
    wait_for_image(page)
    queue.blur()
    write(page, "decided by the ear")
    page.reload()
    queue.select_option("escalated")
    assert wait_for_image(page) == item
    expect(comment(page)).to_have_value("decided by the ear")
    queue.blur()
    page.keyboard.press("f")
    wait_until_saved(page)
    page.reload()
    page.wait_for_selector("#pause:not([hidden])")
    page.keyboard.press("z")
    assert wait_for_image(page) == item
    expect(comment(page)).to_have_value("decided by the ear")


def test_an_earlier_answer_that_is_being_changed_is_a_draft_of_its_own(
    site: Site, sign_in: SignIn
) -> None:
    (item,) = site.items(1)
    page = sign_in()
    wait_for_image(page)
    write(page, "as answered")
    page.keyboard.press("f")
    wait_until_saved(page)
    open_again(page)
    write(page, "being changed")
    page.reload()
    page.wait_for_selector("#pause:not([hidden])")
    open_again(page)
    expect(comment(page)).to_have_value("being changed")
    page.keyboard.press("s")  # it stays as it was
    assert drafts(page) == []
    open_again(page)
    expect(comment(page)).to_have_value("as answered")
    assert stored(site, item).comment == "as answered"
