"""What is odd about a file whose pixels are right, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from review_app.words import Text

_BITS = "bits_"


def noted(metadata: Mapping[str, Any]) -> Iterator[Text]:
    """What the metadata of a stored image (`intake.metadata`) says of how it was read."""
    frames = metadata.get("frames")
    if isinstance(frames, int) and frames > 1:
        yield Text("inspect.note_frames", {"n": frames})
    notes = metadata.get("notes")
    yield from in_words(note for note in notes if isinstance(note, str)) if notes else ()


def in_words(notes: Iterable[str]) -> Iterator[Text]:
    """``DecodedImage.notes`` as texts."""
    for note in notes:
        if note.startswith(_BITS):
            yield Text("inspect.note_bits", {"bits": int(note.removeprefix(_BITS))})
        else:
            yield Text(f"inspect.note_{note}")
