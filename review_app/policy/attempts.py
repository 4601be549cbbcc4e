"""Tries to certify: what the next one costs, and spending it."""

from __future__ import annotations

from review_app.certification.price import Price
from review_app.core.errors import CalibrationError, ChangedSinceError
from review_app.core.permissions import Person
from review_app.policy.eligibility import CalibrationLabels, next_try
from review_app.policy.policy import Policy
from review_app.policy.versions import refuse_if_changed
from storage.repositories import Repositories


def price_of(repos: Repositories, policy: Policy, labels: CalibrationLabels) -> Price:
    """What certifying on the terms of ``policy`` costs now.

    Raises CalibrationError where there are too few labels for any certificate: that is no try.
    """
    price = _price(repos, policy, labels)
    _refuse_too_few(price, labels)
    return price


def begin_try(
    repos: Repositories,
    person: Person,
    policy: Policy,
    labels: CalibrationLabels,
    asked: Price | None,
) -> int:
    """Count the try, in a writing transaction and before anything is known of its outcome: two at
    once, or one that fails halfway, cannot spend the same share of the confidence. Its number,
    from 1.

    ``asked``: the price that was agreed to; without, any is paid. Raises as `price_of`, and
    ChangedSinceError where somebody has spent that try or changed the policy since.
    """
    price = _price(repos, policy, labels)
    if asked is not None:
        refuse_if_changed(repos, asked.version)
        _refuse_if_spent(repos, asked, price)
    _refuse_too_few(price, labels)
    repos.attempts.add(policy.checkpoint, labels.recorded, person.name)
    return price.attempt


def _price(repos: Repositories, policy: Policy, labels: CalibrationLabels) -> Price:
    return Price(
        version=policy.version,
        attempt=next_try(repos, policy.checkpoint),
        labels=labels.most,
        risk_limit=policy.risk_limit,
        delta=policy.delta,
        grouping=policy.grouping,
    )


def _refuse_too_few(price: Price, labels: CalibrationLabels) -> None:
    if not price.is_try:
        raise CalibrationError(f"{price.refusal(labels.text)} {labels.remark}".rstrip())


def _refuse_if_spent(repos: Repositories, asked: Price, now: Price) -> None:
    if asked.attempt != now.attempt:
        tried, looked = repos.attempts.last(), repos.comparisons.newest()
        spent = [] if tried is None else [(tried.tried_at, tried.tried_by)]
        spent += [] if looked is None else [(looked.compared_at, looked.compared_by)]
        at, by = max(spent)  # without either, both were the first
        raise ChangedSinceError(by, at, key="certify.spent", attempt=asked.attempt)
