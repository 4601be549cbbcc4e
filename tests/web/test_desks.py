"""Who gets in at a desk; everybody else learns nothing of it, not even that it is there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from review_app.core.permissions import TokenScope
from review_app.web.identity import REMEMBERED_SECONDS
from storage.enums import Role
from tests.web.desks import (
    COURT,
    MEMBERS,
    NOWHERE,
    OUTSIDERS,
    PRESS,
    Desks,
    Knocks,
    source_of,
    told,
)
from tests.web.site import PASSWORD
from tests.web.walk import addresses, config_in

AT = f"/desks/{PRESS}"
PAGES = ("", "/", "/review/", "/admin/", "/card", "/account", "/login", "/nothing")
"""What people have the browser show; a sample, for each costs a form to sign in with."""


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    found = Desks(tmp_path_factory.mktemp("desks"))
    yield found
    found.close()


def every_address(desks: Desks) -> list[tuple[str, str]]:
    """Every route of a site, and some of Gradio's, with what there is not."""
    own = set(addresses(desks.door.home))
    return sorted(own | {("GET", ""), ("GET", "/"), ("GET", "/nothing"), ("POST", "/nothing")})


@pytest.mark.parametrize("who", OUTSIDERS)
def test_outsiders_are_answered_as_at_a_desk_that_is_not_there(desks: Desks, who: Knocks) -> None:
    client, told_apart = desks.clients[who], []
    for method, path in every_address(desks):
        asked: dict[str, Any] = {"json": {}} if method == "POST" else {}
        headers = {"accept": "text/html" if path in PAGES else "application/json"}
        here, there = (
            told(client.request(method, f"/desks/{name}{path}", headers=headers, **asked), name)
            for name in (PRESS, NOWHERE)
        )
        if here != there or here[0] not in (401, 404):
            told_apart.append(f"{method} {path}: {here[0]} beside {there[0]}")
    assert not told_apart, "\n".join(told_apart[:5])


def test_a_reviewer_reviews_at_the_desk_and_gets_no_further(desks: Desks) -> None:
    client = desks.clients[Knocks.REVIEWER]
    start = client.get(f"{AT}/")
    assert (start.status_code, start.headers["location"]) == (303, f"{AT}/review/")
    page = client.get(f"{AT}/review/")
    assert page.status_code == 200
    assert config_in(page.text)["root"].endswith(f"{AT}/review")
    assert f'<meta name="site" content="{AT}">' in config_in(page.text)["head"]
    (task, *_) = client.post(f"{AT}/api/v1/review/take", json={"n": 1}).json()
    assert task["image_url"].startswith(f"{AT}/media/")
    assert client.get(task["image_url"]).status_code == 200
    assert client.get(task["image_url"].removeprefix(AT)).status_code == 403
    for path in ("/admin/", "/exports/labels.csv", "/api/v1/statistics", f"{AT}/admin/", f"{AT}/"):
        seen = client.get(f"{AT}{path}")
        assert seen.status_code in (403, 404), path


def test_an_admin_of_the_desk_reads_its_images_and_no_others(desks: Desks) -> None:
    client, own = desks.clients[Knocks.ADMIN], desks.apps[PRESS]
    paths = [path for method, path in every_address(desks) if method == "GET"]
    paths = [path for path in paths if "wait" not in path and "gradio_api" not in path]
    answers = {path: client.get(f"{AT}{path}") for path in [*paths, "/exports/labels.csv"]}
    assert source_of(own) in answers["/exports/labels.csv"].text
    assert answers["/admin/"].status_code == 200
    assert config_in(answers["/admin/"].text)["root"].endswith(f"{AT}/admin")
    others = [source_of(app) for app in (desks.home, desks.apps[COURT])]
    names = [who.value for who in Knocks if who not in (*MEMBERS, Knocks.NOBODY)]
    for path, answer in answers.items():
        assert not [text for text in (*others, COURT, *names) if text in answer.text], path


@pytest.mark.parametrize("who", MEMBERS)
def test_members_have_no_place_in_the_home_queue(desks: Desks, who: Knocks) -> None:
    client = desks.clients[who]
    for path in ("/review/", "/admin/", "/api/v1/me", "/exports/labels.csv", "/card"):
        assert client.get(path).status_code == 403, path
    assert client.post("/api/v1/review/take", json={"n": 1}).status_code == 403
    assert client.get("/account").status_code == 200
    start = client.get("/")
    assert (start.status_code, start.headers["location"]) == (303, f"{AT}/")


