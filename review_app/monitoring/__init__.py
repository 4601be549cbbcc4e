"""Monitoring: what waits, how people answer, and what needs an admin."""
