"""Logging: structured lines on standard error, so that standard output stays for results."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.stdlib import ProcessorFormatter, add_log_level, add_logger_name
from structlog.typing import Processor

OURS = ("review_app", "storage", "migrations")


class StandardError(logging.Handler):
    """A stream that writes to what is standard error now, which a progress bar puts a layer
    over."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one formatted line."""
        sys.stderr.write(self.format(record) + "\n")


def configure_logging(level: str) -> None:
    """Send log lines of ``level`` and above to standard error: text on a terminal, else JSON.

    Libraries tell of their routine at INFO, so of theirs only warnings pass; at DEBUG all do.
    """
    timestamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    handler = StandardError()
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[add_log_level, add_logger_name, timestamp],
            processors=[ProcessorFormatter.remove_processors_meta, *_rendering()],
        )
    )
    number = logging.getLevelNamesMapping()[level]
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, StandardError)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(number if number <= logging.DEBUG else max(number, logging.WARNING))
    for name in OURS:
        logging.getLogger(name).setLevel(number)


def _rendering() -> list[Processor]:
    if sys.stderr.isatty():
        return [structlog.dev.ConsoleRenderer()]  # it draws exceptions itself
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
