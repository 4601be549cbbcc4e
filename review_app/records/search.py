"""Finding images by what an admin types, newest first.

What waits to be judged is listed without what the detector or other people say of it, and what
somebody holds to judge is not listed to them at all: whoever looks an image up first does not judge
it blind.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from review_app.core.errors import InputError
from review_app.core.permissions import Permission, Person, require
from review_app.i18n import Text
from review_app.records.filters import MAX_LETTERS, Search, wanted_by
from storage.database import Transactions
from storage.enums import ItemState, LabelValue
from storage.models import Claim, Correction, DecisionRow, Item
from storage.repositories import Repositories
from storage.repositories.records import MAX_COUNTED, NONE_FIT, Fitting, ItemPage
from storage.repositories.wanted import Wanted
from storage.states import WITH_PEOPLE

__all__ = [
    "MAX_COUNTED",
    "PAGE",
    "Fitting",
    "Found",
    "Line",
    "count",
    "display_name",
    "find",
    "in_hand",
]

PAGE = 25
"""Images on a page of the list."""
_NUMBER = re.compile(r"#?\s*([0-9]{1,18})")
_HASH = re.compile(r"[0-9a-f]{6,64}")
"""Shorter beginnings fit too many images to tell which is meant."""


@dataclass(frozen=True)
class Line:
    """An image in the list."""

    item_id: int
    name: str
    """The name of the file, or its path, as a score file gives it."""
    source: str | None
    state: ItemState
    since: datetime
    """The time since which it is in that state."""
    has_picture: bool
    verdict: LabelValue | None
    """The verdict as it stands."""
    corrected: bool
    p_fake: float | None
    """P(fake) at the newest decision, with its standard deviation; None where there is no decision,
    and while the image waits to be judged."""
    std: float | None


@dataclass(frozen=True)
class Found:
    """A page of the list."""

    lines: tuple[Line, ...]
    older: int | None
    """The place where the next page begins; None at the end."""
    held: int
    """Images that are left out, since they are in the person's own hands."""
    looked: int
    """How many images the page looked at."""
    fit: Fitting | None
    """How many images fit, where a first page that is not full tells that, too: else they are
    counted, which looks at as many again."""


def find(
    database: Transactions,
    person: Person,
    search: Search,
    now: datetime,
    below: int | None = None,
) -> Found:
    """The page of images below the item ``below``, or the newest.

    An image whose number or hash is meant comes first on the first page. A page may have few lines,
    or none, and still be followed by an older one (`storage.repositories.records.Records.page`).
    Raises ``NotAllowedError`` for whoever does not see the queue, and ``InputError`` for a text of
    more than `MAX_LETTERS`.
    """
    require(person, Permission.SEE_QUEUE)
    text = search.text.strip()
    if len(text) > MAX_LETTERS:
        raise InputError(Text("images.too_long", {"n": MAX_LETTERS}))
    with database.read() as repos:
        claims = repos.claims.held_by(person.id)
        held = frozenset(item.id for claim, item in claims if in_hand(claim, now))
        wanted = replace(wanted_by(repos, search), text=text, without=held)
        # Whoever names an image finds it, archived or not.
        meant = _meant(repos, replace(wanted, text="", archived=None), text.lower())
        wanted = replace(wanted, without=held | {item.id for item in meant})
        page = _named(repos, wanted, below)
        items = [*(meant if below is None else ()), *page.items]
        ids = [item.id for item in items]
        decisions, corrections = repos.decisions.newest_of(ids), repos.corrections.of_many(ids)
        lines = tuple(
            _line(item, decisions.get(item.id), corrections.get(item.id, [])) for item in items
        )
        is_told = below is None and len(page.items) < PAGE and not (held or meant)
        fit = Fitting(len(lines), is_all=page.older is None) if is_told else None
        return Found(lines, page.older, len(held), page.looked, fit)


def count(database: Transactions, person: Person, search: Search) -> Fitting:
    """How many images fit, as far as they are counted (`Records.count`), with those that are in the
    person's own hands. Raises as `find` does."""
    require(person, Permission.SEE_QUEUE)
    with database.read() as repos:
        wanted = wanted_by(repos, search)
        if wanted.text.startswith("#") and _NUMBER.fullmatch(wanted.text):
            return NONE_FIT
        return repos.records.count(wanted)


def in_hand(claim: Claim, now: datetime) -> bool:
    """Whether its holder may be judging the image; a lease that ran out holds nothing back."""
    return claim.ended_at is None and claim.expires_at > now


def display_name(item: Item) -> str:
    """The name that the image came under, or its path as a score file gives it."""
    return item.name or item.image.path or ""


def _named(repos: Repositories, wanted: Wanted, below: int | None) -> ItemPage:
    if wanted.text.startswith("#") and _NUMBER.fullmatch(wanted.text):
        return ItemPage((), None, 0)
    return repos.records.page(wanted, PAGE, below)


def _meant(repos: Repositories, wanted: Wanted, text: str) -> list[Item]:
    number = _NUMBER.fullmatch(text)
    ids = {int(number[1])} if number else set()
    if _HASH.fullmatch(text):
        ids.update(repos.records.hashed(text, PAGE))
    return repos.records.among(ids, wanted)


def _line(item: Item, decision: DecisionRow | None, corrections: Sequence[Correction]) -> Line:
    blind = item.state in WITH_PEOPLE
    told = None if blind else decision
    return Line(
        item_id=item.id,
        name=display_name(item),
        source=item.source,
        state=item.state,
        since=item.state_since,
        has_picture=item.image.picture is not None,
        verdict=None if blind else corrections[-1].value if corrections else item.verdict,
        corrected=bool(corrections) and not blind,
        p_fake=told.p_fake if told else None,
        std=told.std if told else None,
    )
