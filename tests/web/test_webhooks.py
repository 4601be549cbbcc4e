"""Webhooks over the API, the panel of who is told, and what needs an admin on the first screen."""

from __future__ import annotations

from typing import Any

import pytest

from review_app.core.errors import InputError, NotFoundError
from review_app.core.permissions import TokenScope
from review_app.intake.candidates import Candidate
from review_app.notifications.subscriptions import NewSubscription
from review_app.web.admin.monitoring_told import EndedSubscription, ToldPanel
from review_app.web.admin.overview import OverviewTab
from review_app.web.handlers import Call
from storage.enums import AuditKind, Channel, ItemState, Role, Topic
from storage.repositories.items import Move
from storage.types import utc_now
from tests.web.site import Site, picture
from tests.web.test_programs import Program, problem

WEBHOOKS, HOOK = "/api/v1/webhooks", "https://hooks.example/in?token=abc"
BODY = {"name": "newsroom", "address": HOOK}


def made(program: Program, **more: Any) -> Any:
    answer = program.client.post(WEBHOOKS, json={**BODY, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def fan_out(site: Site, number: int) -> None:
    """What the worker does first."""
    with site.app.database.write() as repos:
        row = repos.subscriptions.get(number)
        assert row is not None
        while repos.outbox.fan_out(row, utc_now()):
            pass


def fail(site: Site, item_id: int) -> None:
    with site.app.database.write() as repos:
        repos.items.move("test", [Move(item_id, ItemState.FAILED, AuditKind.FAILED)])


def kill(site: Site, number: int) -> None:
    """Give up what is to be told."""
    fan_out(site, number)
    with site.app.database.write() as repos:
        now = utc_now()
        for one in repos.outbox.claim(number, now, now, 9):
            repos.outbox.failed(one.id, 500, "the receiver answered with status 500", None)


@pytest.fixture(scope="module")
def program(site: Site) -> Program:
    return Program(site, TokenScope.WEBHOOKS, TokenScope.IMAGES_READ)


def test_a_program_hears_of_the_images_that_its_owner_added(site: Site, program: Program) -> None:
    told = made(program)
    hook, number = told["webhook"], told["webhook"]["webhook_id"]
    assert told["secret"].startswith("whsec_")
    assert hook["address"] == "https://hooks.example/…"
    assert hook["added_by"] == hook["made_by"] == program.owner
    own, other = (
        site.app.intake.take([Candidate(f"{n}.png", lambda n=n: picture(n))], by)[0].item_id  # type: ignore[misc]
        for n, by in ((8801, program.owner), (8802, "somebody else"))
    )
    for item_id in (own, other):
        assert item_id is not None
        fail(site, item_id)
    fan_out(site, number)
    listed = program.client.get(f"{WEBHOOKS}/{number}/deliveries").json()["deliveries"]
    assert [(one["topic"], one["item_id"], one["state"]) for one in listed] == [
        ("item.failed", own, "waiting")
    ]
    (view,) = [w for w in program.client.get(WEBHOOKS).json()["webhooks"] if w["open"]]
    assert (view["webhook_id"], view["open"]) == (number, 1)


def test_what_was_given_up_is_tried_again_let_go_or_replayed(site: Site, program: Program) -> None:
    number = made(program, all_images=True)["webhook"]["webhook_id"]
    path = f"{WEBHOOKS}/{number}"
    fail(site, site.factory.item(ItemState.PENDING))
    kill(site, number)
    dead = program.client.get(f"{path}/deliveries?state=dead").json()["deliveries"]
    assert [(one["attempts"], one["status"]) for one in dead] == [(1, 500)]
    chosen = {"deliveries": [dead[0]["delivery_id"]]}
    assert program.client.post(f"{path}/retry", json=chosen).json() == {"count": 1}
    kill(site, number)
    assert program.client.post(f"{path}/retry", json={"drop": True}).json() == {"count": 1}
    assert program.client.post(f"{path}/retry", json={}).json() == {"count": 0}
    replayed = program.client.post(f"{path}/replay", json={"after": dead[0]["event"] - 1})
    assert replayed.json() == {"count": 1}
    assert program.client.post(f"{path}/test").json() == {"count": 1}
    assert program.client.delete(path).json()["name"] == "newsroom"
    assert problem(program.client.delete(path), 404) == "not_found"


def test_a_secret_is_rotated_and_a_webhook_paused(site: Site, program: Program) -> None:
    first = made(program)
    path = f"{WEBHOOKS}/{first['webhook']['webhook_id']}"
    second = program.client.post(f"{path}/rotate", json={"overlap_hours": 1}).json()
    assert second["secret"] != first["secret"]
    assert second["webhook"]["former_secret_until"]
    assert problem(program.client.post(f"{path}/rotate", json={}), 409) == "conflict"
    assert problem(program.client.post(f"{path}/rotate", json={"overlap_hours": 200}), 422)
    now = program.client.post(f"{path}/rotate", json={"overlap_hours": 0}).json()
    assert now["webhook"]["former_secret_until"] is None
    assert program.client.post(f"{path}/pause").json()["paused_at"]
    assert problem(program.client.post(f"{path}/test"), 409) == "conflict"
    assert program.client.post(f"{path}/resume").json()["paused_at"] is None
    other = Program(site)
    for does in ("rotate", "pause", "resume"):
        assert problem(other.client.post(f"{path}/{does}", json={}), 404) == "not_found"


@pytest.mark.parametrize("number", [0, -1, 2**63, 10**30])
def test_a_delivery_that_cannot_be_is_refused(program: Program, number: int) -> None:
    path = f"{WEBHOOKS}/{made(program)['webhook']['webhook_id']}/retry"
    assert problem(program.client.post(path, json={"deliveries": [number]}), 422) == "invalid"


def test_each_kind_of_news_needs_the_scope_to_read_it(site: Site) -> None:
    narrow = Program(site, TokenScope.WEBHOOKS)
    assert problem(narrow.client.post(WEBHOOKS, json={**BODY, "all_images": True}), 403)
    alarms = {**BODY, "topics": ["alert.drift"]}
    assert problem(narrow.client.post(WEBHOOKS, json=alarms), 403) == "missing_scope"
    made(Program(site, TokenScope.WEBHOOKS, TokenScope.STATS), topics=["alert.drift"])


def test_a_program_knows_only_of_webhooks_that_its_owner_made(site: Site, program: Program) -> None:
    number = made(program)["webhook"]["webhook_id"]
    other = Program(site)
    assert other.client.get(WEBHOOKS).json() == {"webhooks": []}
    assert problem(other.client.get(f"{WEBHOOKS}/{number}/deliveries"), 404) == "not_found"
    assert problem(other.client.delete(f"{WEBHOOKS}/{number}"), 404) == "not_found"
    mail = site.app.subscriptions
    mail.mails = True
    ops = mail.add(
        NewSubscription("ops", Channel.MAIL, "ops@a.example", (Topic.DRIFT,)), program.owner
    )
    assert problem(program.client.delete(f"{WEBHOOKS}/{ops.view.id}"), 404) == "not_found"
    mail.mails = False


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "http://127.0.0.1/"},
        {"address": "ftp://a.example/"},
        {"topics": ["test"]},
        {"topics": ["item.lost"]},
        {"topics": []},
        {"name": ""},
        {"language": "tlh"},
        {"secret": "mine"},
    ],
)
def test_what_makes_no_sense_is_refused(program: Program, wrong: dict[str, Any]) -> None:
    answer = program.client.post(WEBHOOKS, json={**BODY, **wrong})
    assert problem(answer, answer.status_code) in ("bad_input", "invalid")


