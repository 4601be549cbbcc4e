"""Policies: states, transitions, and what they say of themselves."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review_app.certification.certificate import Provenance, Shortfall
from review_app.certification.certify import PolicyCertificates
from review_app.certification.threshold_grid import Side
from review_app.core.errors import CalibrationError, InputError, SettingsError
from review_app.policy.policy import Policy
from review_app.policy.policy_text import describe
from storage.enums import PolicyState
from tests.certification.cases import PROVENANCE, certificate, certified, policies, start


def shortfall(side: Side, expected: int | None = 63) -> Shortfall:
    return Shortfall(
        side,
        risk_limit=0.05,
        delta=0.05,
        n_calibration=80,
        threshold=0.9 if side is Side.FAKE else 0.1,
        accepted=31,
        errors=1,
        labels_at_least=40,
        labels_expected=expected,
    )


NOTHING = PolicyCertificates(shortfall(Side.REAL), shortfall(Side.FAKE, 120))
BOTH = PolicyCertificates(certificate(Side.REAL, 0.1), certificate(Side.FAKE, 0.9, errors=2))


@given(policies())
def test_only_a_certified_policy_has_thresholds_whatever_it_holds(policy: Policy) -> None:
    for side in Side:
        held = policy.certificate(side)
        if policy.state is PolicyState.CERTIFIED and held is not None:
            assert policy.threshold(side) == held.threshold
        else:
            assert policy.threshold(side) is None


@given(policies())
def test_a_policy_survives_json(policy: Policy) -> None:
    assert Policy.from_json(json.loads(json.dumps(policy.to_json()))) == policy
    assert describe(policy)


@given(st.lists(st.sampled_from(["nothing", "both", "real", "suspend"]), max_size=8))
def test_no_sequence_of_events_opens_a_policy_without_new_proof(events: list[str]) -> None:
    policy = start()
    for event in events:
        before = policy
        if event == "suspend":
            policy = policy.suspended("three audits failed")
        else:
            found = {
                "nothing": NOTHING,
                "both": BOTH,
                "real": PolicyCertificates(BOTH.real, NOTHING.fake),
            }[event]
            policy = policy.with_certificates(found)
        assert policy.version == before.version + 1
        opened = any(policy.threshold(side) is not None for side in Side)
        assert opened == (event in {"both", "real"})
        assert Policy.from_json(policy.to_json()) == policy


def test_a_failed_calibration_leaves_a_suspended_policy_suspended() -> None:
    policy = certified().suspended("the audit alarm rang").with_certificates(NOTHING)
    assert policy.state is PolicyState.SUSPENDED
    assert policy.reason == "the audit alarm rang"
    assert policy.certificates == ()


def test_a_failed_calibration_takes_older_proof_away() -> None:
    assert certified().with_certificates(NOTHING).state is PolicyState.LEARNING


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"risk_limit": 0.0}, SettingsError, "risk limit"),
        ({"risk_limit": 0.6}, SettingsError, "risk limit"),
        ({"delta": 1.0}, SettingsError, "delta"),
        ({"audit_probability": 1.1}, SettingsError, "audit probability"),
        ({"audit_probability": float("nan")}, SettingsError, "audit probability"),
        ({"version": 0}, SettingsError, "counted from 1"),
        ({"state": PolicyState.SUSPENDED}, SettingsError, "reason"),
        ({"reason": "an alarm"}, SettingsError, "reason"),
        ({"real": None, "fake": None}, CalibrationError, "at least one side"),
        ({"checkpoint": "another"}, CalibrationError, "on its own scores"),
        ({"head": "another"}, CalibrationError, "on its own scores"),
        ({"real": certificate(Side.FAKE, 0.9)}, CalibrationError, "proves 'fake'"),
        ({"risk_limit": 0.02}, CalibrationError, "to 5%; the policy needs 'real' to 2%"),
        ({"delta": 0.05}, CalibrationError, "less confidence"),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused(
    change: dict[str, object], error: type[Exception], message: str
) -> None:
    policy = certified()
    with pytest.raises(error, match=message):
        replace(policy, **change)  # type: ignore[arg-type]


def test_a_certificate_of_another_head_is_refused() -> None:
    other = Provenance(PROVENANCE.checkpoint, "linear", "x", PROVENANCE.certified_at)
    with pytest.raises(CalibrationError, match="Certify the new detector"):
        replace(certified(), fake=replace(certificate(Side.FAKE, 0.9), provenance=other))


@pytest.mark.parametrize("document", [None, [], {}, {"schema": 5}, {"schema": []}])
def test_a_policy_of_another_schema_is_refused(document: object) -> None:
    with pytest.raises(InputError, match="this program reads 1 to 4"):
        Policy.from_json(document)


def test_a_policy_of_the_first_schema_is_read_on() -> None:
    policy = start().with_certificates(PolicyCertificates(BOTH.real, NOTHING.fake))
    old = policy.to_json() | {"schema": 1}
    for later in ("error_by_prevalence", "grouping", "groups"):
        del old[later]
    del old["real"]["provenance"]["engine"]
    with pytest.raises(InputError, match=r"labels_likely \(unknown\)"):
        Policy.from_json(old)
    for shortfall_ in old["shortfalls"]:
        del shortfall_["labels_likely"]
    assert Policy.from_json(old) == policy
    with pytest.raises(InputError, match=r"labels_likely \(missing\)"):
        Policy.from_json(old | {"schema": 2})


def test_a_policy_document_shows_the_bound_over_prevalence() -> None:
    shown = certified().to_json()["error_by_prevalence"]
    assert set(shown) == {"real", "fake"}
    assert [pair[1] for pair in shown["real"]] == sorted(pair[1] for pair in shown["real"])


def test_a_policy_read_from_json_is_checked_again() -> None:
    document = certified().to_json() | {"real": None, "fake": None}
    with pytest.raises(CalibrationError, match="at least one side"):
        Policy.from_json(document)


def test_a_certified_policy_says_on_what_proof() -> None:
    assert describe(start().with_certificates(BOTH)) == (
        "Auto-accept is on. On 412 random labels it would have accepted 183 and been wrong "
        "2 times; with 90% confidence its error is below 5% (limit 5%), for images like those. "
        "It accepts as real where the score is at most 0.1 (0 wrong of 59). "
        "It accepts as fake where the score is at least 0.9 (2 wrong of 124)."
    )


def test_a_policy_certified_on_one_side_says_what_the_other_lacks() -> None:
    words = describe(start().with_certificates(PolicyCertificates(BOTH.real, NOTHING.fake)))
    assert "Accepting as fake is not certified: about 120 more random labels" in words


def test_a_learning_policy_says_how_far_it_is() -> None:
    assert "no labels have been tried yet for a 5% limit at 90% confidence" in describe(start())
    assert describe(start().with_certificates(NOTHING)) == (
        "Auto-accept is off: it is learning, and needs about 63 more random labels for a 5% limit "
        "at 90% confidence. Until then people decide every image."
    )
    stuck = PolicyCertificates(shortfall(Side.REAL, None), shortfall(Side.FAKE, None))
    assert "at least 40 more random labels, and fewer errors" in describe(
        start().with_certificates(stuck)
    )


def test_a_suspended_policy_says_why() -> None:
    assert describe(certified().suspended("3 of 20 audits were wrong")) == (
        "Auto-accept is off: suspended (3 of 20 audits were wrong). "
        "People decide every image until it is certified again."
    )
