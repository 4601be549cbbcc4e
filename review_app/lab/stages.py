"""Stages of a long run whose products are folders: made once, whole or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from review_app.core.errors import InputError
from review_app.core.hashing import sha256_of_json
from review_app.manifests.files import write_whole

LEDGER = "stages.json"
"""The file in the run's folder that says which stages are finished, and from what."""


class Stages:
    """The stages of the run in the folder ``out``, which belongs to it alone.

    Raises InputError where the folder holds something else, or cannot be used.
    """

    def __init__(self, out: Path) -> None:
        self._ledger = out / LEDGER
        try:
            if self._ledger.exists():
                self._finished = _read(self._ledger)
                return
            if out.exists() and (not out.is_dir() or any(out.iterdir())):
                raise InputError(
                    f"{out} exists and has no {LEDGER}, so it is not from this command; choose a "
                    "new folder"
                )
            self._finished = {}
            self._write()
        except OSError as error:
            raise InputError(
                f"{out} cannot be used ({error.strerror}); choose another folder"
            ) from error

    def make(self, path: Path, build: Callable[[Path], object], *facts: Any) -> bool:
        """Have ``path`` built from ``facts`` (JSON-safe), unless it is there from the same ones.

        ``build`` is given a folder to make, which takes the place of ``path`` when it is whole. An
        earlier product goes only then. Returns whether anything had to be built.
        """
        key = sha256_of_json(facts)
        stage = path.name
        if self._finished.get(stage) == key and path.is_dir():
            return False
        draft = path.with_name(f".{stage}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        build(draft)
        self._finished.pop(stage, None)
        self._write()
        if path.exists():
            shutil.rmtree(path)
        draft.replace(path)
        self._finished[stage] = key
        self._write()
        return True

    def _write(self) -> None:
        write_whole(self._ledger, json.dumps(self._finished, indent=1, sort_keys=True) + "\n")


def _read(ledger: Path) -> dict[str, str]:
    try:
        found = json.loads(ledger.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(
            f"{ledger} is not JSON ({error}); delete it to have everything made anew in an empty "
            "folder, or choose another folder"
        ) from error
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise InputError(f"{ledger} is not the ledger of a run; choose another folder")
    return found
