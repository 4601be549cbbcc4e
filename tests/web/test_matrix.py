"""Who gets what: every route of the running application, for seven kinds of people.

`CASES` names every route there is, with who may use it. A new one fails here until it is entered.
Gradio's routes, at both mounts: `test_matrix_gradio`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from review_app.core.permissions import Area, TokenScope, area_of
from review_app.core.settings import DEFAULT_CHECKPOINT
from review_app.notifications.subscriptions import NewSubscription
from review_app.records.exports.job import export_parameters
from review_app.records.exports.request import ExportRequest
from review_app.web.assets import PREFIX, asset_url
from storage.enums import Channel, ItemState, JobKind, LabelValue, Topic
from tests.web.matrix import ADMINS, EVERYBODY, LEADS, MOUNTS, OWNER, Case, at, faults_of
from tests.web.programs import Caller, faults_of_program
from tests.web.walk import templates
from tests.web.world import API, PEOPLE, Ask, Seen, Who, World, answer_to, new_id

IMAGES = "/api/v1/admin/images"
NOBODY: frozenset[Who] = frozenset()
"""What the detector thinks is told after the answer."""


def of_image(rest: str = "") -> Callable[[World], Ask]:
    """A request for something of an image that the reviewer holds."""
    return lambda world: Ask("GET", f"{world.take(Who.REVIEWER)['image_url']}{rest}")


def held(path: str) -> Callable[[World], Ask]:
    """A change of an image that the reviewer holds."""

    def make(world: World) -> Ask:
        item = {"item_id": world.take(Who.REVIEWER)["item_id"]}
        return Ask("POST", f"{API}/{path}", {"json": item})

    return make


def label(world: World) -> Ask:
    return Ask("POST", f"{API}/label", {"json": answer_to(world.take(Who.REVIEWER)["item_id"])})


def another(of: str) -> dict[str, Any]:
    """Another answer in place of the one that is called ``of``."""
    return {"client_id": new_id(), "of": of, "value": "real"}


def change(world: World) -> Ask:
    return Ask("POST", f"{API}/change", {"json": another(world.answered(Who.REVIEWER))})


def answers(world: World) -> Ask:
    return entry({"kind": "label", **answer_to(world.take(Who.REVIEWER)["item_id"])})


def link(method: str) -> Callable[[World], Ask]:
    """A link that signs the reviewer in."""

    def make(world: World) -> Ask:
        name = world.people[Who.REVIEWER].name
        token = world.site.app.people.make_link(name, "test")
        return Ask(method, f"/login/link/{token}")

    return make


def inspected(world: World) -> Ask:
    return Ask("GET", f"/inspected/{world.inspected}/view/noise")


def card(which: str) -> Callable[[World], Ask]:
    """The card of the detector in force, or of another that was once registered."""

    def make(world: World) -> Ask:
        app = world.site.app
        other = app.detectors.register(DEFAULT_CHECKPOINT.parent / "source").id
        return Ask("GET", f"/card/{app.cards.reader() if which == 'in force' else other}")

    return make


def entry(entry: dict[str, Any]) -> Ask:
    """A call with one entry."""
    return Ask("POST", f"{API}/answers", {"json": {"entries": [entry]}})


def no_image(_world: World) -> Ask:
    """Something that is refused, so that nothing has to be scored."""
    return Ask("POST", "/api/v1/images", {"files": {"files": ("a.png", b"no image")}})


def aside(world: World) -> Ask:
    """An answer on an image that is with people."""
    item_id = world.site.factory.item(ItemState.RESOLVED)
    return Ask("POST", "/api/v1/labels", {"json": {"item_id": item_id, "value": "real"}})


def correction(world: World) -> Ask:
    item_id = world.site.factory.item(ItemState.RESOLVED, known=LabelValue.FAKE)
    body = {"item_id": item_id, "value": "real", "reason": "looked again"}
    return Ask("POST", "/api/v1/corrections", {"json": body})


def saved_view(world: World) -> Ask:
    """The address of a view that some admin keeps to themselves, or lets others see."""
    views, person = world.site.app.saved_views, world.people[Who.ADMIN]
    number = views.save(person, f"view {new_id()}", {"state": "failed"}, shared=True)
    return Ask("GET", f"/admin/views/{number}")


def export(rest: str = "") -> Callable[[World], Ask]:
    """A request for an export that nobody makes here."""

    def make(world: World) -> Ask:
        person = world.people[Who.ADMIN]
        parameters = export_parameters(ExportRequest(), person.name)
        job = world.site.app.jobs.submit(person, JobKind.EXPORT, parameters)
        world.site.app.jobs.cancel(person, job)
        return Ask("GET", f"/api/v1/exports/{job}{rest}")

    return make


HOOK = "https://hooks.example/in"


def new_webhook(_world: World) -> Ask:
    """One that only an admin's program makes, which is never called."""
    body = {"name": "hook", "address": HOOK, "topics": ["item.failed"], "all_images": True}
    return Ask("POST", "/api/v1/webhooks", {"json": body})


