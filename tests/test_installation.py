"""What ``make`` installs is the tested set, each file by its hash."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = ROOT / ".ci" / "requirements"
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def _name(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


def _pins(*paths: Path) -> dict[str, str]:
    text = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    return {_name(package): version for package, version in PIN.findall(text)}


def _blocks(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    return re.findall(r"^[^\s#].*(?:\n[ \t].*)*", text, flags=re.MULTILINE)


def test_what_is_locked_is_what_the_tests_run_with() -> None:
    tested = _pins(ROOT / "constraints.txt")
    locked = _pins(*(lock for lock in LOCKS.glob("*.lock") if lock.stem != "torch-cpu"))
    differing = {
        package: (version, locked[package])
        for package, version in tested.items()
        if package in locked and locked[package] != version
    }
    assert not differing, "run: make lock"


def test_everything_the_package_asks_for_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    added = ["lab", "demo", "mlflow"]
    lists = {"run": [], **{extra: ["run"] for extra in added}, "dev": ["run", *added]}
    for name, beside in lists.items():
        asked = project["dependencies"] if name == "run" else extras[name]
        names = {_name(re.split(r"[<>=!~;\[ ]", requirement)[0]) for requirement in asked}
        locked = _pins(*(LOCKS / f"{each}.lock" for each in (name, *beside)))
        assert names <= set(locked), "run: make lock"


@pytest.mark.parametrize("lock", sorted(LOCKS.glob("*.lock")), ids=lambda path: path.stem)
def test_every_requirement_is_one_version_with_hashes(lock: Path) -> None:
    blocks = _blocks(lock)
    assert blocks
    for block in blocks:
        assert PIN.match(block), block.splitlines()[0]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", block), block.splitlines()[0]


def test_make_installs_nothing_without_its_hash() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (hashed,) = re.findall(r"^HASHED = (.+)$", makefile, flags=re.MULTILINE)
    assert {"--require-hashes", "--no-deps"} <= set(hashed.split())
    for command in re.findall(r"^\t@?\$\(PIP\) install (.+)$", makefile, flags=re.MULTILINE):
        # The package itself, whose build may download nothing; and the tool that writes the lists.
        assert command in ("-q --no-deps --no-build-isolation -e .", "-q uv")


def test_what_a_server_needs_not_is_in_the_lists_of_extras() -> None:
    server = set(_pins(LOCKS / "run.lock"))
    assert not server & {"matplotlib", "scikit-learn", "scikit-image"}
    for extra in ("lab", "demo", "mlflow", "dev"):
        assert not server & set(_pins(LOCKS / f"{extra}.lock"))


def test_every_note_of_the_changelog_has_a_kind_and_a_sentence() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    kinds = {kind["directory"] for kind in project["tool"]["towncrier"]["type"]}
    notes = [path for path in (ROOT / "docs" / "changelog.d").iterdir() if path.name[0] == "+"]
    for path in notes:
        assert path.name.split(".")[1] in kinds, path.name
        assert path.read_text(encoding="utf-8").strip().endswith("."), path.name
