"""The ways in which the demo forges, by name: `forgeries` has how, and needs scipy for it."""

from __future__ import annotations

from enum import StrEnum


class Forgery(StrEnum):
    """A way in which a fake was made."""

    SPLICE = "splice"
    """A region of another photo, colours matched, blended across its border."""
    RESYNTHESIS = "resynthesis"
    """A region rebuilt from few components, as autoencoders and face swaps do."""
    INPAINTING = "inpainting"
    """A region removed and filled from its surroundings."""
    UPSAMPLING = "upsampling"
    """The whole image grown from a small one by strided layers, then sharpened."""