def test_a_person_is_told_of_their_queues_alone(desks: Desks) -> None:
    me = desks.clients[Knocks.REVIEWER].get(f"{AT}/api/v1/me").json()
    assert me["queues"] == [{"title": f"Queue of {PRESS}", "address": f"{AT}/", "here": True}]
    home = desks.clients[Knocks.HOME_ADMIN].get("/api/v1/me").json()
    assert [queue["address"] for queue in home["queues"]] == ["/"]


def test_signing_in_leads_to_the_desk(desks: Desks) -> None:
    with desks.plain({}) as client:
        wanted = f"{AT}/review/inspect"
        form = client.get(wanted, headers={"accept": "text/html"})
        assert form.status_code == 401
        assert f'value="{wanted}"' in form.text
        for target, place in ((wanted, wanted), (f"/desks/{COURT}/", f"{AT}/"), ("/", f"{AT}/")):
            given = {"name": Knocks.REVIEWER.value, "password": PASSWORD, "next": target}
            answer = client.post("/login", data=given)
            assert (answer.status_code, answer.headers["location"]) == (303, place)


def test_a_token_opens_its_own_desk_alone(desks: Desks) -> None:
    of_press = desks.program(desks.apps[PRESS], Knocks.ADMIN)
    of_court = desks.program(desks.apps[COURT], Knocks.OTHER_ADMIN)
    of_home = desks.program(desks.home, Knocks.HOME_ADMIN)
    path = "/api/v1/statistics"
    with desks.plain({}) as client:
        assert client.get(f"{AT}{path}", headers=of_press).status_code == 200
        assert client.get(path, headers=of_home).status_code == 200
        for headers in (of_court, of_home, {"authorization": "Bearer dfr_1_" + "A" * 43}):
            here, there = (
                told(client.get(f"/desks/{name}{path}", headers=headers), name)
                for name in (PRESS, NOWHERE)
            )
            assert here == there
            assert here[0] == 401
            assert here[1]["content-type"] == "application/problem+json"
        for headers in (of_press, of_court):
            assert client.get(path, headers=headers).status_code == 401
        assert client.get(f"{AT}/review/", headers=of_press).status_code == 401


def test_whoever_is_removed_while_signed_in_is_out_at_once(desks: Desks) -> None:
    name = "somebody who comes and goes"
    desks.home.people.add(name, Role.REVIEWER, "test", is_away=True)
    desks.desks.add_member(PRESS, name, Role.ADMIN, "test")
    with desks.plain({"cookie": f"review_session={desks.site.token(name)}"}) as client:
        path = f"{AT}/api/v1/review/take"
        assert client.post(path, json={"n": 1}).status_code == 200
        program = desks.apps[PRESS].tokens.make(name, "ci", [TokenScope.STATS], 1, "test")
        desks.desks.remove_member(PRESS, name, "test")
        time.sleep(REMEMBERED_SECONDS)
        assert client.post(path, json={"n": 1}).status_code == 404
        assert client.get(f"{AT}/admin/").status_code == 404
        headers = {"authorization": f"Bearer {program.secret}", "cookie": ""}
        assert client.get(f"{AT}/api/v1/statistics", headers=headers).status_code == 401


def test_calls_of_a_page_go_to_its_own_desk(desks: Desks) -> None:
    """Gradio's handlers of one desk, called through another, or with a session of another."""
    call = {"fn_index": 0, "data": [], "session_hash": "abc123"}
    for who in OUTSIDERS:
        answer = desks.clients[who].post(f"{AT}/admin/gradio_api/run/predict", json=call)
        assert answer.status_code in (401, 404), who
    refused = desks.clients[Knocks.REVIEWER].post(f"{AT}/admin/gradio_api/run/predict", json=call)
    assert refused.status_code == 403


def test_a_closed_desk_is_as_one_that_is_not_there_until_it_is_reopened(desks: Desks) -> None:
    desks.desks.set_open(COURT, False, "test")
    time.sleep(REMEMBERED_SECONDS)
    client = desks.clients[Knocks.OTHER_ADMIN]
    here, there = (told(client.get(f"/desks/{name}/admin/"), name) for name in (COURT, NOWHERE))
    assert here == there
    desks.desks.set_open(COURT, True, "test")
    time.sleep(REMEMBERED_SECONDS)
    assert client.get(f"/desks/{COURT}/admin/").status_code == 200
