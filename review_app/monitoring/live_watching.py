"""Calibration and the share of fakes on the newest images, from what is labelled of them."""

from __future__ import annotations

from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict

from review_app.monitoring.statistics.label_shift import Prevalence, expectation_maximisation
from review_app.monitoring.statistics.live_calibration import (
    Estimate,
    LabelledStream,
    ReliabilityBin,
    live_calibration,
)
from storage.enums import LabelValue
from storage.repositories import Repositories
from storage.repositories.held_out import HeadOf
from storage.types import utc_now

NAME: Final = "calibration"
NEWEST: Final = 20_000
"""Images that are looked at."""
SMALL_GAP: Final = 0.02
"""A gap of mean P(fake) and share of fakes below this changes nothing that anybody decides."""


class WatchedCalibration(BaseModel):
    """What the labels of the newest images say of P(fake)."""

    model_config = ConfigDict(frozen=True)

    images: int
    labels: int
    bins: list[ReliabilityBin] = []
    """Empty where there are too few labels to say anything."""
    brier: Estimate | None = None
    gap: Estimate | None = None
    error: Estimate | None = None
    fakes: Estimate | None = None
    shifted: Prevalence | None = None
    """The share of fakes by the scores alone, where they are taken to be calibrated at one half."""

    @property
    def leans(self) -> LabelValue | None:
        """What P(fake) says too easily; None where it is right on average, or nothing tells."""
        if self.gap is None or (self.gap.low <= SMALL_GAP and self.gap.high >= -SMALL_GAP):
            return None
        return LabelValue.FAKE if self.gap.low > SMALL_GAP else LabelValue.REAL


def watch_calibration(repos: Repositories) -> WatchedCalibration | None:
    """The figures of the newest `NEWEST` images; None before any triage."""
    row = repos.policies.current()
    if row is None:
        return None
    of = HeadOf(row.checkpoint_id, str(row.document["head"]))
    rows = repos.monitoring.selected(of, utc_now(), NEWEST)
    labels = sum(each.verdict is not None for each in rows)
    bare = WatchedCalibration(images=len(rows), labels=labels)
    if not rows:
        return bare
    p_fake = np.array([each.p_fake for each in rows])
    stream = LabelledStream(
        p_fake,
        np.array([each.probability for each in rows]),
        np.array([each.verdict is not None for each in rows]),
        np.array([each.verdict is LabelValue.FAKE for each in rows]),
    )
    shifted = expectation_maximisation(np.clip(p_fake, 1e-6, 1 - 1e-6), 0.5)
    found = live_calibration(stream, np.random.default_rng(0))
    if found is None:
        return bare.model_copy(update={"shifted": shifted})
    return WatchedCalibration(
        images=found.images,
        labels=found.labels,
        bins=found.bins,
        brier=found.brier,
        gap=found.gap,
        error=found.error,
        fakes=found.fakes,
        shifted=shifted,
    )
