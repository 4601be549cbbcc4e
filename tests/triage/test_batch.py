"""Deciding in columns comes to what deciding one item at a time does."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from benchmarks.one_by_one import decision_row
from review_app.core.errors import InputError
from review_app.policy.policy import Policy
from review_app.triage import pipeline
from review_app.triage.pipeline import TriageService
from storage.enums import ItemState
from storage.models import DecisionRow, PolicyRow
from storage.types import utc_now
from tests.applications import Deployment, deployment
from tests.certification.cases import policies, policies_by_group

SECRET = b"a secret for tests"
PAGE = 5
probability = st.sampled_from([0.0, 0.05, 0.4, 0.5, 0.6, 0.95, 1.0]) | st.floats(0, 1)
spread = st.sampled_from([0.0, 0.1, 0.7])


@dataclass(frozen=True)
class Scored:
    """An item, by what the heads say of its image."""

    p_fake: float
    others: float
    score: float
    std: float
    entropy: float
    mutual_information: float
    novelty: float | None
    state: ItemState
    held: bool
    like: bool
    """It looks like the first image, which is disputed."""
    source: str | None


ITEMS = st.builds(
    Scored, probability, probability, probability, spread, spread, spread,
    st.none() | st.sampled_from([-1.0, 2.0, 50.0]),
    st.sampled_from([ItemState.PENDING, ItemState.IN_REVIEW]), st.booleans(), st.booleans(),
    st.none() | st.sampled_from("abcd"),
)  # fmt: skip


@contextmanager
def place_of_its_own() -> Iterator[Deployment]:
    with tempfile.TemporaryDirectory() as folder, deployment(Path(folder)) as place:
        yield place


def put(place: Deployment, scored: Scored, disputed: int) -> int:
    """The id of a new item that is ``scored``."""
    item_id = place.factory.item(scored.state, source=scored.source)
    policy, person, now = place.app.policies.current(), place.factory.person(), utc_now()
    own = {
        "std": scored.std,
        "entropy": scored.entropy,
        "mutual_information": scored.mutual_information,
        "score": scored.score,
        "novelty": scored.novelty,
        "checkpoint_id": policy.checkpoint,
    }
    with place.app.database.write() as repos:
        item = repos.items.get(item_id)
        assert item is not None
        item.image.near_id = disputed if scored.like else None
        said = dict.fromkeys(place.app.inspector.heads(), scored.others)
        said[policy.head] = scored.p_fake
        rows = [{**own, "image_id": item.image_id, "head": h, "p_fake": p} for h, p in said.items()]
        repos.predictions.add_many(rows)
        if scored.held and scored.state is ItemState.IN_REVIEW:
            repos.claims.give(person.id, item_id, now, now + timedelta(minutes=1))
    return item_id


def put_in_force(place: Deployment, wanted: Policy) -> Policy:
    """``wanted`` as the next version, of the detector in use."""
    now = place.app.policies.current()

    def of_detector(certificate: Any) -> Any:
        if certificate is None:
            return None
        made = replace(certificate.provenance, checkpoint=now.checkpoint, head=now.head)
        return replace(certificate, provenance=made)

    policy = replace(
        wanted,
        version=now.version + 1,
        checkpoint=now.checkpoint,
        head=now.head,
        real=of_detector(wanted.real),
        fake=of_detector(wanted.fake),
        groups=tuple(
            replace(group, real=of_detector(group.real), fake=of_detector(group.fake))
            for group in wanted.groups
        ),
    )
    with place.app.database.write() as repos:
        repos.policies.add(
            PolicyRow(
                version=policy.version,
                state=policy.state.value,
                checkpoint_id=policy.checkpoint,
                document=policy.to_json(),
                note="",
            )
        )
    return policy


def expected(place: Deployment, policy: Policy) -> dict[int, Mapping[str, Any]]:
    """What deciding one item at a time comes to, by item id."""
    with place.app.database.read() as repos:
        rows = {i: decision_row(repos, i, policy, SECRET) for i in place.items()}
    return {i: row for i, row in rows.items() if row is not None}


def stored(place: Deployment, version: int) -> dict[int, Mapping[str, Any]]:
    """The decisions of the log under a policy version, by item id."""
    columns = [c for c in DecisionRow.__table__.columns if c.key not in ("id", "decided_at")]
    with place.app.database.read() as repos:
        query = select(*columns).where(DecisionRow.policy_version == version)
        rows = [dict(row._mapping) for row in repos.session.execute(query)]
    assert len({row["item_id"] for row in rows}) == len(rows), "an item was decided twice"
    return {row["item_id"]: row for row in rows}


# Each example is a deployment of its own: shrinking one would take minutes.
@settings(max_examples=15, phases=[Phase.generate])
@given(
    st.lists(ITEMS, min_size=1, max_size=13),
    policies() | policies_by_group(),
    policies_by_group() | policies(),
)
def test_a_batch_is_stored_as_its_items_would_be_one_by_one(
    items: list[Scored], first: Policy, second: Policy
) -> None:
    with pytest.MonkeyPatch.context() as patch, place_of_its_own() as place:
        patch.setattr(pipeline, "PAGE", PAGE)
        app = place.app
        triage = TriageService(app.database, app.policies, app.detectors, SECRET)
        escalated = place.factory.item(ItemState.ESCALATED)
        disputed = place.items()[escalated].image_id
        for scored in items:
            put(place, scored, disputed)
        for wanted in (first, second):
            policy = put_in_force(place, wanted)
            should = expected(place, policy)
            triage.run("tester")
            triage.retriage("tester")
            assert stored(place, policy.version) == should
        assert place.chain_holds()


def test_a_score_out_of_range_names_its_item(tmp_path: Path) -> None:
    with deployment(tmp_path) as place:
        item_id = place.scored(0.5, spread={"std": float("inf")})
        with pytest.raises(InputError, match=f"Item {item_id}: the std is inf, not a spread"):
            place.app.triage.run("tester")
        assert place.states() == {item_id: ItemState.PENDING}
