"""The event log is written, verified and shown. Nothing else reads it, so nothing decides by it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import review_app
import storage

ROOT = Path(storage.__file__).parents[1]
SOURCES = sorted(
    path
    for package in (review_app, storage)
    for path in Path(package.__file__ or "").parent.rglob("*.py")
)
HISTORY = "event_history"
"""The repository that reads the log, as an attribute of `Repositories`."""
SHOW_IT = ("review_app/records/",)
"""Rooms that tell what happened: a record's timeline, and whether a form still shows all of it."""
REFUSAL = "ChangedSinceError"
"""What a function elsewhere may read the log for: to name, in a refusal that was decided by other
data, who did what the form had not seen, and when."""
STORE_IT = (
    "storage/models/",
    "storage/repositories/event_log.py",
    "storage/repositories/event_history.py",
    "storage/repositories/batches.py",  # verifies what events from before there were seals cover
)
COUNT_IT = ("storage/repositories/taking.py", "storage/repositories/monitoring.py")
"""Pages of numbers: how often each person ran into a limit, how many acceptances were reopened."""
VERIFY_IT = ("storage/seals/", "review_app/durability/")


def _place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _reads(tree: ast.AST, function: str = "") -> Iterator[str]:
    """Where the repository of the log is asked, outside of functions that make a refusal."""
    for node in ast.iter_child_nodes(tree):
        returns = getattr(node, "returns", None)
        if isinstance(returns, ast.Name) and returns.id == REFUSAL:
            continue
        if isinstance(node, ast.Attribute) and node.attr == HISTORY:
            yield f"line {node.lineno}: .{HISTORY} in {function or 'the module'}"
        name = node.name if isinstance(node, ast.FunctionDef) else function
        yield from _reads(node, name)


def _annotations(tree: ast.AST) -> set[ast.AST]:
    """Every node of an annotation: a type decides nothing."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            part = getattr(node, name, None)
            if isinstance(part, ast.AST):
                found.update(ast.walk(part))
    return found


def _names(tree: ast.AST, wanted: str) -> Iterator[str]:
    types = _annotations(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == wanted and node not in types:
            yield f"line {node.lineno}: {wanted}"


def _statements(tree: ast.AST) -> Iterator[str]:
    """SQL on the table."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and "audit_event" in str(node.value):
            yield f"line {node.lineno}: audit_event"


def _faults(place: str, tree: ast.Module) -> Iterator[str]:
    if not place.startswith(SHOW_IT):
        yield from _reads(tree)
    if not place.startswith(STORE_IT):
        yield from _names(tree, "AuditEvent")
    if not place.startswith((*COUNT_IT, "storage/repositories/__init__.py")):
        yield from _names(tree, "EventHistory")
    if not place.startswith((*VERIFY_IT, "storage/models/")):
        yield from _statements(tree)


def test_only_what_shows_or_verifies_the_log_reads_it() -> None:
    found = [
        f"{_place(path)}: {fault}"
        for path in SOURCES
        for fault in _faults(_place(path), ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert len(SOURCES) > 400
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def f(repos):\n    return repos.event_history.of_kind(1)", True),
        ("async def f(repos):\n    return [repos.event_history]", True),
        ("def f(repos) -> ChangedSinceError:\n    return g(repos.event_history.of_kind(1))", False),
        ("def f(event: AuditEvent) -> list[AuditEvent]:\n    x: AuditEvent = event", False),
        ("query = select(AuditEvent)", True),
        ("query = 'SELECT details FROM audit_event'", True),
        ("repos.audit.add(event)", False),
    ],
)
def test_the_test_finds_what_reads_it(source: str, found: bool) -> None:
    tree = ast.parse(source)
    reads = [*_reads(tree), *_names(tree, "AuditEvent"), *_statements(tree)]
    assert bool(reads) is found
