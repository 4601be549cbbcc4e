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
from review_app.certification.certificate import Certificate, Shortfall
from review_app.certification.certify import PolicyCertificates
from review_app.certification.grouping import Grouping
from review_app.certification.threshold_grid import Side
from review_app.core.errors import CalibrationError, InputError, SettingsError
from review_app.core.serialization import added, from_document, to_document
from review_app.i18n import percent
from review_app.policy.policy_group import PolicyGroup
from storage.enums import PolicyState

SCHEMA = 4
"""Version of the JSON form; raised when a field comes or changes. A field that comes says so with
`document.added`, and older policies are read on."""
READABLE = (1, 2, 3, 4)
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
    grouping: Grouping | None = added(3, None)
    """What images are grouped by, where the limit is to hold in every group; None: it holds over
    all that is accepted."""
    groups: tuple[PolicyGroup, ...] = added(3, ())
    """The groups that the last calibration met; images of any other go to people."""

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
        self._check_groups()
        for side in Side:
            for certificate in self.held(side):
                self._check_certificate(side, certificate)
        # The certificates of groups share one delta, those of two sides have one each.
        deltas = [c.delta for c in self.certificates]
        if (max(deltas, default=0) if self.grouping else sum(deltas)) > self.delta * (1 + 1e-9):
            raise CalibrationError(
                "The certificates together claim less confidence than the policy; certify again."
            )

    def _check_groups(self) -> None:
        names = [group.name for group in self.groups]
        if (self.grouping is None and names) or len(set(names)) < len(names):
            raise CalibrationError(f"The groups of this policy contradict each other: {names}.")
        if self.grouping is not None and (self.real or self.fake):
            raise CalibrationError(
                "A policy that certifies group by group rests on no certificate of all images."
            )

    def _check_certificate(self, side: Side, certificate: Certificate) -> None:
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
        """What is proven for ``side`` over all images, whatever the state."""
        return self.real if side is Side.REAL else self.fake

    def held(self, side: Side) -> tuple[Certificate, ...]:
        """The certificates of ``side``, in force or not: that of all images, or of each group."""
        of_groups = (group.certificate(side) for group in self.groups)
        return tuple(c for c in (self.certificate(side), *of_groups) if c is not None)

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """The certificates held, in force or not."""
        return tuple(c for side in Side for c in self.held(side))

    def group(self, name: str | None) -> PolicyGroup | None:
        """The group of that name; None where the calibration met no such group."""
        return next((group for group in self.groups if group.name == name), None)

    def threshold(self, side: Side, group: str | None = None) -> float | None:
        """The threshold beyond which ``side`` accepts images of ``group`` now; ``None`` where it
        may not accept them. A policy without groups asks for none.

        The one gate to auto-accept: closed in every state but certified, and for every group of
        which nothing is proven.
        """
        if self.state is not PolicyState.CERTIFIED:
            return None
        of_group = self.group(group) if self.grouping else None
        certificate = of_group.certificate(side) if of_group else self.certificate(side)
        return None if certificate is None else certificate.threshold

    def audit_probability_of(self, group: str | None) -> float:
        """The chance that an accepted image of ``group`` goes to a blind audit instead."""
        of_group = self.group(group) if self.grouping else None
        return of_group.audit_probability if of_group else self.audit_probability

    @property
    def smallest_audit_probability(self) -> float:
        """The smallest chance that any accepted image has to be audited."""
        found = [group.audit_probability for group in self.groups if group.certificates]
        return min(found, default=self.audit_probability)

    def with_certificates(self, found: PolicyCertificates) -> Policy:
        """The next version, resting on what a calibration found, in place of all older proof.

        Where neither side is certified, it closes: suspended if it was before, else learning.
        """
        real, fake = found.real, found.fake
        return self._resting_on(
            proven=isinstance(real, Certificate) or isinstance(fake, Certificate),
            real=real if isinstance(real, Certificate) else None,
            fake=fake if isinstance(fake, Certificate) else None,
            shortfalls=tuple(s for s in (real, fake) if isinstance(s, Shortfall)),
            grouping=None,
            groups=(),
        )

    def with_groups(self, grouping: Grouping, groups: tuple[PolicyGroup, ...]) -> Policy:
        """The next version, resting on what a calibration found of each group; it closes as
        `with_certificates` does where nothing is certified of any."""
        return self._resting_on(
            proven=any(group.certificates for group in groups),
            real=None,
            fake=None,
            shortfalls=(),
            grouping=grouping,
            groups=groups,
        )

    def _resting_on(self, *, proven: bool, **proof: Any) -> Policy:
        closed = self.state is PolicyState.SUSPENDED
        state = PolicyState.SUSPENDED if closed else PolicyState.LEARNING
        return replace(
            self,
            version=self.version + 1,
            state=PolicyState.CERTIFIED if proven else state,
            reason=None if proven else self.reason,
            **proof,
        )

    def suspended(self, reason: str) -> Policy:
        """The next version, closed; it keeps its certificates for the record only."""
        return replace(self, version=self.version + 1, state=PolicyState.SUSPENDED, reason=reason)

    def to_json(self) -> dict[str, Any]:
        """A JSON-safe object with its schema version; `from_json` reads it back equal.

        ``error_by_prevalence`` is for who reads the document: by side, pairs of fake share and
        bound on the error share (`Certificate.prevalence_range`). It follows from the certificates
        of all images.
        """
        pooled = [c for c in (self.real, self.fake) if c is not None]
        bounds = {c.side.value: [list(p) for p in c.prevalence_range()] for c in pooled}
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
            known = f"{READABLE[0]} to {READABLE[-1]}"
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
    grouping: Grouping | None = None,
) -> Policy:
    """A policy in cold start: it accepts nothing."""
    return Policy(
        version,
        PolicyState.LEARNING,
        checkpoint,
        head,
        risk_limit,
        delta,
        audit_probability,
        grouping=grouping,
    )
