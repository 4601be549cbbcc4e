"""Gradio without what it writes for editors: for each component that is defined it parses the
source and compares a stub file beside it, which is half of what importing it takes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_MODULE = "gradio.component_meta"
_WRITES_STUBS = "create_or_modify_pyi"


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
