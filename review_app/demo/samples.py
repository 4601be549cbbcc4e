"""A handful of images to try in Inspect: crops of free photos, and one forgery of each kind."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from review_app.demo.methods import Forgery
from review_app.demo.photos import photos_installed
from review_app.i18n import t

INDEX: Final = "index.json"
"""The file beside the samples that lists them; it is there once they are whole."""


@dataclass(frozen=True, slots=True)
class Sample:
    """An image to try. ``credit`` says whose photo it is."""

    path: Path
    photo: str
    """Its name in `PHOTOS`."""
    method: Forgery | None
    """The kind of forgery; None for a real crop."""
    credit: str

    @property
    def name(self) -> str:
        """What it shows and what was done to it, in the language of whoever is served."""
        done = t(f"samples.{self.method or 'unchanged'}")
        return t("samples.name", photo=t(f"samples.{self.photo}"), done=done)


def ensure_samples(folder: Path) -> list[Sample]:
    """The samples in ``folder``, made there if need be; complete or not at all.

    There are none where the extra ``demo`` is not installed, which has the photos.
    """
    if not (folder / INDEX).is_file():
        if not photos_installed():
            return []
        from review_app.demo.make_samples import make_samples  # brings scipy

        make_samples(folder)
    entries = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    return [_read(folder, entry) for entry in entries]


def _read(folder: Path, entry: dict[str, str | None]) -> Sample:
    method = entry["method"]
    return Sample(
        folder / str(entry["file"]),
        str(entry["photo"]),
        None if method is None else Forgery(method),
        str(entry["credit"]),
    )
