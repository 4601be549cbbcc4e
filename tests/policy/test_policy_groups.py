"""Policies that certify group by group: what they accept, and how they are kept and told."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from review_app.certification.certify import PolicyCertificates
from review_app.certification.grouping import UNKNOWN, Grouping
from review_app.certification.threshold_grid import Side
from review_app.core.errors import CalibrationError, InputError, SettingsError
from review_app.i18n import language_named, use_language
from review_app.policy.policy import Policy
from review_app.policy.policy_text import describe
from review_app.policy.routing import Reason, Scores, decide, decide_many
from storage.enums import PolicyState, Route
from tests.certification.cases import (
    by_group,
    certificate,
    certified,
    group,
    policies_by_group,
    start,
)

probability = st.floats(0, 1)
Rows = list[tuple[float, float, float, str]]


def scores(p: float) -> Scores:
    return Scores(p, 0.01, 0.1, 0.01, p)


@given(
    policies_by_group(),
    st.lists(
        st.tuples(
            probability, probability, st.floats(0, 1, exclude_max=True), st.sampled_from("abcd")
        ),
        max_size=20,
    ),
)
def test_a_batch_is_routed_as_its_images_one_by_one(policy: Policy, rows: Rows) -> None:
    columns = np.array([row[:3] for row in rows], np.float64).reshape(-1, 3).T
    groups = [row[3] for row in rows]
    batch = decide_many(columns[0], columns[1], policy, columns[2], groups=groups)
    single = [
        decide(replace(scores(p), score=score), policy, coin, group=name)
        for p, score, coin, name in rows
    ]
    assert [batch[i] for i in range(len(batch))] == single
    assert batch.inclusion_probability.tolist() == [d.inclusion_probability for d in single]
    distinct, which = batch.alike()
    assert [distinct[k] for k in which] == single
    for decision, (_, score, coin, name) in zip(single, rows, strict=True):
        held = policy.group(name) if policy.state is PolicyState.CERTIFIED else None
        fake = held is not None and held.fake is not None and score >= held.fake.threshold
        real = held is not None and held.real is not None and score <= held.real.threshold
        assert (decision.proposal is Route.ACCEPT_FAKE) == fake
        assert (decision.proposal is Route.ACCEPT_REAL) == real
        assert decision.group == name
        if fake or real:
            assert held is not None
            assert decision.inclusion_probability == held.audit_probability
            assert decision.audited == (coin < held.audit_probability)
        else:
            assert (decision.inclusion_probability, decision.audited) == (1, False)


@pytest.mark.parametrize("name", ["never seen", UNKNOWN, "short"])
def test_a_group_that_nothing_is_proven_of_goes_to_people(name: str) -> None:
    policy = by_group(group("a"), group("short", None, None))
    found = decide(scores(1.0), policy, 0.99, group=name)
    assert (found.route, found.reasons) == (Route.REVIEW, (Reason.GROUP_NOT_CERTIFIED,))
    assert decide(scores(1.0), policy, 0.99, group="a").route is Route.ACCEPT_FAKE
    assert decide(scores(0.6), policy, 0.99, group="a").reasons == (Reason.LOW_CONFIDENCE,)


def test_a_policy_decides_by_group_exactly_where_it_was_certified_so() -> None:
    for policy, name in ((by_group(group("a")), None), (certified(), "a")):
        groups = None if name is None else [name]
        with pytest.raises(InputError, match="decides by"):
            decide(scores(0.9), policy, 0.5, group=name)
        with pytest.raises(InputError, match="decides by"):
            decide_many([0.9], [0.9], policy, [0.5], groups=groups)
    with pytest.raises(InputError, match="do not belong together"):
        decide_many([0.9, 0.1], [0.9, 0.1], by_group(group("a")), [0.5, 0.5], groups=["a"])


@given(policies_by_group())
def test_a_policy_comes_back_from_its_document(policy: Policy) -> None:
    document = json.loads(json.dumps(policy.to_json()))
    assert Policy.from_json(document) == policy
    assert document["schema"] == 4
    assert document["grouping"] == "source"
    assert document["error_by_prevalence"] == {}


def test_an_older_policy_is_read_and_knows_no_groups() -> None:
    document = certified().to_json()
    document["schema"] = 2
    for name in ("grouping", "groups"):
        del document[name]
    for side in ("real", "fake"):
        del document[side]["provenance"]["engine"]
    assert Policy.from_json(document) == certified()
    document["groups"] = []
    with pytest.raises(InputError, match="groups"):
        Policy.from_json(document)


def test_a_policy_that_contradicts_itself_is_refused() -> None:
    policy = by_group(group("a"))
    with pytest.raises(CalibrationError, match="contradict"):
        replace(policy, groups=(group("a"), group("a")))
    with pytest.raises(CalibrationError, match="contradict"):
        replace(policy, grouping=None)
    with pytest.raises(CalibrationError, match="no certificate of all images"):
        replace(policy, real=certificate(Side.REAL, 0.1))
    wide = replace(group("a"), fake=certificate(Side.FAKE, 0.9, delta=0.2))
    with pytest.raises(CalibrationError, match="less confidence"):
        replace(policy, groups=(wide,))
    with pytest.raises(CalibrationError, match="made for checkpoint"):
        replace(policy, checkpoint="another")
    with pytest.raises(SettingsError, match="audit probability of 'a'"):
        group("a", audit_probability=1.5)


def test_it_opens_where_one_group_is_proven_and_closes_with_a_reason() -> None:
    nothing = by_group(group("a", None, None))
    assert (nothing.state, nothing.grouping) == (PolicyState.LEARNING, Grouping.SOURCE)
    opened = nothing.with_groups(Grouping.SIZE_CLASS, (group("small"), group("large", None)))
    assert opened.state is PolicyState.CERTIFIED
    assert [len(opened.held(side)) for side in (Side.REAL, Side.FAKE)] == [1, 2]
    closed = opened.suspended("an alarm")
    assert closed.threshold(Side.FAKE, "small") is None
    assert closed.with_groups(Grouping.SOURCE, ()).state is PolicyState.SUSPENDED
    pooled = PolicyCertificates(certificate(Side.REAL, 0.1), certificate(Side.FAKE, 0.9))
    assert opened.with_certificates(pooled).grouping is None


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            "Auto-accept is on, group by group (by size): with 90% confidence for all of them "
            "together, at most 5% of what it accepts is wrong in each group, for images like the "
            "labelled ones. It accepts in large (as real up to 0.1, 0 wrong of 45 and as fake from "
            "0.9, 0 wrong of 45). Not tested, for want of labels: small (7 of 60) and unknown. "
            "Images of those and of any other group go to people.",
        ),
        ("de", "Mangels Labels nicht geprüft: klein (7 von 60) und unbekannt."),
        ("es", "Sin probar por falta de etiquetas: pequeñas (7 de 60) y desconocido."),
    ],
)
def test_it_is_told_group_by_group(language: str, words: str) -> None:
    small = replace(group("small", None, None), labels=7)
    unknown = replace(group(UNKNOWN, None, None), least=None)
    policy = by_group(group("large"), small, unknown, grouping=Grouping.SIZE_CLASS)
    with use_language(language_named(language)):
        assert words in describe(policy)


def test_a_policy_without_groups_is_as_it_was() -> None:
    assert start().grouping is None
    assert certified().threshold(Side.FAKE) == certified().threshold(Side.FAKE, "any") == 0.9
    assert certified().audit_probability_of("any") == certified().audit_probability
