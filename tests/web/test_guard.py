"""Nobody gets in where they may not: every address, every method, every handler."""

from __future__ import annotations

import asyncio

import pytest
from starlette.testclient import TestClient

from review_app.core.permissions import Area, TokenScope, area_of
from review_app.web.assets import asset_url
from review_app.web.guard import MAX_BODY
from review_app.web.headers import GRADIO_POLICY, PLAIN_POLICY
from review_app.web.identity import COOKIE
from storage.enums import Role
from tests.web.site import Site
from tests.web.walk import addresses, blocks_at, config_in, gateway_at, status_of

EVERY_METHOD = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
MOUNT_EXTRAS = (
    "/",
    "/config",
    "/theme.css",
    "/gradio_api/queue/join",
    "/gradio_api/queue/data?session_hash=x",
    "/gradio_api/upload",
    "/gradio_api/upload_progress?upload_id=x",
    "/gradio_api/file=/etc/passwd",
    "/gradio_api/heartbeat/x",
    "/gradio_api/run/predict",
    "/gradio_api/call/predict",
    "/gradio_api/info",
    "/gradio_api/openapi.json",
    "/gradio_api/startup-events",
    "/gradio_api/app_id",
    "/gradio_api/component_server",
    "/gradio_api/theme.css",
    "/no/such/thing",
)


def every_address(site: Site) -> list[tuple[str, str]]:
    found = list(addresses(site.web))
    for mount in ("/review", "/admin"):
        found += [(method, mount + path) for path in MOUNT_EXTRAS for method in ("GET", "POST")]
    return found


def test_the_walk_finds_what_there_is_to_guard(site: Site) -> None:
    found = {path for _, path in every_address(site)}
    assert {"/api/v1/review/label", "/media/1", "/exports/labels.1", "/admin/config"} <= found
    assert "/admin/gradio_api/queue/join" in {path for _, path in addresses(site.web)}
    assert len(found) > 150


def test_nobody_gets_past_the_door_without_a_session(site: Site) -> None:
    client = site.anybody()
    let_in = [
        (method, path)
        for method, path in every_address(site)
        if area_of(path.split("?")[0]) is not Area.OPEN
        and client.request(method, path).status_code != 401
    ]
    assert let_in == []


FOR_FEW = (Area.ADMIN, Area.EXPORTS)


def test_a_reviewer_gets_nowhere_among_what_is_for_admins(site: Site) -> None:
    client, _ = site.signed_in(Role.REVIEWER)
    admin = [p for p in every_address(site) if area_of(p[1].split("?")[0]) in FOR_FEW]
    assert len(admin) > 70
    let_in = [pair for pair in admin if client.request(*pair).status_code != 403]
    assert let_in == []


def bearer(site: Site, *scopes: TokenScope, owner: str = "") -> dict[str, str]:
    """The header of a program that acts for an admin."""
    owner = owner or site.account(Role.ADMIN)
    secret = site.app.tokens.make(owner, "test", scopes or [*TokenScope], 1, "test").secret
    return {"authorization": f"Bearer {secret}"}


def test_a_token_opens_nothing_but_what_is_for_programs(site: Site) -> None:
    # A call beyond the pace would be refused, too; a token is counted where it is looked at alone.
    client, headers = site.anybody(), bearer(site)
    assert client.get("/api/v1/me", headers=headers).status_code == 200
    let_in = [
        (method, path)
        for method, path in every_address(site)
        if area_of(path.split("?")[0]) in (Area.REVIEW, *FOR_FEW)
        and client.request(method, path, headers=headers).status_code != 401
    ]
    assert let_in == []


