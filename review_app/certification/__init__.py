"""Certificates: what labelled images prove of auto-accept, and what is missing. Pure."""
