"""pyarrow without pandas: it loads pandas, where that is installed, with the first value that it
makes, and half a second and 50 MB go into what an export never uses."""

from __future__ import annotations

import sys
from functools import cache
from importlib.abc import MetaPathFinder
from typing import Any


class _Refusing(MetaPathFinder):
    def find_spec(self, name: str, *_: Any) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("pyarrow is loaded without pandas", name=name)


@cache
def lean_pyarrow() -> Any:
    """pyarrow, which has been told that there is no pandas, unless that is loaded already. Whoever
    asks it for a data frame later gets one: then it looks again."""
    import pyarrow

    if "pandas" not in sys.modules:
        refusing = _Refusing()
        sys.meta_path.insert(0, refusing)
        try:
            pyarrow.scalar(0)
        finally:
            sys.meta_path.remove(refusing)
    return pyarrow
