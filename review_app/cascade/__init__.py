"""Two detectors in a row: the cheap one decides what it can, the dear one the rest. No database,
no model."""