def test_whoever_brings_a_token_is_its_owner_and_nobody_else(site: Site) -> None:
    client, person = site.signed_in(Role.REVIEWER)
    headers = bearer(site, TokenScope.STATS)
    told = client.get("/api/v1/me", headers=headers).json()
    assert told["name"] != person.name
    assert told["may"] == ["see_queue"]
    assert client.get("/api/v1/me").json()["name"] == person.name
    assert client.get("/review/", headers=headers).status_code == 401
    wrong = client.get("/api/v1/me", headers={"authorization": "bearer dfr_1_made-up"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "invalid_token")
    assert wrong.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    basic = client.get("/api/v1/me", headers={"authorization": "Basic cHJveHk6cHJveHk="})
    assert basic.json()["name"] == person.name, "a proxy in front may have passwords of its own"


def test_a_token_has_a_pace_of_its_own(site: Site) -> None:
    client, headers = site.anybody(), bearer(site, TokenScope.STATS)
    most = site.app.settings.api_calls_per_minute
    for _ in range(most):
        answer = client.get("/api/v1/me", headers=headers)
        if answer.status_code != 200:
            break
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "limited")
    assert int(answer.headers["retry-after"]) >= 1
    assert client.get("/api/v1/me", headers=bearer(site)).status_code == 200


@pytest.mark.parametrize("method", EVERY_METHOD)
def test_the_method_makes_no_difference(site: Site, method: str) -> None:
    reviewer, _ = site.signed_in(Role.REVIEWER)
    for path in ("/admin/config", "/admin/gradio_api/queue/join", "/exports/labels.csv"):
        assert reviewer.request(method, path).status_code == 403
        assert site.anybody().request(method, path).status_code == 401
    assert site.anybody().request(method, "/review/config").status_code == 401


def test_no_handler_of_the_admin_page_can_be_called_by_a_reviewer(site: Site) -> None:
    reviewer, _ = site.signed_in(Role.REVIEWER)
    functions = blocks_at(site.web, "/admin").fns
    assert functions
    for index, function in functions.items():
        body = {"fn_index": index, "data": [], "session_hash": "x"}
        for path in ("run/predict", "queue/join", f"call/{function.api_name}", "api/predict"):
            answer = reviewer.post(f"/admin/gradio_api/{path}", json=body)
            assert answer.status_code == 403, (path, index)


def test_what_the_review_pages_tell_the_browser_holds_nothing_of_the_admin_page(
    site: Site,
) -> None:
    reviewer, _ = site.signed_in(Role.REVIEWER)
    admin_ids = set(blocks_at(site.web, "/admin").blocks)
    pages = [config_in(reviewer.get(f"/review/{page}").text) for page in ("", "inspect")]
    told = {component["id"] for page in pages for component in page["components"]}
    assert told
    assert not told & admin_ids


@pytest.mark.parametrize(
    "path",
    [
        "/admin",
        "/admin/",
        "/admin//config",
        "//admin/config",
        "/./admin/config",
        "/review/../admin/config",
        "/review/..%2fadmin/config",
        "/ADMIN/config",
        "/admin;x/config",
        "/admin\\config",
        "/admin\x00/config",
        "/exports/labels.csv/",
        "/review/gradio_api/file=/admin/config",
    ],
)
def test_odd_spellings_of_a_path_open_nothing(site: Site, path: str) -> None:
    token = site.token(site.account(Role.REVIEWER))
    for cookie in (f"{COOKIE}={token}", ""):
        status, body = asyncio.run(status_of(site.web, path, cookie))
        assert status in (400, 401, 403, 404, 405, 307), (path, status)
        assert b'"components"' not in body


def test_websockets_are_turned_away(site: Site) -> None:
    code, _ = asyncio.run(status_of(site.web, "/review/queue/join", kind="websocket"))
    assert code == 1008


def test_behind_the_guard_the_mounts_have_a_lock_of_their_own(site: Site) -> None:
    for mount in ("/review", "/admin"):
        bare = gateway_at(site.web, mount)
        for app in (bare, bare.app):
            client = TestClient(app, "http://127.0.0.1")
            for path in ("/config", "/", "/gradio_api/info", "/gradio_api/file=/etc/passwd"):
                assert client.get(path).status_code == 401, (mount, path)
            assert client.post("/gradio_api/queue/join", json={}).status_code == 401


