"""Tests of intake: what gets in, what is refused and why, and what leaves again."""
