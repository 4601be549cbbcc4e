"""A check whether the database is as the program left it: schema, file, the log and all it
seals."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import DatabaseError

import migrations
from storage.database import Database
from storage.repositories import Repositories
from storage.seals.check import Checked, check_seals
from storage.seals.findings import Finding, Findings
from storage.seals.heads import ChainHead
from storage.seals.keyring import Keyring
from storage.seals.sealing import driver_of


@dataclass(frozen=True)
class Report:
    """The findings of a check."""

    findings: tuple[Finding, ...]
    head: ChainHead | None
    """The last event of the audit log."""
    sealed_since: str | None
    """The time at which sealing began, in UTC; None where nothing is sealed."""
    sealed_from: int | None
    """The event that sealing began with."""

    @property
    def text(self) -> str:
        """The report for people: each finding, or that there is none, and what is sealed."""
        lines = [finding.text for finding in self.findings]
        lines += [] if lines else ["the schema, the file, the audit log and all it seals are whole"]
        if self.sealed_since is not None:
            lines.append(f"sealed since {self.sealed_since[:19]} UTC, event {self.sealed_from}")
        if self.head is not None:
            lines.append(f"head {self.head}")
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """The report for ``db check --json``."""
        return {
            "findings": [finding.to_json() for finding in self.findings],
            "head": None if self.head is None else str(self.head),
            "sealed_since": self.sealed_since,
            "sealed_from": self.sealed_from,
        }


def check(database: Database, expected: Sequence[ChainHead] = ()) -> Report:
    """Compare everything; ``expected``: heads that the audit log must contain, besides those of the
    file that is kept beside it."""
    with database.read() as repos:
        driver = driver_of(repos.session)
        # Read before the log, which may go on meanwhile.
        heads = [*database.heads.read(), *expected]
        checked = _check_seals(driver, database.keys.ring, heads)
        damage = repos.integrity()
        wrong = _miscounted(repos)
    findings = checked.findings
    _compare_schema(database, findings)
    for table, counters in wrong.items():
        findings.add(table, "miscounted", counters)
    if damage != "ok":
        findings.add("database", "damage", [damage])
    return Report(tuple(findings.listed()), checked.head, checked.sealed_since, checked.sealed_from)


def _check_seals(driver: sqlite3.Connection, keys: Keyring, heads: Sequence[ChainHead]) -> Checked:
    """A table or column that is gone, or a damaged page, ends the comparison."""
    try:
        return check_seals(driver, keys, heads)
    except sqlite3.DatabaseError as error:
        findings = Findings()
        findings.add("database", "damage", [str(error)])
        return Checked(findings, None, None, None)


def _miscounted(repos: Repositories) -> Mapping[str, Sequence[str]]:
    """Counters by table; none where the tables cannot be read, which others tell of."""
    try:
        return repos.tallies.wrong()
    except DatabaseError:
        return {}


def _compare_schema(database: Database, findings: Findings) -> None:
    """Compare the schema with what the migrations make: a trigger that is gone no longer protects
    anything, and one that nobody knows may do anything."""
    found, made = migrations.schema(database.engine), migrations.new_schema()
    for name in sorted(found.keys() | made.keys()):
        if name not in found:
            findings.add("schema", "schema", [name], "missing")
        elif name not in made:
            findings.add("schema", "schema", [name], "unknown to this program")
        elif found[name] != made[name]:
            findings.add("schema", "schema", [name], "changed")
