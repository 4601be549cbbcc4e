"""A real Chromium, and the site on a real port.

The browser is the one ``BROWSER_PATH`` names, else a Chromium or Chrome that is installed, else
Playwright's own. Without any, these tests are skipped; but where ``CI`` is set they fail.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import monotonic

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    Request,
    expect,
    sync_playwright,
)

from review_app.policy.review_options import ReviewOptions, change_options
from review_app.web.identity import COOKIE
from storage.enums import AuditKind, ItemState, Role
from storage.repositories.items import Move
from tests.browser.reviewing import look_at
from tests.web.serving import Serving
from tests.web.site import Site

expect.set_options(timeout=20_000)  # a busy machine answers late; nothing here measures speed

NAMES = (
    "chromium-headless-shell",
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marked, so that they can be left out."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


SignIn = Callable[..., Page]
"""``sign_in(role=Role.REVIEWER, name="", at="", **context_options)``: a page of a fresh browser
profile that somebody is signed in with; their first one, or ``at`` an address of the site."""


def find_browser(playwright: Playwright) -> str | None:
    """The path of a Chromium, or None."""
    given = os.environ.get("BROWSER_PATH")
    if given:
        return given
    installed = next(filter(None, map(shutil.which, NAMES)), None)
    own = Path(playwright.chromium.executable_path)
    return installed or (str(own) if own.exists() else None)


@pytest.fixture(scope="package")  # its event loop must not outlive these tests
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = find_browser(playwright)
        if path is None:
            missing = "no Chromium or Chrome: install one, or run `playwright install chromium`"
            if os.environ.get("CI"):
                pytest.fail(missing)
            pytest.skip(missing)
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("site"))
    yield site
    site.close()


@pytest.fixture(scope="module")
def serving(site: Site) -> Iterator[Serving]:
    with Serving(site.web) as serving:
        yield serving


@pytest.fixture(autouse=True)
def _fresh_start(site: Site, serving: Serving) -> None:
    """Each test starts with a server that answers and nothing to review, nor anybody who would."""
    look_at(site)
    serving.start()
    serving.wait_until_left()
    with site.app.database.write() as repos:
        for state in (ItemState.IN_REVIEW, ItemState.ESCALATED):
            left = repos.items.in_state(state, 1000)
            moves = [Move(item.id, ItemState.RESOLVED, AuditKind.LABELLED) for item in left]
            repos.items.move("test", moves)


@pytest.fixture
def new_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browser profiles that share nothing; closed at the end."""
    contexts: list[BrowserContext] = []

    def make(**options: object) -> BrowserContext:
        context = browser.new_context(**{"viewport": DESKTOP, **options})  # type: ignore[arg-type]
        context.set_default_timeout(20_000)
        context.grant_permissions(["clipboard-write"])  # as a browser with a window grants it
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def sign_in(site: Site, serving: Serving, new_context: Callable[..., BrowserContext]) -> SignIn:
    def signed_in(
        role: Role = Role.REVIEWER, name: str = "", at: str = "", **options: object
    ) -> Page:
        context = new_context(**options)
        token = site.token(name or site.account(role))
        context.add_cookies(
            [
                {
                    "name": COOKIE,
                    "value": token,
                    "url": serving.url,
                    "httpOnly": True,
                    "sameSite": "Strict",
                }
            ]
        )
        page = context.new_page()
        filled = first_answers(page)
        at = at or ("/review/" if role is Role.REVIEWER else "/admin/")
        page.goto(serving.url + at)
        if at.startswith("/admin/"):
            filled()
        return page

    return signed_in


def follow_link(page: Page, address: str) -> None:
    """Sign in by a one-time link: open it, and press its button; two pages more than `sign_in`."""
    page.goto(address)
    page.locator("form[action^='/login/link/'] button").click()


def first_answers(page: Page) -> Callable[[], None]:
    """To be called before the page is opened; what it gives waits until Gradio has filled it in.

    People look before they touch; a test would choose what the page's first answer then replaces.
    """
    asked: list[Request] = []
    answered: list[Request] = []

    def keep(requests: list[Request], request: Request) -> None:
        if request.url.endswith("/run/predict"):
            requests.append(request)

    page.on("request", partial(keep, asked))
    page.on("requestfinished", partial(keep, answered))

    def wait() -> None:
        end = monotonic() + 60
        while not asked or len(answered) < len(asked):
            assert monotonic() < end, f"{len(answered)} of {len(asked)} first answers in a minute"
            page.wait_for_timeout(50)

    return wait


@pytest.fixture
def tags(site: Site) -> Iterator[None]:
    """Two kinds of manipulation to choose from."""
    site.app.policies.current()
    _, admin = site.signed_in(Role.ADMIN)
    change_options(site.app.database, admin, ReviewOptions(tags=("face swap", "generated")))
    yield
    change_options(site.app.database, admin, ReviewOptions())
