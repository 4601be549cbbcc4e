"""Which engine a backbone runs on here: as the settings say, or the fastest of a trial, which is
remembered beside the data. No torch here, until an image is to be scored."""

from __future__ import annotations

import json
import logging
import platform
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from review_app.core.files import atomic_write
from review_app.core.hashing import sha256
from review_app.inference.backbones.threads import cores
from review_app.inference.engines.names import TOLERANCE, EngineName

if TYPE_CHECKING:
    from review_app.inference.backbones.base import Backbone

AUTO: Final = "auto"
_logger = logging.getLogger(__name__)
_FASTER: Final = 1.05
"""The ratio to the reference's speed from which on an engine is worth features of its own."""


@dataclass(frozen=True, slots=True)
class Measured:
    """An engine in a trial."""

    engine: EngineName
    images_per_second: float
    """The speed of the networks alone, with every core at work."""
    error: float
    """The largest relative error of an image's features against the reference, before rounding."""

    @property
    def agrees(self) -> bool:
        """Whether it may stand in for the reference."""
        return self.engine.is_exact and self.error <= TOLERANCE


class Engines:
    """Chooses engines for the backbones of one deployment; safe to share between threads.

    ``setting``: ``auto`` or the name of an engine; ``folder`` remembers trials and keeps converted
    networks, without it nothing is remembered.
    """

    def __init__(self, setting: str = EngineName.TORCH, folder: Path | None = None) -> None:
        self.setting = setting
        self.folder = folder
        self._lock = threading.Lock()
        self._known: dict[str, EngineName] = {}

    @property
    def another(self) -> EngineName | None:
        """The engine that the settings name where a detector on it is one of its own, else
        None."""
        asked = None if self.setting == AUTO else EngineName(self.setting)
        return None if asked is None or asked.is_exact else asked

    @property
    def exact_setting(self) -> str:
        """What the settings say of detectors that any exact engine will do for."""
        return AUTO if self.another else self.setting

    def chosen(self, backbone_key: str) -> EngineName:
        """The exact engine that a backbone runs on, as far as is known without a trial."""
        if self._is_alone:
            return EngineName.TORCH
        with self._lock:
            known = self._known.get(backbone_key)
        return known or self._best(self.measured(backbone_key))

    def settle(self, backbone: Backbone, needed: EngineName | None = None) -> EngineName:
        """Have ``backbone`` run on the engine that is ``needed``, or on the best exact one, after a
        trial where none is remembered.

        Raises BackboneError where the one that is needed cannot run here.
        """
        from review_app.inference.engines.registry import load_engine

        parts = backbone.networked()
        if not parts:
            return needed or EngineName.TORCH
        name = needed or self._best_exact(backbone)
        if name is not EngineName.TORCH:
            engine = load_engine(name, self._models)
            for part in parts:
                part.run_by(part.prepared(engine))
        return name

    def measured(self, backbone_key: str) -> tuple[Measured, ...]:
        """What the last trial of a backbone found on this machine, with these versions; nothing
        where there was none."""
        if self.folder is None:
            return ()
        try:
            found = json.loads(_file(self.folder, backbone_key).read_bytes())
            rows = found["measured"] if found["machine"] == _machine() else []
            return tuple(Measured(EngineName(row.pop("engine")), **row) for row in rows)
        except (OSError, ValueError, KeyError, TypeError):
            return ()

    def try_all(self, backbone: Backbone, names: Sequence[EngineName]) -> tuple[Measured, ...]:
        """Try ``names``, those that can run here, on ``backbone``; what is found is remembered."""
        from review_app.inference.engines.trial import measure

        found = measure(backbone.networked(), names, self._models)
        self._remember(backbone.key, found)
        return found

    def _best_exact(self, backbone: Backbone) -> EngineName:
        """The engine to use where any exact one will do; a trial finds it if need be."""
        if self._is_alone:
            return EngineName.TORCH
        found = self.measured(backbone.key) or self.try_all(backbone, [EngineName.OPENVINO])
        best = self._best(found)
        if self.setting == EngineName.OPENVINO and best is EngineName.TORCH:
            _logger.warning("OpenVINO does not agree with torch here, so torch is used")
        with self._lock:
            self._known[backbone.key] = best
        return best

    def _best(self, found: Sequence[Measured]) -> EngineName:
        """The fastest of the engines that agree; the one that was asked for, if it is of them."""
        exact = {each.engine: each.images_per_second for each in found if each.agrees}
        if self.setting in exact:
            return EngineName(self.setting)
        least = _FASTER * exact.get(EngineName.TORCH, 0.0)
        faster = [name for name, speed in exact.items() if speed >= least]
        return max(faster, key=exact.__getitem__, default=EngineName.TORCH)

    @property
    def _is_alone(self) -> bool:
        """Whether the reference is the only exact engine to choose from."""
        return self.setting == EngineName.TORCH or _version("openvino") is None

    @property
    def _models(self) -> Path | None:
        return None if self.folder is None else self.folder / "models"

    def _remember(self, backbone_key: str, found: Sequence[Measured]) -> None:
        if self.folder is None:
            return
        document = {
            "backbone": backbone_key,
            "machine": _machine(),
            "measured": [*map(asdict, found)],
        }
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with atomic_write(_file(self.folder, backbone_key)) as file:
                file.write(json.dumps(document, indent=1).encode())
        except OSError as error:
            _logger.warning("the trial of engines is not remembered: %s", error)


def _file(folder: Path, backbone_key: str) -> Path:
    """What remembers the trial of a backbone."""
    return folder / f"{sha256(backbone_key.encode())[:32]}.json"


@cache
def _machine() -> str:
    """What speeds and last bits hang on: the processor, its cores, and the libraries."""
    libraries = [f"{name} {_version(name)}" for name in ("torch", "openvino")]
    return ", ".join([_processor(), f"{cores()} cores", *libraries])


def _processor() -> str:
    """The model of the processor, where the system tells it."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


@cache
def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
