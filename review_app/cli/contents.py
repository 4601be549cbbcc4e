"""Which module has which command: only the one that is called is imported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from typing import Any, Final

import typer
import typer.main

CONTENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "site": ("demo", "serve"),
    "queue": ("ingest", "triage", "stats"),
    "export": ("export",),
    "certify": ("certify",),
    "challenges": ("compare", "replay", "promote", "rollback"),
    "records": ("show", "correct"),
    "monitor": ("monitor",),
    "detector": ("train", "evaluate"),
    "learn": ("learn",),
    "search": ("search",),
    "scores": ("simulate",),
    "protocol": ("protocol", "robustness", "transfer", "leave-out"),
    "fuse": ("fuse",),
    "cascade": ("cascade",),
    "backup": ("backup", "restore"),
    "maintenance": ("doctor", "db"),
    "images": ("images",),
    "datasets": ("dataset",),
    "checkpoints": ("checkpoint",),
    "backbones": ("backbone",),
    "users": ("user",),
    "desks": ("desk",),
    "tokens": ("token",),
    "alerts": ("alerts",),
    "webhooks": ("webhook",),
    "jobs": ("jobs",),
}
"""The commands and groups of each module of `review_app.cli`, in the order in which help has them.
Each module has a function ``register``, which adds these to what it is given."""


class LazyCommands(MutableMapping[str, Any]):
    """Commands by name; those of a module are made when one of them is first asked for."""

    def __init__(self) -> None:
        self._module_of = {name: module for module, names in CONTENTS.items() for name in names}
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made |= commands_of(self._module_of[name])
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name], self._module_of[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._module_of)

    def __len__(self) -> int:
        return len(self._module_of)


def commands_of(module: str) -> dict[str, Any]:
    """The commands and groups of a module of `review_app.cli`, by name."""
    part = typer.Typer()
    import_module(f"review_app.cli.{module}").register(part)
    return dict(typer.main.get_group(part).commands)
