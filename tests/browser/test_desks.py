"""Somebody who works in two queues goes from one to the other, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from review_app.bootstrap import Application
from storage.enums import LabelValue, Role
from storage.models import Label
from tests.browser.checks import barriers, sticks_out
from tests.browser.conftest import SignIn, follow_link
from tests.browser.looks import resize
from tests.web.desks import PRESS, Desks, Knocks
from tests.web.serving import Serving
from tests.web.site import Site

AT = f"/desks/{PRESS}"
TITLE = f"Queue of {PRESS}"


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    desks = Desks(tmp_path_factory.mktemp("desks"))
    desks.desks.add_member(PRESS, Knocks.HOME_ADMIN.value, Role.ADMIN, "test")
    yield desks
    desks.close()


@pytest.fixture(scope="module")
def site(desks: Desks) -> Site:
    return desks.site


@pytest.fixture(scope="module")
def serving(desks: Desks) -> Serving:
    return desks.server


def enter(desks: Desks, page: Page) -> None:
    """Come by a link, as the admin of the deployment, who has a place at the desk, too."""
    token = desks.home.people.make_link(Knocks.HOME_ADMIN.value, "test")
    follow_link(page, f"{desks.server.url}/login/link/{token}")
    page.wait_for_url("**/admin/")


def labels(app: Application) -> list[LabelValue | None]:
    """Every answer that is stored in a queue."""
    with app.database.read() as repos:
        return [label.value for label in repos.session.query(Label).all()]


def test_an_answer_stays_in_the_queue_that_was_chosen_by_keyboard(
    desks: Desks, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context().new_page()
    enter(desks, page)
    menu = page.locator("#queues summary")
    expect(menu).to_contain_text("Main queue")
    menu.focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name=TITLE).press("Enter")
    page.wait_for_url(f"**{AT}/admin/")
    expect(page.locator("#queue-name")).to_have_text(TITLE)
    page.get_by_role("link", name="Review", exact=True).click()
    page.wait_for_url(f"**{AT}/review/")
    expect(page.locator("#frame img")).to_be_visible()
    page.keyboard.press("f")
    expect(page.locator("#progress")).to_contain_text("1 done today")
    expect(page.locator("#saved")).to_have_text("Saved")
    assert labels(desks.home) == []
    assert labels(desks.apps[PRESS]) == [LabelValue.FAKE]
    page.goto(f"{desks.server.url}/review/")
    expect(page.locator("#progress")).to_contain_text("0 done today")


def shuts_nobody_out(page: Page, queue: str) -> None:
    """The open menu of queues, light on a desk and dark on a phone, which it is left as."""
    page.locator("#queues summary").click()
    for size, scheme in (("desktop", "light"), ("phone", "dark")):
        resize(page, size)
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        expect(page.get_by_role("link", name=queue, exact=True)).to_be_visible()
        assert barriers(page) == []


def test_the_pages_shut_nobody_out(desks: Desks, sign_in: SignIn) -> None:
    page = sign_in(Role.ADMIN, Knocks.HOME_ADMIN.value, f"{AT}/review/")
    shuts_nobody_out(page, "Main queue")
    assert not sticks_out(page)
    resize(page, "desktop")
    assert not sticks_out(page)
    page.goto(f"{desks.server.url}/admin/?tab=people")
    expect(page.get_by_role("link", name=f"{AT}/")).to_be_visible()
    shuts_nobody_out(page, TITLE)
