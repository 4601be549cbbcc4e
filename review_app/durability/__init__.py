"""That what was acknowledged is on disk, and that nothing is taken once it would not be."""
