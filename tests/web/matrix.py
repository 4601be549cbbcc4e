"""A table of who gets what, and what is wrong with the answers that the kinds of people get."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from review_app.core.permissions import TokenScope
from tests.web.world import PEOPLE, STRANGERS, Ask, Seen, Who, World

EVERYBODY = frozenset(Who)
ADMINS = frozenset({Who.ADMIN})
LEADS = frozenset({Who.LEAD, Who.ADMIN})
"""Those who see the queue."""
OWNER = frozenset({Who.REVIEWER})
ONE_BY_ONE = (*sorted(STRANGERS), Who.OTHER, Who.LEAD, Who.ADMIN, Who.REVIEWER)
"""Whom a thing belongs to asks last, for asking may use it up."""
MOUNTS: dict[str, frozenset[Who]] = {"/review": PEOPLE, "/admin": LEADS}


@dataclass(frozen=True)
class Case:
    """A request to one route, and who may make it. ``make`` is called once; then all ask."""

    route: str
    may: frozenset[Who]
    make: Callable[[World], Ask]
    reached: Callable[[Seen], bool] = lambda seen: seen.status < 400
    tells_reading: bool = False
    """What the detector says may be in the answer: it has been given."""
    tells_owner: bool = False
    """The reviewer's name may be in the answer to whoever knows the address."""
    ends_session: bool = False
    scope: TokenScope | None = None
    """What the token of a program must be for, where programs may call."""


def at(path: str, **more: object) -> Callable[[World], Ask]:
    """A request that is the same in every world: a GET, or with ``json`` or ``data`` a POST."""
    return lambda _world: Ask("POST" if "json" in more or "data" in more else "GET", path, more)


def faults_of(world: World, case: Case) -> Iterator[str]:
    """What is wrong with the answers that they get."""
    ask = case.make(world)
    for who in ONE_BY_ONE:
        seen = world.ask(who, ask, anew=case.ends_session and who in PEOPLE)
        where = f"{ask} for {who}: {seen.status}"
        if who in case.may and not case.reached(seen):
            yield f"{where}, not let in: {seen.text[:200]}"
        if who not in case.may and not _is_refusal(case, who, seen):
            yield f"{where}, let in: {seen.text[:200]}"
        yield from (f"{where}, tells {what}" for what in _leaks(world, case, who, seen))


def _is_refusal(case: Case, who: Who, seen: Seen) -> bool:
    """Strangers are told to sign in, whatever they ask for; others may learn that it is not for
    them, or not there."""
    if who in STRANGERS:
        return seen.status == 401
    return seen.status in (403, 404, 409) or (seen.status < 400 and not case.reached(seen))


def _leaks(world: World, case: Case, who: Who, seen: Seen) -> list[str]:
    """What the answer tells that ``who`` may not know."""
    hidden = world.hidden | world.names_but(who)
    if who in LEADS:
        hidden = {"place": hidden["place"]}
    elif case.tells_reading and who in case.may:
        del hidden["reading"]
    if case.tells_owner:
        hidden.pop(f"name of {world.people[Who.REVIEWER].name}", None)
    return [what for what, text in hidden.items() if text in seen.text]
