"""Stages: a product is made once, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from review_app.core.errors import InputError
from review_app.lab.stages import LEDGER, Stages


def _make(out: Path, text: str, *facts: object) -> bool:
    def build(folder: Path) -> None:
        folder.mkdir(parents=True)
        (folder / "product").write_text(text, encoding="utf-8")

    return Stages(out).make(out / "stage", build, *facts)


def _product(out: Path) -> str:
    return (out / "stage" / "product").read_text(encoding="utf-8")


def test_a_product_is_made_once(tmp_path: Path) -> None:
    assert _make(tmp_path / "run", "one", 1, {"a": 2})
    assert not _make(tmp_path / "run", "two", 1, {"a": 2})
    assert _product(tmp_path / "run") == "one"


def test_other_facts_make_it_anew(tmp_path: Path) -> None:
    _make(tmp_path / "run", "one", 1)
    assert _make(tmp_path / "run", "two", 2)
    assert _product(tmp_path / "run") == "two"


def test_a_product_that_was_removed_is_made_again(tmp_path: Path) -> None:
    _make(tmp_path / "run", "one", 1)
    (tmp_path / "run" / "stage" / "product").unlink()
    (tmp_path / "run" / "stage").rmdir()
    assert _make(tmp_path / "run", "two", 1)


def test_what_fails_halfway_leaves_the_earlier_product(tmp_path: Path) -> None:
    out = tmp_path / "run"
    _make(out, "one", 1)

    def fails(folder: Path) -> None:
        folder.mkdir()
        (folder / "product").write_text("half")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        Stages(out).make(out / "stage", fails, 2)
    assert _product(out) == "one"
    assert _make(out, "two", 2)
    assert _product(out) == "two"
    assert sorted(path.name for path in out.iterdir()) == ["stage", LEDGER]


def test_a_folder_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="not from this command; choose a new folder"):
        Stages(tmp_path)
    with pytest.raises(InputError, match="not from this command; choose a new folder"):
        Stages(tmp_path / "thesis.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("text", ["{", "[]", '{"stage": 1}'])
def test_a_damaged_ledger_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / LEDGER).write_text(text)
    with pytest.raises(InputError, match=LEDGER):
        Stages(tmp_path)