def webhook(method: str, rest: str = "", **more: Any) -> Callable[[World], Ask]:
    """A request for the only webhook there is, an admin's."""

    def make(world: World) -> Ask:
        service, actor = world.site.app.subscriptions, world.people[Who.ADMIN].name
        for view in service.all():
            service.remove(view.id, actor)
        wanted = NewSubscription("hook", Channel.WEBHOOK, HOOK, (Topic.FAILED,))
        made = service.add(wanted, actor)
        return Ask(method, f"/api/v1/webhooks/{made.view.id}{rest}", more)

    return make


def is_gone_since(seen: Seen) -> bool:
    """Whoever comes first has ended it."""
    return seen.status in (200, 404)


def is_kept(seen: Seen) -> bool:
    """It was kept, or one's own was before."""
    return seen.status in (200, 409)


def is_made(seen: Seen) -> bool:
    """The verdict was put right, or there was none to put right."""
    return seen.status in (200, 409)


def undo(world: World) -> Ask:
    world.answered(Who.REVIEWER)
    return Ask("POST", f"{API}/undo", {"json": {"client_id": new_id()}})


UNLIKE = {"new": "correct horse battery", "again": "wrong horse battery"}
SESSIONS, NO_SESSION = "/account/sessions", {"session": "made-up"}


def is_form(seen: Seen) -> bool:
    """Wrong passwords are answered by the form, many by telling to wait."""
    return seen.status in (400, 401, 429) and 'type="password"' in seen.text


def is_odd(seen: Seen) -> bool:
    """There is no such session among one's own."""
    return seen.status in (303, 404)


def gone(seen: Seen) -> bool:
    """No export is kept there."""
    return seen.status == 404


def is_spent_once(seen: Seen) -> bool:
    """Whoever comes first is signed in; the others are told that somebody was."""
    return seen.status in (303, 403)


def is_taken(seen: Seen) -> bool:
    """Each entry of a call is taken or refused alone."""
    return seen.status == 200 and '"error":null' in seen.text


PLACE = "A" * 22

