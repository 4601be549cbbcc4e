"""The status of each item by the log: its state, its verdict, until when that could be taken back,
and since when it would wait for people if it were.

Rows of items change with every answer, so no seal covers these columns. The log tells each change:
an event about the item, or the decision that moved it, which an event seals. Replayed in order they
give what each row must say.
"""

from __future__ import annotations

import base64
import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from storage.enums import ItemState, LabelValue, PlacedBy, Route
from storage.seals.chain import Stored
from storage.states import WITH_PEOPLE

_STATES = [None, *(state.value for state in ItemState)]
_VERDICTS = [None, *(value.value for value in LabelValue)]
_MOVES = {
    Route.REVIEW.value: ItemState.IN_REVIEW.value,
    Route.ACCEPT_REAL.value: ItemState.AUTO_ACCEPTED.value,
    Route.ACCEPT_FAKE.value: ItemState.AUTO_ACCEPTED.value,
}
"""States by the route of a decision."""
_CHOSE = f"placed_by <> '{PlacedBy.TIME}'"
_ITEMS = f"""
SELECT id, state, verdict, final_at, came_to_people_at, {_CHOSE} FROM item ORDER BY id
"""
_COMPARED = ("state", "verdict", "final_at", "came_to_people_at", "placed_by")
_PEOPLE = frozenset(state.value for state in WITH_PEOPLE)
_UNKNOWN, _USUAL, _CHOSEN = range(3)


class Difference(NamedTuple):
    """A column of an item that is not what the log says."""

    item_id: int
    column: str


class Statuses:
    """The states of all items, by id; they grow as needed. A byte each for what is one of a few."""

    def __init__(self) -> None:
        self._states = bytearray()
        self._verdicts = bytearray()
        self._ranks = bytearray()
        self._final: dict[int, str] = {}
        self._came: dict[int, str | None] = {}
        self._untold = 0
        """The first item of which it is known from the start: older programs packed it of none."""

    def added(self, ids: Iterable[int]) -> None:
        """New items, which are pending."""
        for item_id in ids:
            self._move(item_id, ItemState.PENDING.value)

    def decided(self, item_id: int, route: str) -> None:
        """A decision of triage moved the item."""
        state = _MOVES.get(route)
        if state is not None:
            self._move(item_id, state)

    def changed(self, item_id: int, to_state: str | None) -> None:
        """An action on many images changed the item."""
        if to_state in _STATES and to_state is not None:
            self._move(item_id, to_state)

    def told(self, item_id: int, event: Stored) -> None:
        """An event about the item."""
        details, to_state = json.loads(event.details), event.to_state
        if to_state in _STATES and to_state is not None:
            self._move(item_id, to_state)
        if "verdict" in details:
            self._settle(item_id, details, to_state)
        if event.from_state in _PEOPLE and to_state not in _PEOPLE:
            came = details.get("came_to_people")
            self._came[item_id] = None if came is None else _moment(came)

    def _move(self, item_id: int, state: str) -> None:
        missing = item_id + 1 - len(self._states)
        if missing > 0:
            grown = bytes(max(missing, 1024))
            for column in (self._states, self._verdicts, self._ranks):
                column.extend(grown)
        self._states[item_id] = _STATES.index(state)

    def _settle(self, item_id: int, details: dict[str, Any], to_state: str | None) -> None:
        verdict = details["verdict"]
        if item_id >= len(self._states) or verdict not in _VERDICTS:
            return
        self._verdicts[item_id] = _VERDICTS.index(verdict)
        resolved = to_state == ItemState.RESOLVED.value and "known_label" not in details
        chosen = _CHOSEN if details.get("chosen") else _USUAL
        self._ranks[item_id] = chosen if resolved else _UNKNOWN
        self._final.pop(item_id, None)
        if "final_at" in details:
            self._final[item_id] = _moment(details["final_at"])

    def differences(self, driver: sqlite3.Connection) -> Iterator[Difference]:
        """What the rows say otherwise; items of which the log says nothing are left to the seals
        of their rows."""
        for item_id, state, verdict, final_at, came, chosen in driver.execute(_ITEMS):
            if item_id >= len(self._states) or not self._states[item_id]:
                continue
            rank = _CHOSEN if chosen else _USUAL
            times = tuple(None if at is None else _moment(at) for at in (final_at, came))
            found = (state, verdict, *times, rank)
            pairs = zip(_COMPARED, found, self._said(item_id, times[1], rank), strict=True)
            for column, one, other in pairs:
                if one != other:
                    yield Difference(item_id, column)

    def _said(self, item_id: int, came: str | None, rank: int) -> tuple[Any, ...]:
        """What the log says of the columns compared; what was found, where it says nothing."""
        return (
            _STATES[self._states[item_id]],
            _VERDICTS[self._verdicts[item_id]],
            self._final.get(item_id),
            self._came.get(item_id, came if item_id < self._untold else None),
            self._ranks[item_id] or rank,
        )

    def load(self, packed: str) -> None:
        """Begin from what `pack` kept."""
        kept = json.loads(zlib.decompress(base64.b64decode(packed)))
        self._states = _numbered(kept["states"], kept["state_names"], _STATES)
        self._verdicts = _numbered(kept["verdicts"], kept["verdict_names"], _VERDICTS)
        self._ranks = bytearray(base64.b64decode(kept["ranks"]))
        self._final = {int(item_id): at for item_id, at in kept["final"].items()}
        self._came = {int(item_id): at for item_id, at in kept.get("came", {}).items()}
        self._untold = 0 if "came" in kept else len(self._states)


def pack(driver: sqlite3.Connection) -> str:
    """All items' statuses as their rows are now, small enough for one event."""
    states, verdicts, ranks = bytearray(), bytearray(), bytearray()
    final: dict[int, str] = {}
    came: dict[int, str] = {}
    for item_id, state, verdict, final_at, came_at, chosen in driver.execute(_ITEMS):
        grown = bytes(item_id + 1 - len(states))
        for column in (states, verdicts, ranks):
            column.extend(grown)
        # What is neither known to the program nor sealed by it is not told of later, either.
        states[item_id] = _STATES.index(state) if state in _STATES else 0
        verdicts[item_id] = _VERDICTS.index(verdict) if verdict in _VERDICTS else 0
        if state == ItemState.RESOLVED.value:
            ranks[item_id] = _CHOSEN if chosen else _USUAL
        if final_at is not None:
            final[item_id] = _moment(final_at)
        if came_at is not None:
            came[item_id] = _moment(came_at)
    columns = {"states": states, "verdicts": verdicts, "ranks": ranks}
    kept = {name: base64.b64encode(column).decode() for name, column in columns.items()}
    names = {"state_names": _STATES, "verdict_names": _VERDICTS}
    text = json.dumps({**kept, **names, "final": final, "came": came}, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode())).decode()


def _numbered(packed: str, then: list[str | None], now: list[str | None]) -> bytearray:
    """A column of `pack` with the numbers that names have in this program."""
    table = bytes(now.index(then[n]) if n < len(then) else 0 for n in range(256))
    return bytearray(base64.b64decode(packed).translate(table))


def _moment(text: str) -> str:
    """A time in one form, however it is stored; what is none stays as it is."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None).isoformat()
    except (TypeError, ValueError):
        return text
