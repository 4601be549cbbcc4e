"""Gradio without what only others need.

It writes stub files for editors: for each component that is defined it parses the source and
compares a file beside it, which is half of what importing it takes. At each call it sets up
matplotlib, which holds 30 MB, for pages that draw with it. And each page's queue is looked at a
thousand times a second, which is a twentieth of a core while nobody asks for anything.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import gradio as gr

_MODULE = "gradio.component_meta"
_WRITES_STUBS = "create_or_modify_pyi"
_SETS_UP_PLOTS = "MatplotlibBackendMananger"  # as Gradio spells it
LOOK_AT_QUEUE: Final = 0.02
"""Seconds between two looks at what waits for its turn: nobody notices so many."""


class _Stubless(Loader):
    """Loads the module as ``loader`` does, and has it write no stub files."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        if hasattr(module, _WRITES_STUBS):
            setattr(module, _WRITES_STUBS, lambda *_: None)


class _Finder(MetaPathFinder):
    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != _MODULE:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Stubless(spec.loader)
        return spec


def write_no_stubs() -> None:
    """Have Gradio write no stub files when it is imported; too late where it is already."""
    if _MODULE not in sys.modules:
        sys.meta_path.insert(0, _Finder())


def make_lean(blocks: gr.Blocks) -> None:
    """Have Gradio set up no plots, and look at the queue of ``blocks`` less often."""
    from gradio import utils

    if hasattr(utils, _SETS_UP_PLOTS):
        setattr(utils, _SETS_UP_PLOTS, nullcontext)
    blocks._queue.sleep_when_free = LOOK_AT_QUEUE
