"""How the tests are shared out among processes, and which are fast.

A process takes whole files, for the tests of a file share what is slow to make. One process more
than there are cores: many tests wait, on a server or on a page.
"""

from __future__ import annotations

import os
from collections import Counter
from functools import cached_property
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

IN_A_BROWSER = "tests/browser/"
BROWSERS = 2
"""How many browsers run at once: more starve each other on two cores."""

ONE_BY_ONE = ("tests/web/test_blinding.py", "tests/lab/datasets/test_splits.py")
"""Files whose tests take long and share nothing that is slow to make."""
FIRST = (IN_A_BROWSER, *ONE_BY_ONE, "tests/cli/", "tests/durability/", "tests/web/")
"""What takes longest begins first, so that no process is left alone with it at the end."""

TESTS = Path(__file__).parent
FAST = frozenset(
    {
        *(
            "agreement",
            "audits",
            "benchmarks",
            "bulk",
            "cascade",
            "certification",
            "core",
            "forensics",
            "fusion",
            "i18n",
            "migrations",
        ),
        *("learning", "monitoring", "notifications", "people", "policy", "queueing"),
        *("records", "review"),
        *("scores", "seals", "states", "storage"),
    }
)
"""Folders whose tests are pure or need the database alone: ``make test-fast`` runs these."""
SLOW = frozenset(
    {
        *("browser", "cli", "copies", "demo", "detector", "detectors", "durability"),
        *("inspection", "intake", "jobs", "lab", "property", "triage", "web"),
    }
)
"""Folders whose tests start a browser, a server or a process, train, or try a great many cases."""
SLOW_FILES = frozenset(
    {
        "certification/test_group_violations.py",
        "certification/test_violations.py",
        "core/test_files.py",
        "i18n/test_fourth_language.py",
        "learning/test_learning.py",
        "review/test_many_reviewers.py",
        "seals/test_rough_handling.py",
        "storage/test_lost_files.py",
        "test_bootstrap.py",
        "test_extras.py",
    }
)
"""Other files whose tests do so."""


def is_fast(path: Path) -> bool:
    """Whether ``make test-fast`` looks into a folder or file of the tests."""
    inside = path.relative_to(TESTS)
    return inside.as_posix() not in SLOW_FILES and not SLOW.intersection(inside.parts[:1])


def rank(path: str) -> int:
    """The place of a file in the order of running."""
    return next((at for at, start in enumerate(FIRST) if path.startswith(start)), len(FIRST))


def processes() -> int:
    """How many processes run the tests."""
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else 3


def lanes(files: list[str]) -> dict[str, int]:
    """Which browser runs each file; ``files`` has one entry a test. Each gets as many tests."""
    found: dict[str, int] = {}
    load = [0] * BROWSERS
    for file, tests in Counter(files).most_common():
        found[file] = load.index(min(load))
        load[found[file]] += tests
    return found


class WholeFiles(LoadScopeScheduling):  # type: ignore[misc]  # which has no types
    """Shares out files in the order in which they were collected; those in a browser, in lanes.

    (A mark for groups would say the same, but pytest 9.2 no longer lets pytest-xdist 3.8 write it
    into a test's id.)
    """

    def schedule(self) -> None:
        self.config.option.loadscopereorder = False
        super().schedule()

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file in self._lanes:
            return f"{IN_A_BROWSER}{self._lanes[file]}"
        return nodeid if file in ONE_BY_ONE else file

    @cached_property
    def _lanes(self) -> dict[str, int]:
        files = [nodeid.partition("::")[0] for nodeid in self.collection]
        return lanes([file for file in files if file.startswith(IN_A_BROWSER)])
