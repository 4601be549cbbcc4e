"""Certificates: proof from labelled images that auto-accept errs at most so often.

The claim: among the images that one side accepts at its threshold, the share of errors is at most
``risk_limit``, with confidence ``1 - delta`` over the draw of the calibration labels.

How thresholds are found: `review_app.certification.certify`.

It holds for images like the calibration images. It is void when calibration labels were not drawn
at random from the stream, are wrong, repeat images the detector was trained on (or near-duplicates
of them or of each other), or helped to choose the head, the grid or the limit; and when an
acceptance rule is added later that had no part in calibration. Testing again as labels come in is
another ``attempt``: count them, at sizes fixed beforehand, and the confidence is shared.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from review_app.certification.bounds import check_limits, lower_bound, upper_bound
from review_app.certification.threshold_grid import Side
from review_app.core.errors import CalibrationError
from review_app.core.serialization import added, from_document, to_document
from review_app.i18n import Value, percent, t
from review_app.i18n.formatting import count

PREVALENCES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99)
"""Shares of fakes in the stream for which a certificate's bound is shown."""


class CertificateMethod(StrEnum):
    """A way to find the certified threshold; every test is the exact binomial one."""

    FIXED_SEQUENCE = "fixed_sequence"
    """One walk along the grid at the full level, from a start fixed beforehand to the first
    failure. Valid for any grid (Angelopoulos et al. 2021, "Learn then Test")."""
    MULTI_START = "multi_start"
    """Such walks from several starts fixed beforehand, each at an equal part of the level; the
    laxest threshold that any of them reaches. Valid for any grid (Learn then Test, too)."""
    SGR = "sgr"
    """Selection with guaranteed risk (Geifman & El-Yaniv 2017): binary search over the grid, each
    of its ``floor(log2(thresholds)) + 1`` tests at an equal part of the level. The source searches
    the ``n`` calibration scores in ``ceil(log2(n))`` tests. Valid where errors do not get rarer
    along the grid: if they did, which thresholds are tested would depend on labels."""


@dataclass(frozen=True)
class Provenance:
    """The provenance of a certificate: what was certified, on which labels, and when."""

    checkpoint: str
    head: str
    calibration_set: str
    """A sentence that tells people where the labels come from."""
    certified_at: datetime
    """The time of the certificate, in UTC."""
    engine: str | None = added(4, None)
    """What the detector's networks ran on; None where its model is not here, and in certificates
    from before there was a choice."""

    def __post_init__(self) -> None:
        if self.certified_at.utcoffset() is None:
            raise CalibrationError("The time of a certificate needs a time zone; give it in UTC.")


