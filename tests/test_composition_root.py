"""Services are built in `bootstrap` and nowhere else, and no page or route opens the database."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_origin, get_type_hints

from review_app import bootstrap
from review_app.bootstrap import Application

ROOM = Path(bootstrap.__file__).parent
WEB = sorted((ROOM / "web").rglob("*.py"))
COMMANDS = sorted((ROOM / "cli").rglob("*.py"))
STORED_VALUES = {"storage.enums", "storage.models", "storage.models.image", "storage.types"}
"""What `web` may know of storage: values and rows that services give it, and no way to more."""
OPEN_THE_DATABASE = {"backup.py", "checking.py", "maintenance.py"}
"""Commands about the database itself: they back up, check, re-key and upgrade it, some of them
where no application could open it."""
PLACES = {
    *("database", "_database", "engine", "repositories", "session_factory"),
    *("open_database", "open_whole"),
}
"""What leads to the database, as an attribute of something or as a name."""


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def ways_to_the_database(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in PLACES:
            yield f"line {node.lineno}: .{node.attr}"
        elif isinstance(node, ast.Name) and node.id in PLACES:
            yield f"line {node.lineno}: {node.id}"


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)


def services() -> set[str]:
    """Names of the classes that an application is made of."""
    kinds = get_type_hints(Application).values()
    return {(get_origin(kind) or kind).__name__ for kind in kinds} - {"Settings"}


def built(tree: ast.Module) -> Iterator[str]:
    """Services that the module makes an instance of."""
    known = services()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            made = node.func
            name = made.attr if isinstance(made, ast.Attribute) else getattr(made, "id", None)
            if name in known:
                yield f"line {node.lineno}: {name}"


def found_in(
    paths: list[Path], look: Callable[[ast.Module], Iterator[str]]
) -> dict[str, list[str]]:
    """What ``look`` finds in each file, for those where it finds something."""
    found = {path.relative_to(ROOM).as_posix(): list(look(tree_of(path))) for path in paths}
    return {name: lines for name, lines in found.items() if lines}


def foreign(tree: ast.Module) -> Iterator[str]:
    """Modules that `web` has no business with."""
    for module in imported(tree):
        of_storage = module.split(".")[0] == "storage" and module not in STORED_VALUES
        if of_storage or module.split(".")[0] in ("sqlalchemy", "migrations"):
            yield module


def test_no_page_and_no_route_opens_the_database() -> None:
    assert len(WEB) > 50
    assert found_in(WEB, ways_to_the_database) == {}
    assert found_in(WEB, foreign) == {}


def test_only_commands_about_the_database_open_it() -> None:
    assert found_in(COMMANDS, ways_to_the_database).keys() == {
        f"cli/{name}" for name in OPEN_THE_DATABASE
    }


def test_services_are_built_in_one_place() -> None:
    assert found_in([*WEB, *COMMANDS], built) == {}


def test_the_rules_find_what_they_forbid() -> None:
    tree = ast.parse("with app.database.read() as repos:\n    x = MediaStore(y)\n")
    assert list(ways_to_the_database(tree)) == ["line 1: .database"]
    assert list(built(tree)) == ["line 2: MediaStore"]
    assert {"RecordService", "OptionsService", "StorageWatch"} <= services()
    assert list(foreign(ast.parse("import sqlalchemy\nfrom storage.repositories import x"))) == [
        "sqlalchemy",
        "storage.repositories",
    ]
