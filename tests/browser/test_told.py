"""Who is told, set on the Monitoring tab: added, tried, and told no more; on desk and phone, light
and dark."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from storage.enums import AuditKind, ItemState, Role, Topic
from storage.repositories.items import Move
from storage.types import utc_now
from tests.browser.conftest import SignIn
from tests.browser.looks import SIZES, flaws
from tests.browser.test_admin import open_tab
from tests.web.site import Site


def give_up(site: Site) -> None:
    """What the newest webhook was to be told of an image was tried too often."""
    number = max(view.id for view in site.app.subscriptions.all())
    item_id = site.factory.item(ItemState.PENDING)
    with site.app.database.write() as repos:
        repos.items.move("test", [Move(item_id, ItemState.FAILED, AuditKind.FAILED)])
        row, now = repos.subscriptions.get(number), utc_now()
        assert row is not None
        repos.outbox.fan_out(row, now)
        (claimed,) = repos.outbox.claim(number, now, now, 1)
        repos.outbox.failed(claimed.id, 500, "the receiver answered with status 500", None)


def test_an_admin_has_a_program_told_and_sees_what_came_of_it(site: Site, sign_in: SignIn) -> None:
    with site.app.database.write() as repos:
        repos.alerts.raise_(Topic.STORAGE, "", {"gib": 1.5}, utc_now())
    page, name = sign_in(Role.ADMIN), "newsroom"
    admin = page.get_by_role("link", name="1 thing needs you")
    expect(admin).to_have_attribute("title", "1 thing needs you")
    open_tab(page, "Monitoring")
    page.get_by_role("radio", name="Webhook").check()
    expect(page.get_by_role("checkbox", name="image not scored")).to_be_checked()
    page.get_by_role("textbox", name="Name", exact=True).last.fill(name)
    page.get_by_role("textbox", name="Address").fill("https://hooks.example/in?token=abc")
    page.get_by_role("button", name="Tell from now on").click()
    expect(page.get_by_text(f"{name} is told from now on.")).to_be_visible()
    secret = page.get_by_role("textbox", name="checks signatures")
    expect(secret).to_have_value(re.compile("^whsec_"))
    give_up(site)
    page.reload()
    told = page.get_by_role("region", name="What was told last")
    expect(told).to_contain_text("the receiver answered with status 500")
    expect(secret).to_have_count(0)
    page.get_by_label("One of them").click()
    page.get_by_role("option", name=name).click()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("1 message will be tried again.")).to_be_visible()
    expect(told).not_to_contain_text("given up")
    for size, window in SIZES.items():
        page.set_viewport_size({"width": window["width"], "height": window["height"]})
        assert flaws(page, f"told-{size}", whole=True) == []
