"""The report of an evaluation: one self-contained page, its figures, and its numbers as JSON."""

from __future__ import annotations

from review_app.lab.report.searches import read_search
from review_app.lab.report.write import write_report

__all__ = ["read_search", "write_report"]
