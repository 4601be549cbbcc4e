"""Every page, tab, dialog and form, light and dark, on desk and phone: nothing that axe calls
serious or critical, and nothing that sticks out. With ``SCREENSHOTS`` set, a picture of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from review_app.policy.review_options import ReviewOptions, Veil, change_options
from storage.enums import Role
from tests.browser.conftest import SignIn
from tests.browser.looks import SIZES, flaws, resize
from tests.browser.reviewing import wait_for_image, wait_until_saved
from tests.browser.test_adjudication import disagreement
from tests.browser.test_admin import TABS, open_tab
from tests.browser.test_inspect import pick_a_sample
from tests.browser.test_learning import some_jobs
from tests.browser.test_near_duplicates import alike
from tests.web.handling import scored
from tests.web.serving import Serving
from tests.web.site import Site
from tests.web.watched import keep_all


class Walk:
    """Looks at pages, and remembers what is wrong with each."""

    def __init__(self, size: str) -> None:
        self.size = size
        self.wrong: dict[str, list[str]] = {}
        self.window: dict[str, object] = {
            "viewport": SIZES[size],
            "has_touch": size == "phone",
            "reduced_motion": "reduce",
        }

    @property
    def is_phone(self) -> bool:
        return self.size == "phone"

    def look(self, page: Page, name: str) -> None:
        self._look(page, f"{name}-{self.size}")

    def _look(self, page: Page, name: str) -> None:
        whole = page.locator("#review").count() == 0
        if found := flaws(page, name, whole=whole):
            self.wrong[name] = found


class BothWalks(Walk):
    """Looks at pages on desk and phone without opening them again: any but those that show
    `#review`, which are others where fingers touch them."""

    def __init__(self) -> None:
        super().__init__("desktop")

    def look(self, page: Page, name: str) -> None:
        super().look(page, name)
        resize(page, "phone")
        self._look(page, f"{name}-phone")
        resize(page, "desktop")


@pytest.fixture(params=SIZES)
def walk(request: pytest.FixtureRequest) -> Iterator[Walk]:
    walk = Walk(request.param)
    yield walk
    assert walk.wrong == {}


@pytest.fixture
def walks() -> Iterator[Walk]:
    walks = BothWalks()
    yield walks
    assert walks.wrong == {}


def test_pages_without_a_session(
    site: Site, serving: Serving, new_context: Callable[..., BrowserContext], walks: Walk
) -> None:
    page = new_context(**walks.window).new_page()
    page.goto(f"{serving.url}/review/")
    page.get_by_label("Name").fill("rita")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    walks.look(page, "sign-in")
    page.goto(f"{serving.url}/login/link/{site.app.people.make_link(site.account(), 'test')}")
    expect(page.get_by_role("button", name="Sign in as reviewer-")).to_be_visible()
    walks.look(page, "link")
    page.goto(f"{serving.url}/login/link/spent")
    expect(page.get_by_role("heading", name="Not for this account")).to_be_visible()
    walks.look(page, "message")


def test_ones_own_account(site: Site, sign_in: SignIn, walks: Walk) -> None:
    name = site.account()
    site.token(name)
    page = sign_in(name=name, **walks.window)
    page.locator("#who-name").click()
    page.get_by_role("link", name="My account").click()
    expect(page.get_by_role("button", name="Sign out there")).to_be_visible()
    walks.look(page, "account")
    page.get_by_label("New password", exact=True).fill("correct horse battery")
    page.get_by_label("New password, once more").fill("correct horse")
    page.get_by_role("button", name="Choose a password").click()
    expect(page.get_by_role("alert")).to_be_visible()
    walks.look(page, "account-problem")


def test_the_card_of_the_detector(site: Site, sign_in: SignIn, walks: Walk) -> None:
    card = site.app.detectors.card(site.app.policies.current().checkpoint)
    page = sign_in(at="/card", **walks.window)
    expect(page.get_by_role("heading", name="What it was measured on")).to_be_visible()
    kinds = sum(1 + len(scope.generators) for scope in card.scopes)
    expect(page.locator("svg.kind-plot")).to_have_count(kinds)
    walks.look(page, "card")


def test_reviewing(site: Site, sign_in: SignIn, walk: Walk) -> None:
    site.app.policies.current()
    _, admin = site.signed_in(Role.ADMIN)
    change_options(site.app.database, admin, ReviewOptions(veil=Veil.BLUR))
    site.items(3, decided=True)
    page = sign_in(**walk.window)
    wait_for_image(page)
    change_options(site.app.database, admin, ReviewOptions())
    expect(page.locator("#progress")).to_contain_text("wait")
    walk.look(page, "review-veiled")
    page.keyboard.press("b")
    walk.look(page, "review-first")
    page.locator("#who-name").click()
    walk.look(page, "review-menu")
    page.locator("#who-name").click()
    for key, name in {"c": "comment", "e": "escalate"}.items():
        page.keyboard.press(key)
        page.keyboard.type("The ear has no lobe.")
        walk.look(page, f"review-{name}")
        page.keyboard.press("Enter")
    page.get_by_role("button", name="More").click()
    walk.look(page, "review-more")
    page.keyboard.press("Escape")
    if walk.is_phone:
        page.keyboard.press("l")
    page.keyboard.press("2")
    expect(page.locator("#lens img")).to_be_visible()
    page.keyboard.press("i")
    walk.look(page, "review-zoom-panel")
    page.keyboard.press("t")
    page.keyboard.press("2")
    walk.look(page, "review-tags")
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    page.keyboard.press("m")
    page.keyboard.press("ArrowRight")
    walk.look(page, "review-marks")
    page.keyboard.press("Escape")
    _answer_and_open_dialogs(page, walk)
    page.keyboard.press("u")
    page.keyboard.press("u")
    expect(page.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
    walk.look(page, "review-empty")


def _answer_and_open_dialogs(page: Page, walk: Walk) -> None:
    page.keyboard.press("p")
    page.get_by_label("Goal, in images").fill("1")
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    expect(page.locator("#previous-text")).to_contain_text("Model")
    expect(page.locator("#calm")).to_contain_text("your goal")
    wait_until_saved(page)
    walk.look(page, "review-next")
    page.keyboard.press("?")
    walk.look(page, "review-keys")
    page.get_by_role("button", name="Change keys").click()
    walk.look(page, "review-keys-change")
    page.keyboard.press("Escape")
    page.keyboard.press("h")
    expect(page.locator("#recent-list > li")).to_have_count(1)
    walk.look(page, "review-recent")
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    walk.look(page, "review-session")
    page.get_by_role("button", name="Take a break now").click()
    expect(page.get_by_role("button", name="Go on")).to_be_focused()
    walk.look(page, "review-break")
    page.keyboard.press("Enter")
    wait_for_image(page)


def test_answering_for_images_that_look_alike(site: Site, sign_in: SignIn, walk: Walk) -> None:
    _, admin = site.signed_in(Role.ADMIN)
    change_options(site.app.database, admin, ReviewOptions(veil=Veil.BLUR))
    alike(site, 6)
    page = sign_in(**walk.window)
    wait_for_image(page)
    change_options(site.app.database, admin, ReviewOptions())
    expect(page.get_by_role("button", name="5 look like it")).to_be_visible()
    walk.look(page, "review-alike")
    page.keyboard.press("g")
    expect(page.get_by_role("listbox", name="Images").get_by_role("option")).to_have_count(6)
    walk.look(page, "review-grid-veiled")
    page.keyboard.press("b")
    page.keyboard.press("a")
    walk.look(page, "review-grid")
    page.keyboard.press("f")
    expect(page.get_by_role("alertdialog")).to_be_visible()
    walk.look(page, "review-grid-question")


def test_deciding(site: Site, sign_in: SignIn, walk: Walk) -> None:
    disagreement(site)
    page = sign_in(Role.ADMIN, at="/review/", **walk.window)
    page.get_by_role("combobox", name="Queue").select_option("escalated")
    wait_for_image(page)
    walk.look(page, "review-escalated")
    if walk.is_phone:
        page.get_by_role("button", name="1 answer so far").click()
    page.get_by_role("button", name="Show 1 mark").click()
    expect(page.locator("#their-marks g")).to_be_visible()
    walk.look(page, "review-adjudication")


def test_inspecting(sign_in: SignIn, walks: Walk) -> None:
    page = sign_in(at="/review/inspect", **walks.window)
    expect(page.get_by_role("heading", name="Inspect an image")).to_be_visible()
    walks.look(page, "inspect-first")
    pick_a_sample(page)
    page.get_by_role("region", name="Look closer").get_by_text("Noise", exact=True).click()
    expect(page.get_by_role("img", name="Noise of the image")).to_be_visible()
    walks.look(page, "inspect")


def test_every_tab_of_the_admin(site: Site, sign_in: SignIn, walks: Walk) -> None:
    scored(site, 20)
    some_jobs(site)
    keep_all(site)
    page = sign_in(Role.ADMIN, **walks.window)
    expect(page.get_by_text("Which images is the detector sure of?").first).to_be_visible()
    for name in TABS:
        open_tab(page, name)
        if name == "Monitoring":
            expect(page.get_by_text("No: they have changed")).to_be_visible()
        walks.look(page, f"admin-{name.lower()}")
