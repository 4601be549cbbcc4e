"""How an image stands, as programs are told: what was decided on it, and by what.

While people have yet to say what it is, nothing of the detector's is told, nor what others said:
whoever reads it may be handed the image next, and a list would tell which ones are audits
(`records.search` holds the same rule for pages).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from review_app.records.search import display_name
from storage.enums import ACCEPTED_AS, ItemState, LabelValue
from storage.models import Correction, DecisionRow, Item
from storage.repositories import Repositories
from storage.states import WITH_PEOPLE

MAX_LISTED = 100
"""Most images that one call lists."""
SETTLED = (ItemState.AUTO_ACCEPTED, ItemState.RESOLVED, ItemState.FAILED)
"""The states in which nobody waits for anything: a verdict is there, or scoring failed."""
_EXAMPLE: dict[str, JsonValue] = {
    "item_id": 4711,
    "name": "lake.jpg",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "source": "press",
    "state": "auto_accepted",
    "since": "2026-11-30T12:00:00Z",
    "settled": True,
    "verdict": "real",
    "corrected": False,
    "final": True,
    "certified": True,
    "p_fake": 0.004,
    "std": 0.002,
    "score": 0.011,
    "novelty": -0.4,
    "policy_version": 3,
}


class ImageStanding(BaseModel):
    """How one image stands. The fields from ``verdict`` on are null while people have yet to say
    what the image is."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    item_id: int
    name: str = Field(description="The name of the file, or its path, as a score file gives it.")
    sha256: str | None = Field(description="Of the file; null where only scores of it are here.")
    source: str | None
    state: ItemState
    since: datetime = Field(description="Since when it is in that state.")
    settled: bool = Field(description="Nobody waits for anything: there is a verdict, or it failed")
    verdict: LabelValue | None = Field(description="As it stands, corrections counted.")
    corrected: bool | None
    final: bool | None = Field(description="Nobody can take the verdict back any more.")
    certified: bool | None = Field(description="A certified policy accepted it, and no person did.")
    p_fake: float | None = Field(description="P(fake) at the newest decision, in [0, 1].")
    std: float | None = Field(description="Its standard deviation.")
    score: float | None = Field(description="What thresholds are compared with, in [0, 1].")
    novelty: float | None = Field(description="How unlike the training images it is (z).")
    policy_version: int | None = Field(description="The policy that decided.")


class Standings(BaseModel):
    """A page of images, the newest first."""

    images: list[ImageStanding]
    older: int | None = Field(description="What to give as ``below`` for the next page, if any.")


def standings_of(repos: Repositories, items: Sequence[Item], now: datetime) -> list[ImageStanding]:
    """How ``items``, with their images, stand at ``now``."""
    ids = [item.id for item in items if item.state not in WITH_PEOPLE]
    decisions, corrections = repos.decisions.newest_of(ids), repos.corrections.of_many(ids)
    return [
        _standing(item, decisions.get(item.id), corrections.get(item.id, ()), now) for item in items
    ]


def _standing(
    item: Item, decision: DecisionRow | None, corrections: Sequence[Correction], now: datetime
) -> ImageStanding:
    blind = item.state in WITH_PEOPLE
    accepted = item.state is ItemState.AUTO_ACCEPTED
    verdict = _verdict(item, decision, corrections)
    final = verdict is not None and (item.final_at is None or item.final_at <= now)
    return ImageStanding(
        item_id=item.id,
        name=display_name(item),
        sha256=item.image.sha256,
        source=item.source,
        state=item.state,
        since=item.state_since,
        settled=item.state in SETTLED,
        verdict=verdict,
        corrected=None if blind else bool(corrections),
        final=None if blind else final,
        certified=None if blind else accepted,
        p_fake=decision and decision.p_fake,
        std=decision and decision.std,
        score=decision and decision.score,
        novelty=decision and decision.novelty,
        policy_version=decision and decision.policy_version,
    )


def _verdict(
    item: Item, decision: DecisionRow | None, corrections: Sequence[Correction]
) -> LabelValue | None:
    """The verdict as it stands, which is none while people have yet to give it."""
    if item.state in WITH_PEOPLE:
        return None
    if corrections:
        return corrections[-1].value
    if item.state is ItemState.AUTO_ACCEPTED and decision is not None:
        return ACCEPTED_AS.get(decision.route)
    return item.verdict