def test_no_reviewers_token_may_be_for_webhooks(site: Site) -> None:
    with pytest.raises(InputError, match="can do nothing with webhooks"):
        Program(site, TokenScope.WEBHOOKS, owner=site.account(Role.REVIEWER))


def test_the_panel_tells_whom_and_what_came_of_it(site: Site, call: Call) -> None:
    panel = ToldPanel(site.app)
    message, once, table, *_ = panel.add(call, "desk", "webhook", HOOK, ["item.failed"])
    assert "desk is told from now on" in message
    assert "whsec_" in once
    assert "abc" not in table
    number = max(view.id for view in site.app.subscriptions.all())
    fail(site, site.factory.item(ItemState.PENDING))
    kill(site, number)
    shown = panel.load(call)[0]
    assert "the receiver answered with status 500" in shown
    assert "given up" in shown
    assert "1 message will be tried again" in panel.retry(call, number)[0]
    kill(site, number)
    assert "1 message was let go" in panel.drop(call, number)[0]
    assert "A test is on its way to desk" in panel.test(call, number)[0]
    assert "desk is paused" in panel.pause(call, number)[0]
    assert "paused since" in panel.load(call)[0]
    assert "desk is told again" in panel.resume(call, number)[0]
    rotated, secret, *_ = panel.rotate(call, number, None)
    assert "the former one signs for 24 h more" in rotated
    assert "whsec_" in secret
    asked = panel.ask_remove(call, number)
    assert "Tell desk no more?" in asked.text
    assert "desk is told no more" in panel.remove(call, asked.about.model_dump())[0]
    with pytest.raises(NotFoundError):
        panel.remove(call, EndedSubscription(id=number).model_dump())


@pytest.mark.parametrize(
    ("channel", "address", "topics", "why"),
    [
        ("mail", "ops@a.example", ["alert.drift"], "REVIEW_SMTP_HOST"),
        ("pigeon", HOOK, ["alert.drift"], "how it is to be told"),
        (None, HOOK, ["alert.drift"], "how it is to be told"),
        ("slack", HOOK, ["item.failed"], "at least one alarm"),
        ("slack", HOOK, None, "at least one alarm"),
        ("webhook", HOOK, ["item.lost"], "no topic"),
        ("webhook", None, ["item.failed"], "http"),
    ],
)
def test_the_panel_refuses_what_makes_no_sense(
    site: Site, call: Call, channel: Any, address: Any, topics: Any, why: str
) -> None:
    with pytest.raises(Exception, match=why):
        ToldPanel(site.app).add(call, "desk", channel, address, topics)


ACTIONS = ["test", "retry", "drop", "ask_remove", "pause", "resume"]


@pytest.mark.parametrize("action", ACTIONS)
def test_whom_it_is_about_must_be_chosen(site: Site, call: Call, action: str) -> None:
    for number, error in ((None, InputError), (10**9, NotFoundError)):
        with pytest.raises(error):
            getattr(ToldPanel(site.app), action)(call, number)


def test_the_first_screen_lists_what_needs_an_admin(site: Site, call: Call) -> None:
    with site.app.database.write() as repos:
        repos.alerts.raise_(Topic.STORAGE, "", {"gib": 1.5}, utc_now())
        repos.alerts.raise_(Topic.DRIFT, "", {"n": 1, "reference": 100}, utc_now())
    needs = {}
    for role in Role:
        client, _ = site.signed_in(role)
        needs[role] = client.get("/api/v1/me").json()["needs"]
    assert needs == {Role.ADMIN: 2, Role.LEAD: None, Role.REVIEWER: None}
    page = OverviewTab(site.app).refresh(call)[0]
    assert "The disk of the database is nearly full: 1.5 GiB are free." in page
    assert "compared with 100" not in page, "drift has a sentence of its own"
