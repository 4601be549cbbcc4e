"""Certificates by group: what a try may find beside a pooled one, and what is proven of each
group."""

from __future__ import annotations

from markupsafe import Markup

from review_app.certification.certificate import Certificate
from review_app.certification.grouping import Grouping
from review_app.certification.prospect import chance_words
from review_app.certification.threshold_grid import Side
from review_app.core.errors import InputError
from review_app.i18n import Text, percent, significant, t
from review_app.i18n.formatting import percent_below
from review_app.policy.group_forecast import GroupForecast, GroupShare
from review_app.policy.policy import Policy
from review_app.policy.policy_group import PolicyGroup
from review_app.policy.policy_text import group_text, grouping_text
from review_app.web.markup import Content, join, notice, table

NONE = "none"
"""The choice of no groups."""


def grouping_choices() -> list[tuple[str, str]]:
    """What the limit may be asked to hold over: the words, and the value."""
    return [(grouping_text(None), NONE), *((grouping_text(g), g.value) for g in Grouping)]


def chosen_grouping(value: str | None) -> Grouping | None:
    """The grouping that a form names. Raises InputError where it names none of ours."""
    if value == NONE:
        return None
    try:
        return Grouping(value or "")
    except ValueError:
        raise InputError(Text("certify.wrong_groups")) from None


def forecast_panel(forecast: GroupForecast) -> Markup:
    """Both kinds of certificates side by side, group by group and over all."""
    columns = ("group", "tested_labels", "chance", "images", "accepted", "accepted_pooled")
    rows = [_forecast_row(forecast.grouping, group) for group in forecast.groups]
    whole: tuple[Content, ...] = (
        t("certificate.all"),
        sum(group.prospect.labels for group in forecast.groups),
        "",
        forecast.images,
        percent(forecast.coverage),
        percent(forecast.pooled_coverage),
    )
    headers = [t(f"certificate.{name}") for name in columns]
    words = f"{forecast.text} {t('policy.not_looked_at')}"
    return join(
        [
            notice(t("certify.previewed", words=words)),
            table(t("certificate.beside"), headers, [*rows, whole]),
        ]
    )


def proof_by_group(policy: Policy, grouping: Grouping) -> Markup:
    """What is proven of each group, and why images of the others go to people."""
    columns = ("group", "side", "errors", "bound", "threshold", "tested_labels", "audited")
    rows = [row for group in policy.groups for row in _proof_rows(grouping, group)]
    headers = [t(f"certificate.{name}") for name in columns]
    return table(t("certificate.by_group"), headers, rows)


def _forecast_row(grouping: Grouping, group: GroupShare) -> tuple[Content, ...]:
    prospect, n = group.prospect, group.images
    if prospect.sides:
        chance = ", ".join(chance_words(side.chance) for side in prospect.sides)
    elif prospect.least is None:
        chance = t("certificate.no_fact")
    else:
        chance = t("certificate.too_few", labels=prospect.labels, least=prospect.least)
    return (
        group_text(grouping, prospect.name),
        prospect.labels,
        chance,
        n,
        percent(group.accepted / n) if n else "",
        percent(group.accepted_pooled / n) if n else "",
    )


def _proof_rows(grouping: Grouping, group: PolicyGroup) -> list[tuple[Content, ...]]:
    name = group_text(grouping, group.name)
    if group.certificates:
        return [_proof_row(name, group, certificate) for certificate in group.certificates]
    if group.shortfalls:
        why = t("certificate.not_proven", labels=group.labels)
    elif group.least is None:
        why = t("certificate.no_fact")
    else:
        why = t("certificate.too_few", labels=group.labels, least=group.least)
    return [(name, t("certificate.to_people"), why, "", "", group.labels, "")]


def _proof_row(name: str, group: PolicyGroup, c: Certificate) -> tuple[Content, ...]:
    beyond = "at_most" if c.side is Side.REAL else "at_least"
    return (
        name,
        t(f"policy.{c.side}"),
        t("certificate.errors_value", errors=c.errors, accepted=c.accepted),
        percent_below(c.upper_bound),
        t(f"certificate.{beyond}", threshold=significant(c.threshold)),
        group.labels,
        percent(group.audit_probability),
    )
