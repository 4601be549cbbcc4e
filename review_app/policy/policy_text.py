"""The policy in words, for admins."""

from __future__ import annotations

from review_app.certification.certificate import Certificate, goal_words
from review_app.certification.grouping import UNKNOWN, Grouping
from review_app.i18n import listed, percent, significant, t
from review_app.i18n.formatting import rounded_up
from review_app.policy.policy import Policy
from review_app.policy.policy_group import PolicyGroup
from storage.enums import PolicyState

_NAMED = frozenset({Grouping.SIZE_CLASS, Grouping.NOVELTY_BAND})
"""Groupings whose groups have names of ours."""


def describe(policy: Policy) -> str:
    """The policy in a few sentences for an admin, in the language of whoever is served."""
    if policy.state is PolicyState.CERTIFIED and policy.grouping:
        return _by_group(policy, policy.grouping)
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


def grouping_text(grouping: Grouping | None) -> str:
    """What images are grouped by, in words."""
    return t(f"policy.grouping_{grouping or 'none'}")


def group_text(grouping: Grouping, name: str) -> str:
    """The name of a group, in the language of whoever is served where it is one of ours."""
    return t(f"policy.group_{name}") if grouping in _NAMED or name == UNKNOWN else name


def missing_words(policy: Policy) -> str:
    """Why nothing could be certified, side by side, and group by group."""
    if policy.grouping is None:
        return " ".join(_missing(policy))
    return " ".join(
        t("policy.in_group", group=group_text(policy.grouping, group.name), words=shortfall.text)
        for group in policy.groups
        for shortfall in group.shortfalls
    )


def _by_group(policy: Policy, grouping: Grouping) -> str:
    proven = [group for group in policy.groups if group.certificates]
    words = [
        t(
            "policy.proof_by_group",
            grouping=grouping_text(grouping),
            confidence=percent(1 - policy.delta),
            limit=percent(policy.risk_limit),
            groups=listed([_of_group(grouping, group) for group in proven]),
        )
    ]
    in_vain = [g for g in policy.groups if g.shortfalls and not g.certificates]
    untested = [g for g in policy.groups if not g.shortfalls and not g.certificates]
    if in_vain:
        names = listed([group_text(grouping, group.name) for group in in_vain])
        words.append(t("policy.groups_in_vain", groups=names))
    if untested:
        words.append(
            t("policy.groups_too_few", groups=listed([_few(grouping, g) for g in untested]))
        )
    return " ".join([*words, t("policy.groups_others")])


def _of_group(grouping: Grouping, group: PolicyGroup) -> str:
    sides = [
        t(
            f"policy.group_accepts_{c.side}",
            threshold=significant(c.threshold),
            errors=c.errors,
            accepted=c.accepted,
        )
        for c in group.certificates
    ]
    return t("policy.group_sides", group=group_text(grouping, group.name), sides=listed(sides))


def _few(grouping: Grouping, group: PolicyGroup) -> str:
    name = group_text(grouping, group.name)
    if group.least is None:
        return name
    return t("policy.group_few", group=name, labels=group.labels, least=group.least)
