"""Eight reviewers at once, over real HTTP: nothing is handed out twice, nothing is lost."""

from __future__ import annotations

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from review_app.web.identity import COOKIE
from storage.enums import ItemState
from tests.web.serving import Serving
from tests.web.site import Site

N_ITEMS = 400
N_REVIEWERS = 8


def work_until_empty(url: str, token: str) -> list[tuple[int, str]]:
    """Take and answer as the page does; ``(item, client_id)`` of each acknowledged answer."""
    done: list[tuple[int, str]] = []
    with httpx.Client(base_url=url, cookies={COOKIE: token}, timeout=60) as client:
        while True:
            tasks = client.post("/api/v1/review/take", json={"n": 3}).raise_for_status().json()
            if not tasks:
                return done
            for task in tasks:
                client_id = str(uuid.uuid4())
                body = {"client_id": client_id, "item_id": task["item_id"], "value": "real"}
                receipt = client.post("/api/v1/review/label", json=body).raise_for_status().json()
                assert not receipt["extra"]
                done.append((task["item_id"], client_id))


def test_eight_reviewers_label_400_items_and_none_is_lost_or_given_twice(tmp_path: Path) -> None:
    site = Site(tmp_path)
    items = set(site.factory.items(N_ITEMS))
    tokens = [site.token(site.account()) for _ in range(N_REVIEWERS)]
    with Serving(site.web) as serving, ThreadPoolExecutor(N_REVIEWERS) as pool:
        done = list(pool.map(work_until_empty, [serving.url] * N_REVIEWERS, tokens))
    answers = [answer for part in done for answer in part]
    assert Counter(item for item, _ in answers) == dict.fromkeys(items, 1)
    with site.app.database.read() as repos:
        assert repos.counts.by_state()[ItemState.RESOLVED] == N_ITEMS
        assert repos.counts.labels() == N_ITEMS
        stored = {row.client_id for item in items for row in repos.labels.in_force(item)}
    assert stored == {client_id for _, client_id in answers}
    assert all(part for part in done), "everybody got a share"
    site.close()
