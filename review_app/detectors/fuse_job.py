"""The job of fusing: what a button asks for."""

from __future__ import annotations

from typing import Any, Protocol

from review_app.core.errors import InputError
from review_app.core.progress import Progress
from review_app.detectors.fusing import DEFAULT_LABELS, FusionService
from review_app.detectors.inventory import FusedEntry
from review_app.detectors.registry import Detectors
from review_app.fusion.card import HEAD, FusedCard, fused_id
from storage.repositories.event_log import SYSTEM


class HasFusion(Protocol):
    """An application, as far as this job needs one."""

    @property
    def fusion(self) -> FusionService:
        """The service that fuses."""
        ...

    @property
    def detectors(self) -> Detectors:
        """The detectors that are here."""
        ...


def fuse_job(
    application: HasFusion, parameters: dict[str, Any], progress: Progress | None = None
) -> dict[str, Any]:
    """Make the fusion ``name`` of ``members`` (ID:HEAD each) by ``labels``, in the name of ``by``.

    One that is here already, of the same members, is what an earlier run has made before it was
    killed. Raises as `FusionService.make`, and InputError for other parameters.
    """
    match parameters:
        case {"name": str(name), "members": [*named]}:
            labels = int(parameters.get("labels", DEFAULT_LABELS))
            actor = str(parameters.get("by") or SYSTEM)
        case _:
            raise InputError(f"a fusion needs a name and members, not {parameters}")
    members = [application.fusion.resolve(str(each)) for each in named]
    before = application.detectors.fused_detector(fused_id(name))
    if before is not None and _members(before) == members:
        return _made(before.card)
    return _made(application.fusion.make(actor, name, members, labels, progress))


def _members(entry: FusedEntry) -> list[tuple[str, str]]:
    return [(member.checkpoint, member.head) for member in entry.card.members]


def _made(card: FusedCard) -> dict[str, Any]:
    figures = card.figures
    return {
        "checkpoint": fused_id(card.name),
        "head": HEAD,
        "labels": card.n_labels,
        "learned": card.learned,
        "auroc": None if figures is None else figures.auroc[0],
        "gain": None if figures is None else list(figures.gain),
    }
