"""The folders where a checkpoint may be found by its id, wherever it was when it was first used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from review_app.core.errors import CheckpointError
from review_app.core.settings import DEFAULT_CHECKPOINT, Settings
from review_app.inference.checkpoint import read_card
from review_app.inference.engines import split_id


def folders_of(checkpoint_id: str, recorded: Path, settings: Settings) -> Iterator[Path]:
    """The folders whose card is that of the checkpoint, the one where it is ``recorded`` first.

    Neighbours that are damaged are passed over: only the one that is looked for must be whole.
    """
    plain, *_ = split_id(checkpoint_id)
    for path in (recorded, *_elsewhere(recorded, settings)):
        with suppress(CheckpointError):
            if path.is_dir() and read_card(path).id == plain:
                yield path


def _elsewhere(recorded: Path, settings: Settings) -> list[Path]:
    """The other places where a checkpoint may be: a program that moves or is upgraded takes its
    checkpoints with it, and keeps an older default one beside the new one under another name."""
    homes = (
        recorded.parent,
        settings.checkpoint.parent,
        DEFAULT_CHECKPOINT.parent,
        settings.data_dir / "checkpoints",
    )
    beside = [card.parent for home in homes for card in sorted(home.glob("*/card.json"))]
    visible = [path for path in beside if not path.name.startswith(".")]
    return list(dict.fromkeys([settings.checkpoint, *visible]))
