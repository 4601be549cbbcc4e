"""Promises about the disk are kept here: what was acknowledged is on it, and nothing is taken once
it would not be."""