CASES = (
    Case("GET /", PEOPLE, at("/")),
    Case("GET /login", EVERYBODY, at("/login")),
    Case("POST /login", EVERYBODY, at("/login", data={"name": "a", "password": "b"}), is_form),
    Case("GET /login/link/{token}", EVERYBODY, link("GET"), tells_owner=True),
    Case("POST /login/link/{token}", EVERYBODY, link("POST"), is_spent_once, ends_session=True),
    Case("GET /account", PEOPLE, at("/account")),
    Case("POST /account/password", PEOPLE, at("/account/password", data=UNLIKE), is_form),
    Case(
        "POST /account/sessions/end", PEOPLE, at("/account/sessions/end", data=NO_SESSION), is_odd
    ),
    Case("POST /account/sessions/end-others", PEOPLE, at(f"{SESSIONS}/end-others", data={})),
    Case("POST /language", EVERYBODY, at("/language", data={"language": "de"})),
    Case(f"MOUNT {PREFIX}", EVERYBODY, at(asset_url("app.css"))),
    Case("GET /favicon.ico", EVERYBODY, at("/favicon.ico")),
    Case("GET /healthz", EVERYBODY, at("/healthz")),
    Case("GET /readyz", EVERYBODY, at("/readyz")),
    Case("GET /api/v1/openapi.json", PEOPLE, at("/api/v1/openapi.json")),
    Case("HEAD /api/v1/openapi.json", PEOPLE, lambda _: Ask("HEAD", "/api/v1/openapi.json")),
    Case("GET /api/v1/me", PEOPLE, at("/api/v1/me")),
    Case("POST /api/v1/review/take", PEOPLE, at(f"{API}/take", json={"n": 1})),
    Case("POST /api/v1/review/heartbeat", PEOPLE, at(f"{API}/heartbeat", json={})),
    Case("GET /api/v1/review/recent", PEOPLE, at(f"{API}/recent"), tells_reading=True),
    Case("GET /api/v1/review/choices", PEOPLE, at(f"{API}/choices")),
    Case("GET /api/v1/review/progress", PEOPLE, at(f"{API}/progress?since=2026-01-01T00:00:00Z")),
    Case("POST /api/v1/review/similar", OWNER, held("similar")),
    Case("POST /api/v1/review/skip", OWNER, held("skip")),
    Case("POST /api/v1/review/label", OWNER, label, tells_reading=True),
    Case("POST /api/v1/review/change", OWNER, change, tells_reading=True),
    Case("POST /api/v1/review/answers", OWNER, answers, is_taken, tells_reading=True),
    Case("GET /media/{handle}", OWNER, of_image()),
    Case("GET /media/{handle}/small", OWNER, of_image("/small")),
    Case("GET /media/{handle}/view/{view}", OWNER, of_image("/view/noise")),
    Case("GET /media/{handle}/view/{view}", NOBODY, of_image("/view/saliency")),
    Case("GET /media/{handle}/metadata", OWNER, of_image("/metadata")),
    Case(f"GET {IMAGES}/{{item_id}}", LEADS, at(f"{IMAGES}/1")),
    Case(f"GET {IMAGES}/{{item_id}}/small", LEADS, at(f"{IMAGES}/1/small")),
    Case(f"GET {IMAGES}/{{item_id}}/view/{{view}}", LEADS, at(f"{IMAGES}/1/view/noise")),
    Case(f"GET {IMAGES}/{{item_id}}/metadata", LEADS, at(f"{IMAGES}/1/metadata")),
    Case("GET /inspected/{token}/view/{view}", OWNER, inspected),
    Case("POST /api/v1/review/undo", OWNER, undo),
    Case("POST /api/v1/review/release", PEOPLE, at(f"{API}/release", json={})),
    Case("GET /card", PEOPLE, at("/card")),
    Case("GET /card/{checkpoint_id}", PEOPLE, card("in force")),
    Case("GET /card/{checkpoint_id}", LEADS, card("another")),
    Case("GET /admin/views/{number}", LEADS, saved_view),
    Case("GET /exports/labels.{form}", ADMINS, at("/exports/labels.csv")),
    Case("GET /exports/kept/{place}/{name}", ADMINS, at(f"/exports/kept/{PLACE}/images.csv"), gone),
    Case("POST /api/v1/images", ADMINS, no_image, scope=TokenScope.IMAGES_WRITE),
    Case(
        "POST /api/v1/images/by-address",
        NOBODY,
        at("/api/v1/images/by-address", json={"addresses": ["https://a.example/"]}),
        scope=TokenScope.IMAGES_WRITE,
    ),
    Case("GET /api/v1/images", LEADS, at("/api/v1/images?n=2"), scope=TokenScope.IMAGES_READ),
    Case(
        "GET /api/v1/images/{item_id}", LEADS, at("/api/v1/images/1"), scope=TokenScope.IMAGES_READ
    ),
    Case(
        "GET /api/v1/images/{item_id}/wait",
        LEADS,
        at("/api/v1/images/1/wait?seconds=0"),
        scope=TokenScope.IMAGES_READ,
    ),
    Case("POST /api/v1/labels", PEOPLE, aside, is_kept, scope=TokenScope.LABELS_WRITE),
    Case("POST /api/v1/corrections", LEADS, correction, is_made, scope=TokenScope.LABELS_WRITE),
    Case("POST /api/v1/exports", ADMINS, at("/api/v1/exports", json={}), scope=TokenScope.EXPORT),
    Case("GET /api/v1/exports/{export_id}", ADMINS, export(), scope=TokenScope.EXPORT),
    Case(
        "GET /api/v1/exports/{export_id}/files/{name}",
        ADMINS,
        export("/files/images.csv"),
        gone,
        scope=TokenScope.EXPORT,
    ),
    Case("GET /api/v1/statistics", LEADS, at("/api/v1/statistics"), scope=TokenScope.STATS),
    Case("GET /api/v1/policies", LEADS, at("/api/v1/policies"), scope=TokenScope.POLICIES_READ),
    Case(
        "GET /api/v1/policies/{version}",
        LEADS,
        at("/api/v1/policies/1"),
        scope=TokenScope.POLICIES_READ,
    ),
    Case("POST /api/v1/webhooks", ADMINS, new_webhook, scope=TokenScope.WEBHOOKS),
    Case("GET /api/v1/webhooks", ADMINS, at("/api/v1/webhooks"), scope=TokenScope.WEBHOOKS),
    Case(
        "DELETE /api/v1/webhooks/{webhook_id}",
        ADMINS,
        webhook("DELETE"),
        is_gone_since,
        scope=TokenScope.WEBHOOKS,
    ),
    Case(
        "GET /api/v1/webhooks/{webhook_id}/deliveries",
        ADMINS,
        webhook("GET", "/deliveries"),
        scope=TokenScope.WEBHOOKS,
    ),
    *(
        Case(
            f"POST /api/v1/webhooks/{{webhook_id}}/{does}",
            ADMINS,
            webhook("POST", f"/{does}", json={}),
            scope=TokenScope.WEBHOOKS,
        )
        for does in ("test", "replay", "retry", "rotate", "pause", "resume")
    ),
    Case("GET /metrics", LEADS, at("/metrics"), scope=TokenScope.METRICS),
    Case("POST /logout", PEOPLE, at("/logout", data={}), ends_session=True),
)


