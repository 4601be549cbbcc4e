"""Tables whose rows single events of the log tell: the rows decide, and the log is their witness.

No seal covers these rows: an event tells all that its row says. So a row that was changed, added
or taken out behind the program's back contradicts the log.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from storage.enums import AuditKind
from storage.seals.chain import Stored
from storage.seals.findings import Findings
from storage.seals.tables import quoted
from storage.types import to_utc

ATTEMPTS, ALARMS, FILES = "certification_attempt", "alarm", "score_file"
COMPARISONS, TOKENS = "comparison", "api_token"
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    ATTEMPTS: ("checkpoint_id", "labels", "tried_by", "tried_at"),
    ALARMS: (
        "policy_version",
        "side",
        "rule",
        "group_name",
        "raised_at",
        "settled_at",
        "doubtful_versions",
        "doubtful_route",
        "doubtful_since",
    ),
    FILES: (
        "name",
        "sha256",
        "rows",
        "scores",
        "images",
        "labels",
        "first_item_id",
        "last_item_id",
        "taken_by",
        "taken_at",
    ),
    COMPARISONS: ("champion_id", "challenger_id", "document", "compared_by", "compared_at"),
    TOKENS: (
        "user_id",
        "name",
        "scopes",
        "token_sha256",
        "expires_at",
        "made_by",
        "made_at",
        "revoked_by",
        "revoked_at",
    ),
}
"""What an event tells of a row; rows are numbered from 1 in the order of the log."""
_VERSION, _SETTLED = (_COLUMNS[ALARMS].index(name) for name in ("policy_version", "settled_at"))
_ONLY_RULE = "change_detection"
"""The rule of alarms from before there were several."""


class ToldRows:
    """Collects what the events say in order; `compare` holds the rows against it."""

    def __init__(self) -> None:
        self._rows: dict[str, list[list[Any]]] = {table: [] for table in _COLUMNS}
        self._tell = {
            AuditKind.CERTIFICATION_TRIED.value: self._attempt,
            AuditKind.ALARM.value: self._alarm,
            AuditKind.ALARM_SETTLED.value: self._settled,
            AuditKind.SCORES_INGESTED.value: self._score_file,
            AuditKind.COMPARED.value: self._comparison,
            AuditKind.TOKEN_MADE.value: self._token_made,
            AuditKind.TOKEN_REVOKED.value: self._token_revoked,
        }

    def told(self, event: Stored) -> None:
        """The next event of the log."""
        tell = self._tell.get(event.kind)
        if tell is None:
            return
        try:
            tell(event, json.loads(event.details))
        except (KeyError, TypeError, ValueError):
            return  # the program writes no such event, and it vouches for no row

    def compare(self, driver: sqlite3.Connection, findings: Findings) -> None:
        """Name the rows that are not as the events told."""
        for table, columns in _COLUMNS.items():
            told = dict(enumerate(self._rows[table], start=1))
            names = ", ".join(("id", *columns))
            for number, *row in driver.execute(f"SELECT {names} FROM {quoted(table)}"):
                said = told.pop(number, None)
                if said is None:
                    findings.add(table, "added", [number])
                elif said != row:
                    findings.add(table, "changed", [number])
            if told:
                findings.add(table, "missing", told)

    def _attempt(self, event: Stored, details: dict[str, Any]) -> None:
        row = [details["checkpoint"], details.get("labels", ""), event.actor, event.at]
        self._rows[ATTEMPTS].append(row)

    def _comparison(self, event: Stored, details: dict[str, Any]) -> None:
        row = [details["champion"], details["challenger"], json.dumps(details["document"])]
        self._rows[COMPARISONS].append([*row, event.actor, event.at])

    def _token_made(self, event: Stored, details: dict[str, Any]) -> None:
        row = [details["owner"], details["name"], json.dumps(details["scopes"]), details["sha256"]]
        made = [_stored_time(details["expires_at"]), event.actor, event.at]
        self._rows[TOKENS].append([*row, *made, None, None])

    def _token_revoked(self, event: Stored, details: dict[str, Any]) -> None:
        self._rows[TOKENS][details["token"] - 1][-2:] = [event.actor, event.at]

    def _alarm(self, event: Stored, details: dict[str, Any]) -> None:
        version, sides = details["version"], details["sides"]
        rules = details.get("rules") or [_ONLY_RULE] * len(sides)
        groups = details.get("groups") or [None] * len(sides)
        spans = details["reopen"] or [None] * len(sides)
        self._rows[ALARMS] += [
            [version, side, rule, group, event.at, None, *_doubt(span)]
            for side, rule, group, span in zip(sides, rules, groups, spans, strict=True)
        ]

    def _settled(self, event: Stored, details: dict[str, Any]) -> None:
        for row in self._rows[ALARMS]:
            if row[_VERSION] == details["version"] and row[_SETTLED] is None:
                row[_SETTLED] = event.at

    def _score_file(self, event: Stored, details: dict[str, Any]) -> None:
        told = [details[name] for name in ("file", "sha256", "rows")]
        told += [json.dumps(details["scores"]), details["images"], details["labels"]]
        first, last = details["items"] or (None, None)
        self._rows[FILES].append([*told, first, last, event.actor, event.at])


def _doubt(span: dict[str, Any] | None) -> tuple[str | None, str | None, str | None]:
    """The columns of acceptances in doubt, as they are stored."""
    if span is None:
        return None, None, None
    return json.dumps(span["versions"]), span["route"], _stored_time(span["since"])


def _stored_time(told: str) -> str:
    """A time that an event tells, as the database stores it."""
    return f"{to_utc(datetime.fromisoformat(told)):%Y-%m-%d %H:%M:%S.%f}"
