"""The check that compares all evidence with what the log sealed, in one pass over the log.

Nothing here trusts a row: whoever can write to the file may have put anything anywhere. Only an
event whose hash was made with the key is believed, and what it does not seal counts as added.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from storage.enums import AuditKind
from storage.seals.chain import Chain, Stored, key_of, stored_events
from storage.seals.filled import read_filled
from storage.seals.findings import Findings
from storage.seals.heads import ChainHead
from storage.seals.kept import Kept
from storage.seals.keyring import Keyring, fingerprint
from storage.seals.old_batches import old_seal_holds, span_of
from storage.seals.predictions import PredictionSeals
from storage.seals.put import compare_put
from storage.seals.status import Statuses
from storage.seals.tables import APPENDED
from storage.seals.told import ToldRows
from storage.seals.walk import Walk

LOG = "audit_event"
MAX_MISSING = 1_000_000
"""Events named one by one; whoever tells of later ones has not counted."""
BATCHES = (AuditKind.TRIAGED, AuditKind.REOPENED)


@dataclass(frozen=True)
class Checked:
    """The outcome of a check of the seals."""

    findings: Findings
    head: ChainHead | None
    """The log's last event."""
    sealed_since: str | None
    """The time at which sealing began, in UTC; None where nothing is sealed."""
    sealed_from: int | None
    """The event that sealing began with."""


@dataclass
class _Log:
    """How far the log has been read."""

    head: ChainHead | None = None
    since: str | None = None
    told: dict[int, set[str]] = field(default_factory=dict)
    """Hashes that are told elsewhere, by event; less those met."""


def check_seals(driver: sqlite3.Connection, keys: Keyring, heads: Iterable[ChainHead]) -> Checked:
    """Read the log, and all rows that are evidence, in the transaction that ``driver`` is in.

    ``heads``: what is told elsewhere of how far the log had come.
    """
    findings = Findings()
    begun = _last_beginning(driver, keys)
    rows = _Rows(driver, keys, begun, findings)
    chain, log = Chain(keys), _Log()
    for head in heads:
        log.told.setdefault(head.number, set()).add(head.hash)
    for event in stored_events(driver):
        link = chain.follow(event)
        if not link.follows:
            findings.add(LOG, "unlinked", [event.id])
        if not link.authentic:
            findings.add(LOG, "forged", [event.id])
        elif chain.key is not None and event.id >= begun:
            rows.believe(event)
        else:
            rows.believe_old(event)
        _note(log, event, chain, findings)
    _end(log, chain, keys, begun, findings)
    rows.finish()
    return Checked(findings, log.head, log.since, chain.began_at)


def _last_beginning(driver: sqlite3.Connection, keys: Keyring) -> int:
    """The last event that seals all there was; 0 where the log began with seals."""
    condition = f"kind = '{AuditKind.SEALING_BEGAN.value}'"
    found = [e.id for e in stored_events(driver, condition) if key_of(e, keys) is not None]
    return max(found, default=0)


def _note(log: _Log, event: Stored, chain: Chain, findings: Findings) -> None:
    if chain.began_at == event.id:
        log.since = event.at
    told = log.told.pop(event.id, None)
    if told is not None and told != {event.hash}:
        findings.add(LOG, "cut", [event.id])
    log.head = ChainHead(event.id, event.hash)


def _end(log: _Log, chain: Chain, keys: Keyring, begun: int, findings: Findings) -> None:
    if log.told:
        last = 0 if log.head is None else log.head.number
        missing = range(last + 1, max(log.told) + 1)
        findings.add(LOG, "cut", missing if 0 < len(missing) < MAX_MISSING else log.told)
    newest = next(reversed(list(keys)), chain.key)
    if chain.key != newest and newest is not None and chain.key is not None:
        findings.add(LOG, "turn", [fingerprint(newest)])
    if chain.unknown_key is not None:
        findings.add(LOG, "key", [chain.unknown_key])
    if log.head is not None and chain.began_at is None:
        findings.add(LOG, "unsealed", range(1, log.head.number + 1))
    elif chain.began_at is not None and not chain.anchored and not begun:
        findings.add(LOG, "unsealed", range(1, chain.began_at))


class _Rows:
    """All rows that are evidence, beside the seals as they come."""

    def __init__(
        self, driver: sqlite3.Connection, keys: Keyring, begun: int, findings: Findings
    ) -> None:
        self._driver = driver
        self._findings = findings
        overlays = read_filled(driver, keys, begun, findings)
        self._walks = {
            name: Walk(driver, sealed, overlays.get(name, {}), findings)
            for name, sealed in APPENDED.items()
        }
        self._kept = Kept()
        self._predictions = PredictionSeals(driver, findings)
        self._statuses = Statuses()
        self._told = ToldRows()
        decision, change = APPENDED["decision"].columns, APPENDED["bulk_change"].columns
        self._item, self._route = decision.index("item_id"), decision.index("route")
        self._changed, self._to_state = change.index("item_id"), change.index("to_state")

    def believe(self, event: Stored) -> None:
        """Compare what the event seals, and keep what it tells."""
        self._told.told(event)
        seals = json.loads(event.seals) if event.seals else {}
        if "status" in seals:
            self._statuses.load(seals["status"])
        for table, spans in seals.get("rows", {}).items():
            self._cover(event, table, spans, begins="status" in seals)
        self._kept.told(seals.get("kept", {}))
        self._predictions.compare(seals.get("predictions", ()))
        if event.item_id is not None:
            self._statuses.told(event.item_id, event)

    def believe_old(self, event: Stored) -> None:
        """Compare the decisions that an event from before sealing began tells, and keep the rest
        of it."""
        self._told.told(event)
        if event.kind not in BATCHES or event.item_id is not None:
            return
        details = json.loads(event.details)
        if not old_seal_holds(self._driver, details):
            first, last = span_of(details) or (0, 0)
            self._findings.add("decision", "changed", range(first, last + 1))

    def finish(self) -> None:
        """Tell of what no seal covers, and of rows that are not as the log has them."""
        for walk in self._walks.values():
            walk.finish()
        self._kept.compare(self._driver, self._findings)
        self._predictions.finish()
        self._told.compare(self._driver, self._findings)
        compare_put(self._driver, self._findings)
        for found in self._statuses.differences(self._driver):
            self._findings.add("item", "changed", [found.item_id], found.column)

    def _cover(self, event: Stored, table: str, spans: list[list[Any]], *, begins: bool) -> None:
        for span in spans:
            rows = self._walks[table].cover(*span)
            if begins:
                continue  # the statuses that it has come after
            if table == "item":
                self._statuses.added(row[0] for row in rows)
            elif table == "decision" and event.item_id is None and event.kind in BATCHES:
                for row in rows:
                    self._statuses.decided(row[self._item], row[self._route])
            elif table == "bulk_change" and event.kind == AuditKind.BULK_CHANGED:
                for row in rows:
                    self._statuses.changed(row[self._changed], row[self._to_state])
