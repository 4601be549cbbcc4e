"""Catalogues, languages, and pages in them."""
