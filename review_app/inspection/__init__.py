"""Inspect: one image of somebody's own, read by every head; and who must not get a reading."""

from review_app.inspection.inspector import TITLES, HeadReading, Inspection, Inspector

__all__ = ["TITLES", "HeadReading", "Inspection", "Inspector"]