@dataclass(frozen=True)
class Certificate:
    """One side's proven threshold, with every count needed to check it again.

    Raises:
        CalibrationError: the counts contradict each other or do not prove the limit.
    """

    side: Side
    method: CertificateMethod
    threshold: float
    accepted: int
    """Calibration images that the threshold accepts (n of the bound)."""
    errors: int
    """Those of them of the other class (k of the bound)."""
    upper_bound: float
    """Clopper–Pearson upper bound on the error share, at ``level``."""
    risk_limit: float
    delta: float
    """The certificate is wrong with at most this probability, over all attempts of its series."""
    level: float
    """What the single test behind the bound spent of ``delta``: its part of this attempt's."""
    n_calibration: int
    n_fake: int
    """Calibration images that are fake."""
    candidates: int
    """Thresholds that could have been certified, known before any label was looked at."""
    provenance: Provenance

    def __post_init__(self) -> None:
        check_limits(self.risk_limit, self.delta)
        if not self._counts_agree() or not self.side.has(self.threshold):
            raise CalibrationError(f"The counts of this certificate contradict each other: {self}.")
        bound = upper_bound(self.errors, self.accepted, self.level)
        if not math.isclose(bound, self.upper_bound, rel_tol=1e-6) or not (
            self.level <= self.delta and self.upper_bound <= self.risk_limit
        ):
            raise CalibrationError(
                f"{self.errors} errors in {count(self.accepted, 'label')} do not prove a limit of "
                f"{percent(self.risk_limit)} (bound {bound:.4f}). Certify again."
            )

    def _counts_agree(self) -> bool:
        return (
            0 <= self.errors <= self._class_size(wrong=True)
            and 0 <= self.accepted - self.errors <= self._class_size(wrong=False)
            and self.candidates >= 1
        )

    def _class_size(self, *, wrong: bool) -> int:
        fake = wrong is (self.side is Side.REAL)
        return self.n_fake if fake else self.n_calibration - self.n_fake

    @property
    def prevalence(self) -> float:
        """Share of fakes among the calibration images."""
        return self.n_fake / self.n_calibration

    def bound_at_prevalence(self, fake_share: float) -> float:
        """Upper bound on the error share were ``fake_share`` of the stream fake.

        For the real side ``pi a_F / (pi a_F + (1 - pi) a_R)``, where ``a_F`` and ``a_R`` are the
        shares of fakes and of reals that the threshold accepts; for the fake side with the classes
        exchanged. The wrong class's share is replaced by its Clopper–Pearson upper bound, the right
        one's by its lower bound, each at ``level / (2 * candidates)``: half for either rate, and an
        equal part for every threshold that might have been chosen. So the bounds hold at ``1 -
        level`` for all prevalences at once; at the calibration prevalence they are looser than
        ``upper_bound``. They assume that only the mix changes, not what the classes look like.
        """
        part = self.level / (2 * self.candidates)
        wrong = upper_bound(self.errors, self._class_size(wrong=True), part)
        right = lower_bound(self.accepted - self.errors, self._class_size(wrong=False), part)
        weight = fake_share if self.side is Side.REAL else 1 - fake_share
        bad, good = weight * wrong, (1 - weight) * right
        return bad / (bad + good) if bad > 0 else 0.0

    def prevalence_range(self) -> tuple[tuple[float, float], ...]:
        """Pairs of fake share and bound, for `PREVALENCES`."""
        return tuple((pi, self.bound_at_prevalence(pi)) for pi in PREVALENCES)

    def to_json(self) -> dict[str, Any]:
        """A JSON-safe object that `from_json` reads back equal."""
        return to_document(self)

    @classmethod
    def from_json(cls, document: object) -> Certificate:
        """Read and check again what `to_json` wrote.

        Raises:
            InputError: fields are missing, unknown or mistyped.
            CalibrationError: the counts do not prove the limit.
        """
        return from_document(cls, document)


@dataclass(frozen=True)
class Shortfall:
    """The reason why one side could not be certified, and how far it is."""

    side: Side
    risk_limit: float
    delta: float
    n_calibration: int
    threshold: float | None
    """The threshold nearest to being certified; ``None`` where the grid has none."""
    accepted: int
    errors: int
    labels_at_least: int | None
    """Further random labels for an even chance were no further accepted image wrong; ``None``: out
    of reach."""
    labels_expected: int | None
    """Further random labels for an even chance at the rates seen so far; ``None``: out of reach."""
    labels_likely: int | None = added(2, None)
    """The same for nine chances in ten."""

    @property
    def text(self) -> str:
        """One or two sentences for an admin, in the language of whoever is served."""
        side = t(f"policy.{self.side}")
        if self.threshold is None:
            return t("policy.never_leans", side=side)
        told: dict[str, Value] = {
            "side": side,
            "goal": goal_words(self.risk_limit, self.delta),
            "seen": t("policy.seen", errors=self.errors, accepted=self.accepted),
        }
        if self.labels_expected is not None and self.labels_likely is not None:
            return t(
                "policy.nine_in_ten", n=self.labels_expected, likely=self.labels_likely, **told
            )
        if self.labels_expected is not None:
            return t("policy.even_chance", n=self.labels_expected, **told)
        if self.labels_at_least is not None:
            return t("policy.at_least", n=self.labels_at_least, **told)
        return t("policy.out_of_reach", **told)


def goal_words(risk_limit: float, delta: float) -> str:
    """What is to be proven: "a 5% limit at 90% confidence"."""
    return t("policy.goal", limit=percent(risk_limit), confidence=percent(1 - delta))
