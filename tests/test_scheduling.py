"""Every test is in one of two speeds, and the browsers have as much to do as each other."""

from __future__ import annotations

from tests.scheduling import FAST, ONE_BY_ONE, SLOW, SLOW_FILES, TESTS, is_fast, lanes


def test_every_folder_is_fast_or_slow() -> None:
    folders = {path.parent.relative_to(TESTS).parts[0] for path in TESTS.glob("*/**/test_*.py")}
    assert folders == FAST | SLOW
    assert not FAST & SLOW


def test_every_file_that_is_named_is_there() -> None:
    assert all((TESTS / file).is_file() for file in SLOW_FILES)
    assert all((TESTS.parent / file).is_file() for file in ONE_BY_ONE)


def test_what_is_slow_is_left_out() -> None:
    assert is_fast(TESTS)
    assert is_fast(TESTS / "core" / "test_hashing.py")
    assert not is_fast(TESTS / "browser" / "test_keys.py")
    assert not is_fast(TESTS / "core" / "test_files.py")


def test_each_browser_gets_about_as_many_tests() -> None:
    files = ["a"] * 28 + ["b"] * 20 + ["c"] * 9 + ["d"] * 3 + ["e"]
    found = lanes(files)
    assert [found[file] for file in "abcde"] == [0, 1, 1, 0, 1]
