"""``certify``: what a try costs, then the try."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from review_app.certification.grouping import Grouping
from review_app.cli.common import AsJson, application, result
from review_app.cli.operator import operator
from review_app.cli.scores import DetectorName, ScoreFile, certify_scores
from review_app.core.errors import InputError
from review_app.core.permissions import Person
from review_app.policy.policy_text import describe
from review_app.policy.versions import DEFAULT_DELTA, DEFAULT_RISK_LIMIT

if TYPE_CHECKING:
    from review_app.bootstrap import Application


class GroupsOption(StrEnum):
    """What ``--groups`` takes."""

    NONE = "none"
    SOURCE = "source"
    SIZE_CLASS = "size_class"
    SCOPE = "scope"
    NOVELTY_BAND = "novelty_band"

    @property
    def grouping(self) -> Grouping | None:
        """What images are grouped by; None: they are not."""
        return None if self is GroupsOption.NONE else Grouping(self.value)


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(certify)


def certify(
    risk_limit: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=0.5,
            help="Largest share of errors among accepted images; as the policy has it (5% at "
            "first) unless given.",
        ),
    ] = None,
    confidence: Annotated[
        float | None,
        typer.Option(
            min=0.5,
            max=1,
            help="Confidence that the limit holds; as the policy has it (90% at first) unless "
            "given.",
        ),
    ] = None,
    audit_probability: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Share of accepted images that people check blindly; as the policy has it (5% at "
            "first) unless given.",
        ),
    ] = None,
    groups: Annotated[
        GroupsOption | None,
        typer.Option(
            help="What images are grouped by, where the limit is to hold in every group; none: it "
            "holds over all together. As the policy has it (none at first) unless given.",
        ),
    ] = None,
    forecast: Annotated[
        bool,
        typer.Option(
            "--forecast",
            help="Tell what a try may find, from how many labels there are; spend nothing.",
        ),
    ] = False,
    scores: ScoreFile = None,
    detector: DetectorName = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Spend the try without being asked at the terminal.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Certify thresholds on the labels there are, and put them in force.

    It tells what the try costs and, at a terminal, asks before it is spent. With --scores: tell
    what a labelled score file proves, and change nothing.
    """
    delta = None if confidence is None else round(1 - confidence, 12)
    if scores is not None:
        limit = DEFAULT_RISK_LIMIT if risk_limit is None else risk_limit
        level = DEFAULT_DELTA if delta is None else delta
        document, words = certify_scores(scores, detector, limit, level)
        result(document, as_json, words)
        return
    with application() as app:
        person, now = operator(app), app.policies.current()
        limit = now.risk_limit if risk_limit is None else risk_limit
        level = now.delta if delta is None else delta
        audit = now.audit_probability if audit_probability is None else audit_probability
        grouping = now.grouping if groups is None else groups.grouping
        if forecast:
            result(*_forecast(app, person, limit, level, grouping, as_json=as_json))
            return
        price = app.policies.price(person, limit, level, now.version, grouping)
        told = f"{app.policies.not_final()} {price.text}".lstrip()
        if grouping is not None:
            told = f"{app.forecasts.by_group(person, limit, level, grouping).text} {told}"
        if yes or not _is_attended():
            typer.echo(told, err=True)
        else:
            _ask(told)
        policy = app.policies.certify(person, limit, level, audit, asked=price, grouping=grouping)
        not_final = app.policies.not_final()
    result(policy.to_json(), as_json, f"{describe(policy)} {not_final}".rstrip())


def _forecast(
    app: Application,
    person: Person,
    risk_limit: float,
    delta: float,
    grouping: Grouping | None,
    *,
    as_json: bool,
) -> tuple[dict[str, Any], bool, str]:
    """What a try may find, as a document and in words."""
    if grouping is None:
        words = app.policies.preview(person, risk_limit, delta)
        return {"grouping": None, "words": words}, as_json, words
    found = app.forecasts.by_group(person, risk_limit, delta, grouping)
    return found.to_json(), as_json, found.text


def _is_attended() -> bool:
    """Whether somebody is there to answer: a script that runs the command has decided already."""
    return sys.stdin.isatty()


def _ask(question: str) -> None:
    """Go on where the answer is yes. Raises InputError where it is not, or there is none."""
    try:
        agreed = typer.confirm(question, err=True)
    except typer.Abort:
        agreed = False
    if not agreed:
        raise InputError("nobody agreed to the price, so nothing was spent; --yes agrees")
