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
COMPARISONS, TOKENS, SUBSCRIPTIONS = "comparison", "api_token", "subscription"
ACTIONS, LOOKS, WEIGHTS = "bulk_action", "second_look", "skill_weights"
COMPARISONS, TOKENS = "comparison", "api_token"
DESKS, MEMBERSHIPS = "desk", "membership"
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
    SUBSCRIPTIONS: (
        "name",
        "channel",
        "topics",
        "added_by",
        "made_by",
        "made_at",
        "removed_by",
        "removed_at",
        "rotated_by",
        "rotated_at",
        "former_until",
        "paused_by",
        "paused_at",
    ),
    ACTIONS: (
        "kind",
        "key",
        "selection",
        "details",
        "below",
        "undoes_id",
        "asked_by",
        "asked_at",
    ),
    LOOKS: ("item_id", "label_id", "probability", "drawn_at"),
    WEIGHTS: ("as_of", "usual", "weights", "made_at"),
    DESKS: ("name", "made_by", "made_at", "title", "closed_by", "closed_at"),
    MEMBERSHIPS: ("desk_id", "user_id", "role", "made_by", "made_at", "ended_by", "ended_at"),
}
"""What an event tells of a row; rows are numbered from 1 in the order of the log."""
_NOT_CHANGED = (None,) * 7
"""What a new subscription has in the columns that later events tell of."""
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
            AuditKind.SUBSCRIBED.value: self._subscribed,
            AuditKind.UNSUBSCRIBED.value: self._unsubscribed,
            AuditKind.SECRET_ROTATED.value: self._secret_rotated,
            AuditKind.TELLING_PAUSED.value: self._telling_paused,
            AuditKind.TELLING_RESUMED.value: self._telling_resumed,
            AuditKind.BULK_ASKED.value: self._action,
            AuditKind.SECOND_LOOK.value: self._second_look,
            AuditKind.SKILL_WEIGHTS.value: self._skill_weights,
            AuditKind.DESK_ADDED.value: self._desk_added,
            AuditKind.DESK_RENAMED.value: self._desk_renamed,
            AuditKind.DESK_CLOSED.value: self._desk_closed,
            AuditKind.DESK_REOPENED.value: self._desk_reopened,
            AuditKind.MEMBER_ADDED.value: self._member_added,
            AuditKind.MEMBER_REMOVED.value: self._member_removed,
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

    def _subscribed(self, event: Stored, details: dict[str, Any]) -> None:
        topics, added_by = json.dumps(details["topics"]), details["added_by"]
        row = [details["name"], details["channel"], topics, added_by, event.actor, event.at]
        self._rows[SUBSCRIPTIONS].append([*row, *_NOT_CHANGED])

    def _unsubscribed(self, event: Stored, details: dict[str, Any]) -> None:
        self._subscription(details, removed_by=event.actor, removed_at=event.at)

    def _secret_rotated(self, event: Stored, details: dict[str, Any]) -> None:
        until = details["former_until"]
        until = None if until is None else _stored_time(until)
        told = {"rotated_by": event.actor, "rotated_at": event.at, "former_until": until}
        self._subscription(details, **told)

    def _telling_paused(self, event: Stored, details: dict[str, Any]) -> None:
        self._subscription(details, paused_by=event.actor, paused_at=event.at)

    def _telling_resumed(self, _event: Stored, details: dict[str, Any]) -> None:
        self._subscription(details, paused_by=None, paused_at=None)

    def _subscription(self, details: dict[str, Any], **values: Any) -> None:
        """What an event tells of a subscription that another one has told of."""
        row = self._rows[SUBSCRIPTIONS][details["subscription"] - 1]
        for name, value in values.items():
            row[_COLUMNS[SUBSCRIPTIONS].index(name)] = value

    def _action(self, event: Stored, details: dict[str, Any]) -> None:
        row = [details["kind"], details["key"]]
        row += [json.dumps(details[name]) for name in ("selection", "details")]
        told = [details["below"], details["undoes"], event.actor, event.at]
        self._rows[ACTIONS].append([*row, *told])

    def _second_look(self, event: Stored, details: dict[str, Any]) -> None:
        row = [event.item_id, details["label"], details["probability"], event.at]
        self._rows[LOOKS].append(row)

    def _skill_weights(self, event: Stored, details: dict[str, Any]) -> None:
        row = [_stored_time(details["as_of"]), details["usual"], json.dumps(details["weights"])]
        self._rows[WEIGHTS].append([*row, event.at])

    def _desk_added(self, event: Stored, details: dict[str, Any]) -> None:
        row = [details["name"], event.actor, event.at, details["title"], None, None]
        self._rows[DESKS].append(row)

    def _desk_renamed(self, event: Stored, details: dict[str, Any]) -> None:
        self._rows[DESKS][details["desk"] - 1][-3] = details["title"]

    def _desk_closed(self, event: Stored, details: dict[str, Any]) -> None:
        self._rows[DESKS][details["desk"] - 1][-2:] = [event.actor, event.at]

    def _desk_reopened(self, event: Stored, details: dict[str, Any]) -> None:
        self._rows[DESKS][details["desk"] - 1][-2:] = [None, None]

    def _member_added(self, event: Stored, details: dict[str, Any]) -> None:
        row = [details["desk"], details["user"], details["role"], event.actor, event.at]
        self._rows[MEMBERSHIPS].append([*row, None, None])

    def _member_removed(self, event: Stored, details: dict[str, Any]) -> None:
        self._rows[MEMBERSHIPS][details["membership"] - 1][-2:] = [event.actor, event.at]

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
