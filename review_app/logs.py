"""Logging: structured lines on standard error, so that standard output stays for results."""

from __future__ import annotations

import logging
import sys

import structlog

OURS = ("review_app", "storage", "migrations")


def configure_logging(level: str) -> None:
    """Send log lines of ``level`` and above to standard error: text on a terminal, else JSON.

    Libraries tell of their routine at INFO, so of theirs only warnings pass; at DEBUG all do.
    """
    on_terminal = sys.stderr.isatty()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *(_on_terminal() if on_terminal else _as_json()),
            ],
        )
    )
    number = logging.getLevelNamesMapping()[level]
    root = logging.getLogger()
    for old in root.handlers[:]:
        if isinstance(old.formatter, structlog.stdlib.ProcessorFormatter):
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(number if number <= logging.DEBUG else max(number, logging.WARNING))
    for name in OURS:
        logging.getLogger(name).setLevel(number)


def _on_terminal() -> list[structlog.typing.Processor]:
    return [structlog.dev.ConsoleRenderer()]  # it draws exceptions itself


def _as_json() -> list[structlog.typing.Processor]:
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
