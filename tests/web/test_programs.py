"""The API for programs on a real application: what is added, told, and refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from review_app.core.hashing import sha256
from review_app.core.permissions import TokenScope
from review_app.records.exports.job import export_job
from review_app.web.identity import COOKIE
from storage.enums import ItemState, JobState, LabelValue, Role, Route
from tests.web.site import Site, picture

IMAGES = "/api/v1/images"
NEITHER: dict[str, list[int]] = {"unsure": [], "undecidable": []}


class Program:
    """A program with a token of an admin's, of one scope or of all."""

    def __init__(self, site: Site, *scopes: TokenScope, owner: str = "") -> None:
        self.owner = owner or site.account(Role.ADMIN)
        wanted = scopes or tuple(TokenScope)
        secret = site.app.tokens.make(self.owner, "test", wanted, 1, "test").secret
        self.client: TestClient = site.anybody()
        self.client.headers["authorization"] = f"Bearer {secret}"

    def add(self, *files: tuple[str, bytes], **more: Any) -> Any:
        parts = [("files", (name, data, "image/png")) for name, data in files]
        return self.client.post(IMAGES, files=parts, **more)


@pytest.fixture(scope="module")
def program(site: Site) -> Program:
    return Program(site)


def problem(answer: Any, status: int) -> str:
    """The name of the problem that an answer tells of."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == status
    assert told["title"]
    assert told["detail"]
    kind = str(told["type"])
    assert kind.startswith("urn:deepfake-review:problem:")
    return kind.rpartition(":")[2]


def test_images_are_added_once_and_each_is_told_of(site: Site, program: Program) -> None:
    one, other = picture(9001), picture(9002)
    sent = (("a/b/lake.png", one), ("sea.png", other), ("notes.txt", b"no image"), ("again", one))
    answer = program.add(*sent, data={"source": "press"})
    assert answer.status_code == 200, answer.text
    lake, sea, notes, again = answer.json()["images"]
    assert [one["outcome"] for one in (lake, sea, notes, again)] == [
        "new",
        "new",
        "refused",
        "known",
    ]
    assert (lake["name"], notes["reason"], notes["item_id"]) == ("lake.png", "not_an_image", None)
    assert notes["detail"]
    assert again["item_id"] == lake["item_id"] != sea["item_id"]
    site.app.unattended_triage.ask("test").result()  # and with it what was asked for before
    told = program.client.get(f"{IMAGES}/{lake['item_id']}").json()
    assert (told["name"], told["source"], told["sha256"]) == ("lake.png", "press", lake["sha256"])
    assert told["state"] != "pending", "it was scored without anybody asking"


@pytest.mark.parametrize(
    "body",
    [
        {"files": {"other": ("a.png", b"x")}},
        {"data": {"files": "text"}},
        {"json": {"files": []}},
        {"content": b"--x", "headers": {"content-type": "multipart/form-data; boundary=x"}},
        {"files": [("files", (f"{i}", b"x")) for i in range(21)]},
    ],
    ids=["another name", "no file", "json", "cut off", "too many"],
)
def test_what_is_no_upload_is_refused(program: Program, body: dict[str, Any]) -> None:
    assert problem(program.client.post(IMAGES, **body), 400) == "bad_input"


def test_nothing_of_the_detector_is_told_while_people_have_yet_to_judge(
    site: Site, program: Program
) -> None:
    waiting = site.factory.item(ItemState.IN_REVIEW, decided=True)
    escalated = site.factory.item(ItemState.ESCALATED, known=LabelValue.FAKE)
    for item_id in (waiting, escalated):
        told = program.client.get(f"{IMAGES}/{item_id}").json()
        assert not told["settled"]
        unknown = {"verdict", "corrected", "final", "certified", "p_fake", "std", "score"}
        assert {name for name, value in told.items() if value is None} >= {
            *unknown,
            "novelty",
            "policy_version",
        }


def test_what_is_settled_is_told_with_what_decided(site: Site, program: Program) -> None:
    item_id = site.factory.item(ItemState.AUTO_ACCEPTED)
    site.factory.decision(item_id, p_fake=0.97, route=Route.ACCEPT_FAKE)
    told = program.client.get(f"{IMAGES}/{item_id}/wait?seconds=60").json()
    assert (told["settled"], told["verdict"], told["certified"]) == (True, "fake", True)
    assert told["p_fake"] == pytest.approx(0.97)
    waiting = site.factory.item(ItemState.IN_REVIEW)
    assert not program.client.get(f"{IMAGES}/{waiting}/wait?seconds=0").json()["settled"]


def test_a_list_by_verdict_has_what_the_policy_accepted(site: Site, program: Program) -> None:
    named: dict[str, Any] = {"name": "by verdict"}
    accepted, corrected, other = (
        site.factory.item(ItemState.AUTO_ACCEPTED, **named) for _ in range(3)
    )
    for item_id in (accepted, corrected):
        site.factory.decision(item_id, route=Route.ACCEPT_FAKE)
    site.factory.decision(other, route=Route.ACCEPT_REAL)
    site.factory.correction(site.factory.admin(), corrected, LabelValue.REAL)
    by_people = site.factory.item(ItemState.RESOLVED, verdict=LabelValue.FAKE, **named)
    address = f"{IMAGES}?text=by%20verdict&verdict="
    found = {
        value: [one["item_id"] for one in program.client.get(address + value).json()["images"]]
        for value in LabelValue
    }
    assert found == {"real": [other, corrected], "fake": [by_people, accepted], **NEITHER}
    told = program.client.get(address + "fake").json()["images"]
    assert {one["verdict"] for one in told} == {"fake"}


def test_lists_go_on_from_page_to_page(site: Site, program: Program) -> None:
    ids = [site.factory.item(ItemState.FAILED) for _ in range(5)]
    found: list[int] = []
    below = ""
    while True:
        page = program.client.get(f"{IMAGES}?state=failed&n=2{below}").json()
        found += [image["item_id"] for image in page["images"]]
        if page["older"] is None:
            break
        below = f"&below={page['older']}"
    assert found == sorted(ids, reverse=True)
    assert problem(program.client.get(f"{IMAGES}?n=1000"), 422) == "invalid"
    assert problem(program.client.get(f"{IMAGES}/999999"), 404) == "not_found"


def test_a_call_that_is_sent_again_is_answered_as_before(program: Program) -> None:
    key = {"idempotency-key": "8f14e45f"}
    first = program.add(("one.png", picture(9010)), headers=key)
    assert "idempotency-replayed" not in first.headers
    again = program.add(("one.png", picture(9010)), headers=key)
    assert (again.json(), again.headers["idempotency-replayed"]) == (first.json(), "true")
    assert again.json()["images"][0]["outcome"] == "new", "though it is known by now"
    other = program.add(("one.png", picture(9011)), headers=key)
    assert problem(other, 422) == "idempotency_key_reused"
    assert program.add(("two.png", picture(9011))).json()["images"][0]["outcome"] == "new"
    assert problem(program.add(("a", b""), headers={"idempotency-key": "ä".encode()}), 422)


def test_keys_of_others_are_unknown(site: Site, program: Program) -> None:
    key, data = {"idempotency-key": "mine"}, picture(9020)
    assert program.add(("one.png", data), headers=key).json()["images"][0]["outcome"] == "new"
    other = Program(site, owner=program.owner).add(("one.png", data), headers=key)
    assert other.json()["images"][0]["outcome"] == "known"


def test_of_a_call_that_was_refused_nothing_is_kept(program: Program) -> None:
    key, body = {"idempotency-key": "refused"}, {"addresses": ["https://images.example/a.png"]}
    for _ in range(2):
        answer = program.client.post(f"{IMAGES}/by-address", json=body, headers=key)
        assert problem(answer, 403) == "not_allowed", "an admin has to allow it first"


def test_who_lacks_the_scope_or_the_role_is_told_which(site: Site) -> None:
    writes = Program(site, TokenScope.IMAGES_WRITE).client
    answer = writes.get(IMAGES)
    assert problem(answer, 403) == "missing_scope"
    assert "images:read" in answer.json()["detail"]
    reviewer, _ = site.signed_in(Role.REVIEWER)
    assert problem(reviewer.get(IMAGES), 403) == "not_allowed"
    assert problem(site.anybody().get(IMAGES), 401) == "not_signed_in"


def test_a_call_with_a_cookie_is_asked_where_it_comes_from(site: Site) -> None:
    admin, _ = site.signed_in(Role.ADMIN)
    sent: dict[str, Any] = {
        "files": {"files": ("a.png", picture(9030))},
        "headers": {"origin": "https://evil.example"},
    }
    assert problem(admin.post(IMAGES, **sent), 403) == "foreign_origin"
    assert Program(site).client.post(IMAGES, **sent).status_code == 200


def test_the_largest_body_is_that_of_images_and_only_there(site: Site, program: Program) -> None:
    long = {"content-length": str(300 * 2**20), "content-type": "multipart/form-data; boundary=x"}
    assert problem(program.client.post(IMAGES, headers=long), 413) == "too_large"
    by_address = program.client.post(f"{IMAGES}/by-address", content=b"x" * 70_000)
    assert problem(by_address, 413) == "too_large"


def test_the_document_tells_of_tokens_and_problems(site: Site) -> None:
    document = site.web.openapi()
    post = document["paths"][IMAGES]["post"]
    assert post["security"] == [{"token": []}]
    assert set(post["responses"]["422"]["content"]) == {"application/problem+json"}
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert "security" not in document["paths"]["/api/v1/review/take"]["post"]
    assert json.dumps(document)


def answered(site: Site, item_id: int) -> list[tuple[str, bool, bool]]:
    with site.app.database.read() as repos:
        labels = repos.labels.in_force(item_id)
        return [(str(label.value), label.blind, label.extra) for label in labels]


def test_an_answer_is_kept_beside_and_moves_nothing(site: Site, program: Program) -> None:
    (item_id,) = site.items(1)
    before = program.client.get(f"{IMAGES}/{item_id}").json()
    body = {"item_id": item_id, "value": "fake", "comment": "the ears", "escalation": "please"}
    key = {"idempotency-key": "label-1"}
    kept = program.client.post("/api/v1/labels", json=body, headers=key)
    assert kept.status_code == 200, kept.text
    assert set(kept.json()) == {"label_id", "item_id", "value", "labelled_at"}
    assert program.client.post("/api/v1/labels", json=body, headers=key).json() == kept.json()
    assert answered(site, item_id) == [("fake", False, True)]
    assert program.client.get(f"{IMAGES}/{item_id}").json() == before
    again = program.client.post("/api/v1/labels", json=body)
    assert problem(again, 409) == "conflict"
    reviewer, person = site.signed_in()
    (task,) = reviewer.post("/api/v1/review/take", json={"n": 1}).json()
    assert task["item_id"] == site.handle(item_id, person), "people are asked as before"


def test_a_reviewers_program_answers_and_learns_nothing(site: Site) -> None:
    person = site.account()
    client = Program(site, TokenScope.LABELS_WRITE, owner=person).client
    ids = [site.factory.item(state, decided=True) for state in ItemState]
    ids.append(10**9)
    answers = [
        client.post("/api/v1/labels", json={"item_id": item_id, "value": "real"}) for item_id in ids
    ]
    told = {
        state: answer.status_code for state, answer in zip([*ItemState, None], answers, strict=True)
    }
    assert {state for state, status in told.items() if status == 200} == {
        ItemState.IN_REVIEW,
        ItemState.ESCALATED,
        ItemState.RESOLVED,
    }
    refusals = {problem(answer, 404) for answer in answers if answer.status_code != 200}
    assert refusals == {"not_found"}
    signed = site.anybody()
    signed.cookies.set(COOKIE, site.token(person))
    assert signed.get("/api/v1/review/recent").json() == []
    assert problem(client.get(f"{IMAGES}/{ids[0]}"), 403) == "missing_scope"
    correction = {"item_id": ids[-2], "value": "fake", "reason": "no"}
    assert problem(client.post("/api/v1/corrections", json=correction), 403) == "not_allowed"
    undone = signed.post("/api/v1/review/undo", json={"client_id": "undo-00001"})
    assert undone.status_code == 404, "it hands out no image that was chosen"


def test_answers_aside_stand_not_between_a_person_and_their_last_one(site: Site) -> None:
    person = site.account()
    client = Program(site, TokenScope.LABELS_WRITE, owner=person).client
    site.items(1)
    signed = site.anybody()
    signed.cookies.set(COOKIE, site.token(person))
    tasks = signed.post("/api/v1/review/take", json={"n": 1}).json()
    answer = {"client_id": "answer-00001", "item_id": tasks[0]["item_id"], "value": "real"}
    assert signed.post("/api/v1/review/label", json=answer).status_code == 200
    (aside,) = site.items(1)
    kept = client.post("/api/v1/labels", json={"item_id": aside, "value": "fake"})
    assert kept.status_code == 200, kept.text
    listed = signed.get("/api/v1/review/recent?n=1").json()
    assert [each["client_id"] for each in listed] == ["answer-00001"]


def test_a_correction_is_made_once_and_told(site: Site, program: Program) -> None:
    item_id = site.factory.item(ItemState.RESOLVED, known=LabelValue.FAKE)
    with site.app.database.write() as repos:
        item = repos.items.get(item_id)
        assert item is not None
        item.verdict = LabelValue.FAKE
    body = {"item_id": item_id, "value": "real", "reason": "the original turned up"}
    made = program.client.post("/api/v1/corrections", json=body, headers={"idempotency-key": "c"})
    assert made.status_code == 200, made.text
    assert (made.json()["was"], made.json()["value"]) == ("fake", "real")
    again = program.client.post("/api/v1/corrections", json=body, headers={"idempotency-key": "c"})
    assert again.json() == made.json()
    told = program.client.get(f"{IMAGES}/{item_id}").json()
    assert (told["verdict"], told["corrected"]) == ("real", True)


def test_an_export_is_asked_for_made_and_fetched(site: Site, program: Program) -> None:
    begun = program.client.post("/api/v1/exports", json={"kind": "jsonl"}).json()
    assert (begun["state"], begun["files"]) == ("queued", [])
    jobs = site.app.jobs.leases
    row = jobs.take("test")
    assert row is not None
    told = export_job(site.app, row.parameters, lambda _done, _total: None)
    jobs.end(row, JobState.DONE, result=told)
    standing = program.client.get(f"/api/v1/exports/{begun['id']}").json()
    assert (standing["state"], standing["files"][0]) == ("done", "images.jsonl")
    file = program.client.get(f"/api/v1/exports/{begun['id']}/files/images.jsonl")
    assert sha256(file.content) == standing["sha256"]
    missing = program.client.get(f"/api/v1/exports/{begun['id']}/files/other.csv")
    assert problem(missing, 404) == "not_found"
    odd = program.client.post("/api/v1/exports", json={"kind": "coco", "rows": "answers"})
    assert problem(odd, 400) == "bad_input"


def test_counts_and_policies_are_told(site: Site, program: Program) -> None:
    counts = program.client.get("/api/v1/statistics").json()
    assert sum(counts["items"].values()) == counts["total"] > 0
    policies = program.client.get("/api/v1/policies").json()["policies"]
    newest = policies[0]["version"]
    one = program.client.get(f"/api/v1/policies/{newest}").json()
    assert one["document"]["version"] == newest
    assert problem(program.client.get("/api/v1/policies/99999"), 404) == "not_found"


SAMPLE = re.compile(r'(\w+)(\{(?:\w+="(?:[^"\\\n]|\\.)*",?)*\})? (?:[-+0-9.e]+|\+Inf|NaN)')
MONITORING = Path(__file__).parents[2] / "docs" / "monitoring"


def test_figures_are_told_in_the_format_and_rules_name_no_other(
    site: Site, program: Program
) -> None:
    program.client.get(f"{IMAGES}?n=1")
    program.client.get("/made/up")
    answer = program.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    assert [line for line in lines if SAMPLE.fullmatch(line) is None] == []
    assert len(lines) == len({line.rpartition(" ")[0] for line in lines}), "each sample once"
    known = set(re.findall(r"^# TYPE (\w+)", answer.text, re.MULTILINE))
    assert f'_count{{method="GET",route="{IMAGES}",status="2xx"}}' in answer.text
    assert "made" not in answer.text, "what is made up makes no new series"
    with site.app.database.read() as repos:
        waiting = repos.tallies.by_state()[ItemState.IN_REVIEW]
    assert f'deepfake_review_items{{state="in_review"}} {float(waiting)!r}' in lines
    for page in ("alerts.yml", "dashboard.json", "README.md"):
        text = (MONITORING / page).read_text(encoding="utf-8")
        named = set(re.findall(r"deepfake_review_\w+", text))
        assert named
        assert {re.sub("_(bucket|count|sum)$", "", name) for name in named} <= known, page
