"""Notes on what is odd about a file whose pixels are right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from review_app.i18n import Text

_BITS = "bits_"


def noted(metadata: Mapping[str, Any]) -> Iterator[Text]:
    """What the metadata of a stored image (`intake.metadata`) says of how it was read."""
    frames = metadata.get("frames")
    if isinstance(frames, int) and (shown := first_of(frames, paged=metadata.get("paged") is True)):
        yield shown
    notes = metadata.get("notes")
    yield from in_words(note for note in notes if isinstance(note, str)) if notes else ()


def first_of(n_frames: int | None, *, paged: bool) -> Text | None:
    """A note that the first of several frames, or pages, is what is shown and scored; None for
    one."""
    if n_frames is None or n_frames < 2:
        return None
    return Text("review.pages" if paged else "review.frames", {"n": n_frames})


def in_words(notes: Iterable[str]) -> Iterator[Text]:
    """``DecodedImage.notes`` as texts."""
    for note in notes:
        if note.startswith(_BITS):
            yield Text("inspect.note_bits", {"bits": int(note.removeprefix(_BITS))})
        else:
            yield Text(f"inspect.note_{note}")
