"""Finding faces in an image: where they are, and nothing of whose they are."""

from review_app.inference.faces.box import FINDER_VERSION, FaceBox
from review_app.inference.faces.finder import FaceFinder

__all__ = ["FINDER_VERSION", "FaceBox", "FaceFinder"]
