"""Bulk: what admins do to many images at once, previewed, recorded, and taken back."""
