"""Engines: what networks run on, and which is chosen here. Importing this imports no torch."""

from review_app.inference.engines.choice import Engines, Measured
from review_app.inference.engines.names import (
    TOLERANCE,
    EngineName,
    detector_id,
    feature_key,
    split_id,
)

__all__ = [
    "TOLERANCE",
    "EngineName",
    "Engines",
    "Measured",
    "detector_id",
    "feature_key",
    "split_id",
]
