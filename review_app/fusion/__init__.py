"""Several detectors' scores become one probability, learned from labels. No database, no model."""
