"""Findings of the monitoring's refresh, as a test wants them."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel

from review_app.agreement.coefficients import Coefficient
from review_app.monitoring.drift_watching import DriftFlag, WatchedDrift
from review_app.monitoring.flow_watching import WatchedFlow
from review_app.monitoring.live_watching import WatchedCalibration
from review_app.monitoring.people_watching import WatchedPeople
from review_app.monitoring.statistics.drift import Panel
from review_app.monitoring.statistics.live_calibration import Estimate, ReliabilityBin
from tests.web.site import Site

FLAG = DriftFlag(panel=Panel.FEATURES, end=850, window=200, statistic=0.9, p=1e-9, level=1e-4)


def drift(seen: int) -> WatchedDrift:
    """A stream of ``seen`` images that had changed at the 850th."""
    return WatchedDrift(
        checkpoint="c",
        head="h",
        policy_version=None,
        cut=1,
        reference=1000,
        seen=seen,
        now=[FLAG],
        flags=[FLAG],
        shares={Panel.SCORE: ([0.5, 0.5], [0.25, 0.75])},
        index={Panel.SCORE: 0.27},
        chance=0.01,
    )


def calibration(gap: Estimate) -> WatchedCalibration:
    """Calibration with this gap."""
    each = Estimate(0.3, 0.2, 0.4)
    bins = [ReliabilityBin(p_fake=0.35, share=1.0, fakes=each, labels=40)]
    return WatchedCalibration(
        images=5000, labels=400, bins=bins, brier=each, gap=gap, error=each, fakes=each
    )


def keep(site: Site, **found: BaseModel) -> None:
    """Keep findings under their names."""
    with site.app.database.write() as repos:
        for name, document in found.items():
            repos.monitoring.keep(name, document.model_dump(mode="json"))


def keep_all(site: Site) -> None:
    """Findings of every kind, with something to draw."""
    shares = np.linspace(1, 2, 10) / 15
    found = drift(seen=900).model_copy(
        update={"shares": {Panel.SCORE: (shares.tolist(), shares[::-1].tolist())}}
    )
    gap = Estimate(0.08, 0.05, 0.11)
    bins = [
        ReliabilityBin(p_fake=p, share=0.1, fakes=Estimate(0.8 * p, 0.6 * p, p), labels=40)
        for p in (0.05, 0.3, 0.5, 0.7, 0.95)
    ]
    keep(
        site,
        drift=found,
        calibration=calibration(gap).model_copy(update={"bins": bins}),
        people=WatchedPeople(alpha=Coefficient(0.71, 0.6, 0.8, 90), shared=90, disputed=14),
        flow=WatchedFlow(settled=400, overridden=90, hours_median=2.5, hours_late=19.0, reopened=3),
    )