def test_every_route_is_entered_and_none_that_is_gone(world: World) -> None:
    running = set(templates(world.site.web))
    assert {case.route for case in CASES} | {f"MOUNT {mount}" for mount in MOUNTS} == running


@pytest.mark.parametrize("caller", Caller)
def test_each_route_for_programs_serves_those_whose_token_is_for_it(
    world: World, caller: Caller
) -> None:
    cases = [case for case in CASES if case.scope is not None]
    faults = [fault for case in cases for fault in faults_of_program(world, case, caller)]
    assert not faults, "\n".join(faults)


def test_every_route_for_programs_says_which_scope_it_needs(world: World) -> None:
    open_to_programs = {
        route for route in templates(world.site.web) if area_of(route.split()[1]) is Area.PROGRAMS
    }
    scoped = {case.route for case in CASES if case.scope is not None}
    free = {f"{method} /api/v1/openapi.json" for method in ("GET", "HEAD")} | {"GET /api/v1/me"}
    assert open_to_programs - free == scoped


def test_each_route_serves_those_who_may_and_tells_nobody_else_anything(world: World) -> None:
    faults = [fault for case in CASES for fault in faults_of(world, case)]
    assert not faults, "\n".join(faults)


FOREIGN: dict[str, Callable[[Any], Ask]] = {
    "image": lambda item: Ask("GET", f"/media/{item}"),
    "small image": lambda item: Ask("GET", f"/media/{item}/small"),
    "view": lambda item: Ask("GET", f"/media/{item}/view/noise"),
    "metadata": lambda item: Ask("GET", f"/media/{item}/metadata"),
    "similar": lambda item: Ask("POST", f"{API}/similar", {"json": {"item_id": item}}),
    "skip": lambda item: Ask("POST", f"{API}/skip", {"json": {"item_id": item}}),
    "label": lambda item: Ask("POST", f"{API}/label", {"json": answer_to(item)}),
    "labels": lambda item: entry({"kind": "label", **answer_to(item)}),
    "skips": lambda item: entry({"kind": "skip", "client_id": new_id(), "item_id": item}),
}
"""What can be asked of an item that one does not hold."""
OF_ANSWERS: dict[str, Callable[[str], Ask]] = {
    "undo": lambda of: entry({"kind": "undo", "client_id": new_id(), "of": of}),
    "changes": lambda of: entry({"kind": "change", **another(of)}),
    "change": lambda of: Ask("POST", f"{API}/change", {"json": another(of)}),
}


def test_what_belongs_to_others_is_refused_as_what_is_not_there(world: World) -> None:
    item, answer = world.take(Who.OTHER)["item_id"], world.answered(Who.OTHER)
    world.answered(Who.REVIEWER)  # so that there is something that could be taken back instead
    unknown = 2**53 - 1 if isinstance(item, int) else "A" * len(item)
    pairs = [(name, make(item), make(unknown)) for name, make in FOREIGN.items()]
    pairs += [(name, make(answer), make(new_id())) for name, make in OF_ANSWERS.items()]
    told_apart = [
        f"{name}: {foreign} beside {missing}"
        for name, one, other in pairs
        if (foreign := refusal(world, one)) != (missing := refusal(world, other))
    ]
    assert not told_apart, "\n".join(told_apart)


def refusal(world: World, ask: Ask) -> tuple[int, str]:
    """How the reviewer is refused, without the names that were made up."""
    seen = world.ask(Who.REVIEWER, ask)
    assert seen.status >= 400 or '"code":' in seen.text, (ask, seen)
    return seen.status, re.sub(r"[\w-]{36}|\d{3,}|A{8,}|\b\d+\b", "*", seen.text)
