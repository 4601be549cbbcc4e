"""Options of the queue that an admin may set while the app runs: its order, its deadline, the
costs.

They are no part of the policy: none of them changes what is accepted, so changing one needs no new
certificate. Every change is in the audit log.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from review_app.core.options import store_options
from review_app.core.permissions import Person
from review_app.policy.costs import Costs
from review_app.policy.policy import Policy
from review_app.queueing.order import Order
from storage.database import Database
from storage.enums import PolicyState
from storage.repositories import Repositories

_KEY = "queue"


class QueueOptions(BaseModel):
    """Deployment-wide choices about the queue."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    order: Order = Order.OLDEST
    deadline_hours: float | None = Field(
        24, gt=0, le=24 * 365, description="Items that have waited longer come first, by any order."
    )
    costs: Costs = Costs()
    random_share: float = Field(
        0.2,
        ge=0.05,
        le=1,
        description="Share of chance in the learning order; at least the audit probability counts.",
    )


def share_of_chance(repos: Repositories, policy: Policy) -> float:
    """The share of chance in the learning order: as chosen, but never below the audit probability,
    so that what nobody would look for is labelled at least as often as what is accepted."""
    return max(read_queue_options(repos).random_share, policy.audit_probability)


def read_queue_options(repos: Repositories) -> QueueOptions:
    """The options in force; a deployment that never chose has the defaults."""
    return QueueOptions.model_validate(repos.options.get(_KEY) or {})


def change_queue_options(
    database: Database, person: Person, options: QueueOptions, seen: QueueOptions | None = None
) -> QueueOptions:
    """Put ``options`` in force, or of them what differs from ``seen``; what is in force then. Items
    that wait keep their places until they are reordered.

    Raises as `store_options`.
    """
    return store_options(database, person, _KEY, options, seen, logged_as="queue")


def order_in_use(repos: Repositories) -> Order:
    """The order that is chosen; but oldest first while the policy is learning or suspended.

    Labels given then are to calibrate, and must not be chosen by what the detector says.
    """
    chosen = read_queue_options(repos).order
    if chosen is Order.OLDEST:  # no look at the policy: this is asked at every item handed out
        return chosen
    policy = repos.policies.current()
    certified = policy is not None and policy.state == PolicyState.CERTIFIED
    return chosen if certified else Order.OLDEST


def overdue_before(repos: Repositories, now: datetime) -> datetime | None:
    """Items that have waited since before this moment come first; None: there is no such rule.

    Oldest first needs none.
    """
    hours = read_queue_options(repos).deadline_hours
    if hours is None or order_in_use(repos) is Order.OLDEST:
        return None
    return now - timedelta(hours=hours)
