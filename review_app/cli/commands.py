"""What becomes of a command that fails: one line on standard error, and an exit status."""

from __future__ import annotations

import errno
import sys
from typing import Any, NoReturn

import typer
from sqlalchemy.exc import DBAPIError
from typer.core import TyperGroup

from review_app.errors import ReviewAppError

FAILED = 1
INTERRUPTED = 130
"""128 and the number of SIGINT, as shells count."""


class Commands(TyperGroup):
    """All commands. Faults of the surroundings are told like our own; mistakes of ours are not."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ReviewAppError as error:
            _fail(str(error))
        except DBAPIError as error:
            _fail(
                f"the database cannot be used ({error.orig}); look at the disk, at who may write "
                "to it and at REVIEW_DATABASE_URL, or restore a backup"
            )
        except OSError as error:
            if error.errno == errno.EPIPE:  # whoever read our output has gone
                raise
            _fail(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")
        except KeyboardInterrupt:
            _say("stopped; what was finished is kept, run the command again to go on")
            raise typer.Exit(INTERRUPTED) from None


def _fail(message: str) -> NoReturn:
    _say(f"error: {' '.join(message.split())}")
    raise typer.Exit(FAILED) from None


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
