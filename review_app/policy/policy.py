"""The policy: what auto-accept may do, on what proof, and in which state it is.

A policy never changes. Each transition gives the next version, so that every decision keeps the
policy that it was made under::

    learning ──with_certificates──▶ certified ──suspended──▶ suspended
       ▲ │ (nothing proven yet)        ▲                        │
       └─┘                             └───with_certificates────┘
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from review_app.certification.bounds import check_limits
from review_app.certification.certificate import Certificate, Shortfall, goal_words
from review_app.certification.certify import PolicyCertificates
from review_app.certification.threshold_grid import Side
from review_app.core.errors import CalibrationError, InputError, SettingsError
from review_app.core.serialization import from_document, to_document
from review_app.i18n import percent, significant, t
from review_app.i18n.formatting import rounded_up
from storage.enums import PolicyState

SCHEMA = 2
"""Version of the JSON form; raised when a field comes or changes. A field that comes says so with
`document.added`, and older policies are read on."""
READABLE = (1, 2)
_DERIVED = ("error_by_prevalence",)
"""Parts of the document that follow from others."""


@dataclass(frozen=True)
class Policy:
    """One version of the rules of triage.

    Raises:
        SettingsError: a limit, probability or version out of range; a suspension without a reason.
        CalibrationError: a certificate of another side, checkpoint or head, or for a laxer limit.
    """

    version: int
    state: PolicyState
    checkpoint: str
    head: str
    risk_limit: float
    """Largest share of errors allowed among the images accepted on either side."""
    delta: float
    """The certificates are wrong with at most this probability, both sides together."""
    audit_probability: float
    """Chance that an accepted image goes to a blind audit instead."""
    real: Certificate | None = None
    fake: Certificate | None = None
    shortfalls: tuple[Shortfall, ...] = ()
    """The shortfalls of the sides that the last calibration could not certify."""
    reason: str | None = None
    """Why it is suspended."""

    def __post_init__(self) -> None:
        check_limits(self.risk_limit, self.delta)
        if not 0 <= self.audit_probability <= 1:
            raise SettingsError(
                f"The audit probability is {self.audit_probability!r}; it must lie in [0, 1]."
            )
        if self.version < 1:
            raise SettingsError(f"Policy versions are counted from 1, not {self.version}.")
        if (self.state is PolicyState.SUSPENDED) != bool(self.reason):
            raise SettingsError("A suspended policy needs a reason in words, and no other has one.")
        if self.state is PolicyState.CERTIFIED and not self.certificates:
            raise CalibrationError("A certified policy needs a certificate for at least one side.")
        for side in Side:
            self._check_certificate(side)
        if sum(c.delta for c in self.certificates) > self.delta * (1 + 1e-9):
            raise CalibrationError(
                "The certificates together claim less confidence than the policy; certify again."
            )

    def _check_certificate(self, side: Side) -> None:
        certificate = self.certificate(side)
        if certificate is None:
            return
        made = (certificate.provenance.checkpoint, certificate.provenance.head)
        if made != (self.checkpoint, self.head):
            raise CalibrationError(
                f"The certificate for '{side}' was made for checkpoint and head {made}, the policy "
                f"uses {(self.checkpoint, self.head)}. Certify the new detector on its own scores."
            )
        if certificate.side is not side or certificate.risk_limit > self.risk_limit:
            raise CalibrationError(
                f"The certificate for '{side}' proves '{certificate.side}' to "
                f"{percent(certificate.risk_limit)}; the policy needs '{side}' to "
                f"{percent(self.risk_limit)}. Certify again."
            )

    def certificate(self, side: Side) -> Certificate | None:
        """What is proven for ``side``, whatever the state."""
        return self.real if side is Side.REAL else self.fake

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """The certificates held, in force or not."""
        return tuple(c for c in (self.real, self.fake) if c is not None)

    def threshold(self, side: Side) -> float | None:
        """The threshold beyond which ``side`` accepts now; ``None`` where it may not accept.

        The one gate to auto-accept: closed in every state but certified.
        """
        certificate = self.certificate(side)
        if self.state is not PolicyState.CERTIFIED or certificate is None:
            return None
        return certificate.threshold

    def with_certificates(self, found: PolicyCertificates) -> Policy:
        """The next version, resting on what a calibration found, in place of all older proof.

        Where neither side is certified, it closes: suspended if it was before, else learning.
        """
        real, fake = found.real, found.fake
        proven = isinstance(real, Certificate) or isinstance(fake, Certificate)
        closed = self.state is PolicyState.SUSPENDED
        state = PolicyState.SUSPENDED if closed else PolicyState.LEARNING
        return replace(
            self,
            version=self.version + 1,
            state=PolicyState.CERTIFIED if proven else state,
            real=real if isinstance(real, Certificate) else None,
            fake=fake if isinstance(fake, Certificate) else None,
            shortfalls=tuple(s for s in (real, fake) if isinstance(s, Shortfall)),
            reason=None if proven else self.reason,
        )

    def suspended(self, reason: str) -> Policy:
        """The next version, closed; it keeps its certificates for the record only."""
        return replace(self, version=self.version + 1, state=PolicyState.SUSPENDED, reason=reason)

    def to_json(self) -> dict[str, Any]:
        """A JSON-safe object with its schema version; `from_json` reads it back equal.

        ``error_by_prevalence`` is for who reads the document: by side, pairs of fake share and
        bound on the error share (`Certificate.prevalence_range`). It follows from the certificates.
        """
        bounds = {c.side.value: [list(p) for p in c.prevalence_range()] for c in self.certificates}
        return {"schema": SCHEMA, **to_document(self), "error_by_prevalence": bounds}

    @classmethod
    def from_json(cls, document: object) -> Policy:
        """Read and check again what `to_json` wrote.

        Raises:
            InputError: another schema, or fields that are missing, unknown or mistyped.
            SettingsError, CalibrationError: the contents contradict each other.
        """
        schema = document.get("schema") if isinstance(document, Mapping) else None
        if not isinstance(document, Mapping) or schema not in READABLE:
            known = " and ".join(map(str, READABLE))
            raise InputError(
                f"This policy has schema {schema!r}, this program reads {known}. "
                "Use the program version that wrote it, or certify again."
            )
        fields = {k: v for k, v in document.items() if k not in ("schema", *_DERIVED)}
        return from_document(cls, fields, "policy", schema=schema)


def learning_policy(
    *,
    checkpoint: str,
    head: str,
    risk_limit: float,
    delta: float,
    audit_probability: float,
    version: int = 1,
) -> Policy:
    """A policy in cold start: it accepts nothing."""
    return Policy(
        version, PolicyState.LEARNING, checkpoint, head, risk_limit, delta, audit_probability
    )


def describe(policy: Policy) -> str:
    """The policy in a few sentences for an admin, in the language of whoever is served."""
    if policy.state is PolicyState.CERTIFIED:
        return " ".join([_proof(policy), *map(_side, policy.certificates), *_missing(policy)])
    if policy.state is PolicyState.SUSPENDED:
        return t("policy.suspended", reason=policy.reason or "")
    return _progress(policy)


def _proof(policy: Policy) -> str:
    held = policy.certificates
    # The mix of both sides errs at most as often as the worse of them.
    bound = max(c.upper_bound for c in held)
    return t(
        "policy.proof",
        labels=max(c.n_calibration for c in held),
        accepted=sum(c.accepted for c in held),
        n=sum(c.errors for c in held),
        confidence=percent(1 - policy.delta),
        bound=percent(rounded_up(bound)),
        limit=percent(policy.risk_limit),
    )


def _side(certificate: Certificate) -> str:
    return t(
        f"policy.accepts_{certificate.side}",
        threshold=significant(certificate.threshold),
        errors=certificate.errors,
        accepted=certificate.accepted,
    )


def _missing(policy: Policy) -> list[str]:
    return [s.text for s in policy.shortfalls]


def _progress(policy: Policy) -> str:
    goal = goal_words(policy.risk_limit, policy.delta)
    if not policy.shortfalls:
        return t("policy.learning_untried", goal=goal)
    known = [n for s in policy.shortfalls if (n := s.labels_expected) is not None]
    if not known:
        return t("policy.learning_far", missing=" ".join(_missing(policy)))
    return t("policy.learning_needs", n=min(known), goal=goal)
