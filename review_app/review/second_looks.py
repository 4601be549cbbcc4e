"""Second looks: of the images that one person settled alone, some are shown to another, by chance.

They come as known images do (`gold`): in among what waits, under the same calls, and are answered,
skipped and taken back like any other. But the second answer counts: where it differs from the
first, the image goes to those who adjudicate, as by any two answers that differ (`consensus`).

Never drawn are audits, whose evidence stays as it was read. An image that was drawn is no evidence
from then on, whatever comes of it; the coin knows nothing of the image, so those that were not
drawn are a random sample still. Nobody who sees the queue looks again: they could have seen the
first answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from random import Random

from review_app.core.permissions import GRANTS, Permission, Person
from review_app.policy.review_options import ReviewOptions, read_options
from review_app.review.label_writer import counted
from review_app.review.tasks import Queue
from storage.enums import ItemState, Role
from storage.models import Item, Label
from storage.repositories import Repositories
from storage.repositories.labels import CLEAR

CATCHING_UP = 2.0
"""How many times their share second looks are of what is handed out, while some wait: as many are
drawn as settle meanwhile, and those of before have to find their time, too."""


def may_be_shown(role: Role) -> bool:
    """Whether somebody with this role may be shown what another has settled."""
    granted = GRANTS[role]
    return Permission.REVIEW in granted and Permission.SEE_QUEUE not in granted


def share_of(options: ReviewOptions, person: Person, queue: Queue) -> float:
    """The probability of each item that the person is handed from ``queue`` to be a second look,
    where one waits for them."""
    if queue is not Queue.WAITING or person.may(Permission.SEE_QUEUE):
        return 0.0
    return CATCHING_UP * options.second_look_share


def waiting(repos: Repositories, person: Person, n: int, now: datetime, coin: Random) -> list[Item]:
    """Find up to ``n`` items for the person to look at again, in an order of their own."""
    found = repos.second_looks.waiting(person.id, n, now)
    coin.shuffle(found)
    return found


def toss(repos: Repositories, item: Item, label: Label, coin: Random) -> None:
    """Draw the item, or not, where ``label`` has just settled it alone."""
    share = read_options(repos).second_look_share
    if share > 0 and _settled_alone(repos, item, label) and coin.random() < share:
        repos.second_looks.add(item.id, label.id, share)


def _settled_alone(repos: Repositories, item: Item, label: Label) -> bool:
    if item.state is not ItemState.RESOLVED or item.needed_labels != 1 or label.value not in CLEAR:
        return False
    return _is_alone(counted(repos, item.id), label) and not repos.decisions.was_audited(item.id)


def _is_alone(labels: Sequence[Label], label: Label) -> bool:
    return [one.id for one in labels] == [label.id] and not label.adjudicates
