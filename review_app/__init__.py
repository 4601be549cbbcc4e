"""A review desk for images that may be fake: detectors triage, proofs limit, people decide."""
