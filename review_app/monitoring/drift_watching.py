"""The stream is watched for drift: the looks that are due are made, and what they saw is kept."""

from __future__ import annotations

from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict

from review_app.monitoring.statistics.distances import Floats, expected_index, stability_index
from review_app.monitoring.statistics.drift import (
    LEAST_REFERENCE,
    SLOW,
    DriftFinding,
    DriftLook,
    DriftWatch,
    Panel,
    StreamSample,
    due,
)
from storage.enums import PolicyState
from storage.repositories import Repositories
from storage.repositories.held_out import HeadOf
from storage.repositories.monitoring import StreamItem

NAME: Final = "drift"
REFERENCE: Final = 1000
"""Images of the reference: the last before the certificate, or the first there are without one."""
PORTION: Final = 2000
"""Images that one refresh goes on by."""
FLAGS: Final = 20
"""The newest flags that are kept."""


class DriftFlag(BaseModel):
    """A look that saw drift."""

    model_config = ConfigDict(frozen=True)

    panel: Panel
    end: int
    """One past the last image of its window, counted from the reference on."""
    window: int
    statistic: float
    p: float
    level: float


class WatchedDrift(BaseModel):
    """What was seen of drift so far."""

    model_config = ConfigDict(frozen=True)

    checkpoint: str
    head: str
    policy_version: int | None
    """The version whose certificate's time the reference is of; None without a certificate."""
    cut: int
    """The last decision of the reference; 0 while the reference is not whole."""
    reference: int = 0
    """Images of the reference."""
    seen: int = 0
    """Images of the stream since then."""
    last: int = 0
    """The decision on the last of them."""
    window: list[StreamItem] = []
    """The newest of them, as many as the longest look needs."""
    now: list[DriftFlag] = []
    """The newest look at each panel, drift or not."""
    flags: list[DriftFlag] = []
    """Looks that saw drift, newest last."""
    shares: dict[Panel, tuple[list[float], list[float]]] = {}
    """Ten bins of the reference, and the shares of reference and window in them."""
    index: dict[Panel, float] = {}
    """The population stability index of each."""
    chance: float = 0.0
    """What that index is on average without any drift."""

    @property
    def flagged(self) -> list[DriftFlag]:
        """The flags among the newest `SLOW` window of images: those that say what is so now."""
        return [flag for flag in self.flags if flag.end > self.seen - SLOW.window]


def watch_drift(repos: Repositories) -> WatchedDrift | None:
    """Make the looks that are due, at most those of `PORTION` images; None before any triage."""
    row = repos.policies.current()
    if row is None:
        return None
    of = HeadOf(row.checkpoint_id, str(row.document["head"]))
    before = _begun(repos, of)
    reference = repos.monitoring.until(of, before.cut, REFERENCE) if before.cut else []
    if len(reference) < LEAST_REFERENCE:
        return before
    fresh = repos.monitoring.after(of, before.last, PORTION)
    key = _backbone(repos, of)
    if not fresh:
        return before.model_copy(update={"reference": len(reference)})
    watch = DriftWatch(_sample(repos, reference, key))
    window = [*before.window, *fresh]
    seen = before.seen + len(fresh)
    first = seen - len(window)
    found: list[DriftFinding] = []
    for look in due(before.seen, seen):
        if look.begin >= first:
            part = window[look.begin - first : look.end - first]
            found += watch.look(look, _sample(repos, part, key))
    kept = window[-SLOW.window :]
    newest = {finding.panel: _flag(finding) for finding in found}
    known = {flag.panel: flag for flag in before.now}
    return before.model_copy(
        update={
            "reference": len(reference),
            "seen": seen,
            "last": fresh[-1].decision_id,
            "window": kept,
            "now": list((known | newest).values()),
            "flags": [*before.flags, *(_flag(f) for f in found if f.is_drift)][-FLAGS:],
            **_distributions(reference, kept),
        }
    )


def _begun(repos: Repositories, of: HeadOf) -> WatchedDrift:
    """What was seen last, or nothing yet where it was of another reference."""
    version, cut = _reference(repos, of)
    row = repos.monitoring.result(NAME)
    if row is not None:
        found = WatchedDrift.model_validate(row.document)
        if (found.checkpoint, found.head, found.policy_version) == (*of, version) and found.cut:
            return found
    return WatchedDrift(
        checkpoint=of.checkpoint_id, head=of.head, policy_version=version, cut=cut, last=cut
    )


def _reference(repos: Repositories, of: HeadOf) -> tuple[int | None, int]:
    """The version whose certificate's time the reference is of, and its last decision."""
    since = None
    for row in repos.policies.history():
        if row.checkpoint_id != of.checkpoint_id:
            break
        if row.state is PolicyState.CERTIFIED:
            since = row
    if since is not None:
        row_of = repos.monitoring.result(NAME)
        known = None if row_of is None else WatchedDrift.model_validate(row_of.document)
        if known is not None and known.policy_version == since.version and known.cut:
            return since.version, known.cut
        return since.version, repos.monitoring.last_decision(since.created_at)
    first = repos.monitoring.after(of, 0, REFERENCE)
    return None, first[-1].decision_id if len(first) == REFERENCE else 0


def _backbone(repos: Repositories, of: HeadOf) -> str | None:
    row = repos.checkpoints.get(of.checkpoint_id)
    return None if row is None else row.backbone_key


def _sample(repos: Repositories, items: list[StreamItem], backbone: str | None) -> StreamSample:
    novelty = [item.novelty for item in items]
    return StreamSample(
        np.array([item.score for item in items]),
        None if None in novelty else np.array(novelty, np.float64),
        _features(repos, items, backbone),
    )


def _features(repos: Repositories, items: list[StreamItem], backbone: str | None) -> Floats | None:
    """The cached features of all ``items``; None where one has none."""
    hashes = [item.sha256 for item in items if item.sha256]
    if backbone is None or len(hashes) < len(items):
        return None
    vectors = repos.features.get_many(hashes, backbone)
    if len(vectors) < len(set(hashes)):
        return None
    return np.array([vectors[each] for each in hashes], np.float64)


def _flag(finding: DriftFinding) -> DriftFlag:
    return DriftFlag(
        panel=finding.panel,
        end=finding.look.end,
        window=_length(finding.look),
        statistic=finding.distance.statistic,
        p=finding.distance.p,
        level=finding.level,
    )


def _length(look: DriftLook) -> int:
    return look.end - look.begin


def _distributions(reference: list[StreamItem], recent: list[StreamItem]) -> dict[str, object]:
    """How reference and window are spread over ten bins of the reference, by panel."""
    shares: dict[Panel, tuple[list[float], list[float]]] = {}
    index: dict[Panel, float] = {}
    for panel in (Panel.SCORE, Panel.NOVELTY):
        pair = [[getattr(item, panel.value) for item in items] for items in (reference, recent)]
        if any(None in values for values in pair):
            continue
        edges = np.linspace(min(map(min, pair)), max(map(max, pair)), 11)
        first, second = (np.histogram(values, edges)[0] / len(values) for values in pair)
        shares[panel] = first.tolist(), second.tolist()
        index[panel] = stability_index(*pair)
    chance = expected_index(len(reference), len(recent))
    return {"shares": shares, "index": index, "chance": chance}