@pytest.mark.parametrize(
    ("headers", "is_foreign"),
    [
        ({}, False),
        ({"origin": "http://127.0.0.1:7860"}, False),
        ({"sec-fetch-site": "same-origin"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"origin": "http://127.0.0.1:3000", "sec-fetch-site": "same-site"}, True),
        ({"origin": "https://evil.example", "sec-fetch-site": "cross-site"}, True),
        ({"origin": "null"}, True),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": "same-site"}, True),
    ],
)
def test_changes_come_from_our_own_pages_only(
    site: Site, headers: dict[str, str], is_foreign: bool
) -> None:
    client, _ = site.signed_in(Role.ADMIN)
    for path in ("/api/v1/review/heartbeat", "/review/gradio_api/cancel", "/login", "/logout"):
        answer = client.post(path, headers=headers)
        assert (answer.status_code == 403) is is_foreign, path
        assert "access-control-allow-origin" not in answer.headers


def test_another_site_may_not_read_our_answers(site: Site) -> None:
    client, _ = site.signed_in()
    answer = client.get("/review/", headers={"origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[", "a@b"])
def test_a_name_that_is_not_ours_is_refused(site: Site, host: str) -> None:
    client, _ = site.signed_in(Role.ADMIN)
    answer = client.get("/review/", headers={"host": host})
    assert answer.status_code == 400
    assert "REVIEW_PUBLIC_URL" in answer.json()["error"]["message"]
    assert site.anybody().get("/login", headers={"host": host}).status_code == 400


@pytest.mark.parametrize("host", ["127.0.0.1:9", "localhost", "LOCALHOST:7860", "[::1]:7860"])
def test_every_name_of_this_machine_is_ours(site: Site, host: str) -> None:
    assert site.anybody().get("/login", headers={"host": host}).status_code == 200


def test_probes_answer_by_any_name_and_tell_nothing(site: Site) -> None:
    for path in ("/healthz", "/readyz"):
        answer = site.anybody().get(path, headers={"host": "10.0.0.7"})
        assert answer.json() == {"status": "ok"}


def test_long_requests_are_refused_before_they_are_read(site: Site) -> None:
    client = site.anybody()
    assert client.post("/login", content=b"x" * (MAX_BODY + 1)).status_code == 413
    assert client.post("/login", content=iter([b"x"])).status_code == 411


def test_every_answer_carries_the_headers_that_browsers_obey(site: Site) -> None:
    admin, _ = site.signed_in(Role.ADMIN)
    for path in ("/login", "/review/", "/admin/", "/api/v1/me", "/nowhere", "/healthz"):
        headers = admin.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["permissions-policy"].startswith("camera=()")
        is_mount = path.startswith(("/review", "/admin"))
        expected = GRADIO_POLICY if is_mount else PLAIN_POLICY
        assert headers["content-security-policy"] == expected
        assert "frame-ancestors 'none'" in expected
        assert headers["cache-control"] == "no-store"
    assert "content-security-policy" in site.anybody().get("/admin/").headers


def test_scripts_and_styles_may_be_kept_for_ever(site: Site) -> None:
    for name in ("app.css", "review/main.js"):
        answer = site.anybody().get(asset_url(name))
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert site.anybody().get("/static/old/app.css").status_code == 404


def test_refusals_are_pages_for_people_and_json_for_programs(site: Site) -> None:
    client, person = site.signed_in()
    page = client.get("/admin/", headers={"accept": "text/html"})
    assert page.status_code == 403
    assert "Not for this account" in page.text
    assert f"{person.name} may not go there" in page.text
    error = client.get("/admin/").json()["error"]
    assert error["code"] == "not_allowed"
    missing = client.get("/nowhere", headers={"accept": "text/html"})
    assert (missing.status_code, "Nothing here" in missing.text) == (404, True)
    assert client.get("/nowhere").json()["error"]["code"] == "not_found"
    assert client.put("/api/v1/me").json()["error"]["code"] == "wrong_method"
