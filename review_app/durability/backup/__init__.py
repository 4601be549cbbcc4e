"""Backups: a folder with all that a data directory holds and cannot be computed again, whole and
verified; and its way back."""
