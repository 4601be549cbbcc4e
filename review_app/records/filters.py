"""What images are looked for by: the filters of the Images tab, of its addresses and of the
command."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AwareDatetime

from review_app.core.errors import InputError, NotFoundError
from review_app.i18n import Text
from storage.enums import ItemState, LabelValue
from storage.repositories import Repositories
from storage.repositories.wanted import ANY, Between, Trait, Wanted
from storage.types import to_utc

__all__ = ["CORRECTED", "FILTERS", "MAX_LETTERS", "Search", "Trait", "search_of", "wanted_by"]

MAX_LETTERS = 1024
"""A name or path has no more."""
CORRECTED = "corrected"
"""The choice among verdicts that stands for all that were corrected."""
ONLY, ALL = "only", "all"
"""The choices of the filter for archived images; without one they are left out."""
_ARCHIVED = {"": False, ONLY: True, ALL: None}
_UTC = "UTC"
_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Search:
    """The terms of a search; all that is given must fit. ``text``: a number, part of a name or
    path, or how a SHA-256 begins."""

    text: str = ""
    state: ItemState | None = None
    verdict: LabelValue | None = None
    """The verdict as it stands, corrections counted."""
    accepted: bool = False
    """Whether what the policy accepted by itself has a verdict, too: that of its side."""
    corrected: bool = False
    source: str | None = None
    reviewer: str | None = None
    """The name of somebody who answered."""
    trait: Trait | None = None
    p_fake: Between = ANY
    std: Between = ANY
    since: AwareDatetime | None = None
    """Taken in then, or later."""
    until: AwareDatetime | None = None
    """Taken in before."""
    like: int | None = None
    """The number of an image whose near-duplicates are wanted, itself among them."""
    tag: str | None = None
    """A tag that admins have put on it."""
    seen: str | None = None
    """A kind of manipulation that somebody who answered saw in it."""
    assigned: str | None = None
    """The name of whom it is kept for."""
    archived: bool | None = False
    """Whether it is archived; None: either."""
    generator: str | None = None
    """A generator that its file says it was made by."""


FILTERS = (
    *("text", "state", "verdict", "source", "reviewer", "trait"),
    *("p_from", "p_to", "std_from", "std_to", "since", "until", "like"),
    *("tag", "seen", "assigned", "archived", "generator"),
)
"""The names of filters in addresses, forms and saved views: each one's value is a text, or
nothing."""


def search_of(given: dict[str, str], zone: str = "") -> Search:
    """The search that filters ask for; ``given``: by name, empty where a filter is not set.
    ``zone``: the time zone that days are of, by its IANA name; UTC where it is not known.

    Raises:
        InputError: there is no such filter, or it can have no such value.
    """
    if given.keys() - set(FILTERS):
        raise _unknown()
    if any(len(value) > MAX_LETTERS for value in given.values()):
        raise InputError(Text("images.too_long", {"n": MAX_LETTERS}))
    asked = {name: given.get(name, "").strip() for name in FILTERS}
    corrected = asked["verdict"] == CORRECTED
    days = _zone(zone)
    try:
        return Search(
            text=given.get("text", ""),
            state=ItemState(asked["state"]) if asked["state"] else None,
            verdict=LabelValue(asked["verdict"]) if asked["verdict"] and not corrected else None,
            corrected=corrected,
            source=asked["source"] or None,
            reviewer=asked["reviewer"] or None,
            trait=Trait(asked["trait"]) if asked["trait"] else None,
            p_fake=_between(asked["p_from"], asked["p_to"], "images.wrong_score"),
            std=_between(asked["std_from"], asked["std_to"], "images.wrong_score"),
            since=_day(asked["since"], days),
            until=_day(asked["until"], days, after=1),
            like=_number(asked["like"]),
            tag=asked["tag"] or None,
            seen=asked["seen"] or None,
            assigned=asked["assigned"] or None,
            archived=_ARCHIVED[asked["archived"]],
            generator=asked["generator"] or None,
        )
    except (KeyError, ValueError) as error:
        raise _unknown() from error


def wanted_by(repos: Repositories, search: Search) -> Wanted:
    """``search`` as the database is asked.

    Raises:
        NotFoundError: it names somebody, or an image, that there is not.
    """
    return Wanted(
        text=search.text.strip(),
        state=search.state,
        verdict=search.verdict,
        accepted=search.accepted,
        corrected=search.corrected,
        source=search.source,
        reviewer=None if search.reviewer is None else _account(repos, search.reviewer),
        p_fake=search.p_fake,
        std=search.std,
        since=search.since,
        until=search.until,
        alike=None if search.like is None else _group(repos, search.like),
        trait=search.trait,
        tag=search.tag,
        seen=search.seen,
        assigned=None if search.assigned is None else _account(repos, search.assigned),
        archived=search.archived,
        generator=search.generator,
    )


def _account(repos: Repositories, name: str) -> int:
    user = repos.users.by_name(name)
    if user is None:
        raise NotFoundError(Text("people.gone", {"name": repr(name)}))
    return user.id


def _group(repos: Repositories, item_id: int) -> int:
    item = repos.items.get(item_id) if 0 < item_id <= _LARGEST_ID else None
    if item is None:
        raise NotFoundError(Text("refusals.no_item", {"item": str(item_id)}))
    return item.duplicate_group


def _between(low: str, high: str, wrong: str) -> Between:
    ends = [_share(low, wrong), _share(high, wrong)]
    return Between(*ends)


def _share(text: str, wrong: str) -> float | None:
    if not text:
        return None
    try:
        found = float(text.replace(",", "."))
    except ValueError:
        raise InputError(Text(wrong)) from None
    if not 0 <= found <= 1:
        raise InputError(Text(wrong))
    return found


def _day(text: str, zone: ZoneInfo, after: int = 0) -> datetime | None:
    """The beginning of the day in UTC, or of the one that comes ``after`` it."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text) + timedelta(days=after)
        return to_utc(datetime.combine(day, time(), zone))
    except (ValueError, OverflowError):
        raise InputError(Text("images.wrong_day")) from None


def _number(text: str) -> int | None:
    if not text:
        return None
    digits = text.removeprefix("#").strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        raise InputError(Text("images.wrong_number"))
    return int(digits)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or _UTC)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(_UTC)


def _unknown() -> InputError:
    return InputError(Text("images.unknown_filter"))
