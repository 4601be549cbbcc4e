"""Durability: what was acknowledged is on disk, and nothing is taken once it would not be."""
