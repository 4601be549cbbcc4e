"""Faces are looked for while an image is decoded for a detector anyway: nothing is decoded for them
alone, and intake waits for none."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from review_app.inference.faces import FINDER_VERSION, FaceBox, FaceFinder
from review_app.inference.features import Loader
from storage.database import Database

_DIGITS = 5


class FaceSearch:
    """A search for faces in the images of ``items``, by their ids; without a ``finder``, none."""

    def __init__(self, database: Database, finder: FaceFinder | None, items: Sequence[int]) -> None:
        self._database = database
        self._finder = finder
        self._found: dict[int, tuple[FaceBox, ...]] = {}
        self._known: set[int] = set()
        if finder is not None:
            with database.read() as repos:
                rows = repos.faces.of_items(items).items()
            self._known = {item_id for item_id, row in rows if row.finder == FINDER_VERSION}

    def beside(self, item_id: int, load: Loader) -> Loader:
        """A ``load`` that looks at what it gives, unless that was done before."""
        finder = self._finder
        if finder is None or item_id in self._known:
            return load

        def load_and_look() -> Image.Image:
            image = load()
            self._found[item_id] = finder.find(image)
            return image

        return load_and_look

    def store(self) -> None:
        """Store what was found."""
        if self._found:
            boxes = {item_id: [*map(stored_box, faces)] for item_id, faces in self._found.items()}
            with self._database.write() as repos:
                repos.faces.put_many(FINDER_VERSION, boxes)


def stored_box(face: FaceBox) -> list[float]:
    """Shares of the image and the probability, as they are stored."""
    return [*(round(share, _DIGITS) for share in face.shares), face.probability]
