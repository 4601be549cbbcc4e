"""How the tests are shared out among processes."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

IN_A_BROWSER = "tests/browser/"


class OneBrowser(LoadScopeScheduling):  # type: ignore[misc]  # which has no types
    """One process has all tests in a browser: two browsers at once starve each other on two cores.

    The others are shared out one by one. (A mark for groups would say the same, but pytest 9.2 no
    longer lets pytest-xdist 3.8 write it into a test's id.)
    """

    def _split_scope(self, nodeid: str) -> str:
        return IN_A_BROWSER if nodeid.startswith(IN_A_BROWSER) else nodeid
