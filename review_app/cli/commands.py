"""A command that fails leaves one line on standard error, and an exit status."""

from __future__ import annotations

import errno
import os
import sys
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from review_app.cli.contents import LazyCommands
from review_app.core.errors import ReviewAppError, StorageError
from review_app.core.extras import missing_extra

FAILED = 1
INTERRUPTED = 130
"""128 and the number of SIGINT, as shells count."""
UNREAD = 141
"""The same for SIGPIPE: nobody reads what is written any more."""
_WHERE = "look at the disks of the data directory, of what is written, and of temporary files"


class Commands(TyperGroup):
    """All commands. Faults of the surroundings are told like our own; mistakes of ours are not."""

    def __init__(self, **told: Any) -> None:
        super().__init__(**told)
        self.commands = LazyCommands()

    def invoke(self, ctx: Any) -> Any:
        """Run the command. What fails for a known reason ends the program with a sentence and
        a status that tells so."""
        try:
            return super().invoke(ctx)
        except StorageError as error:
            _fail("; ".join([str(error), *getattr(error, "__notes__", ())]))
        except ReviewAppError as error:
            _fail(str(error))
        except ModuleNotFoundError as error:
            if (words := missing_extra(error)) is None:
                raise
            _fail(words)
        except OSError as error:
            if error.errno == errno.EPIPE:
                _leave_quietly()
            _fail(f"{error.strerror or error}: {error.filename or _WHERE}")
        except KeyboardInterrupt:
            _say("stopped; what was finished is kept, run the command again to go on")
            raise typer.Exit(INTERRUPTED) from None
        except Exception as error:
            if (cause := _cause_in_the_database(error)) is None:
                raise
            _fail(
                f"the database cannot be used ({cause}); look at the disk, at who may write "
                "to it and at REVIEW_DATABASE_URL, or restore a backup"
            )


def _cause_in_the_database(error: Any) -> object:
    """The driver's own error, where SQLAlchemy passes it on; that is slow to import, and whoever
    asks for help does without."""
    known = sys.modules.get("sqlalchemy.exc")
    return error.orig if known is not None and isinstance(error, known.DBAPIError) else None


def _leave_quietly() -> NoReturn:
    """Whoever read our output has gone, as ``head`` has; what is left of it goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise typer.Exit(UNREAD) from None


def _fail(message: str) -> NoReturn:
    _say(f"error: {' '.join(message.split())}")
    raise typer.Exit(FAILED) from None


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
