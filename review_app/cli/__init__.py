"""The command line: ``deepfake-review COMMAND``.

Exit status: 0 done, 1 failed, 2 used wrongly, 3 done with some inputs refused. With ``--json`` one
document goes to standard output; progress and logs always go to standard error. `contents` says
which module has which command.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from review_app.cli.commands import Commands
from review_app.cli.common import name_desk
from review_app.core.settings import misspelt

app = typer.Typer(
    name="deepfake-review",
    cls=Commands,
    help="Human-in-the-loop deepfake review: triage, certify, review, export.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def tell_version(asked: bool) -> None:
    """Print which program this is, where that was ``asked``."""
    if asked:
        from importlib.metadata import version

        sys.stdout.write(f"deepfake-review {version('deepfake-review')}\n")
        raise typer.Exit


@app.callback()
def begin(
    desk: Annotated[
        str | None,
        typer.Option(
            help="The desk that the command is about; without, the queue that is always there."
        ),
    ] = None,
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version, and end.", is_eager=True, callback=tell_version
        ),
    ] = False,
) -> None:
    """Human-in-the-loop deepfake review: triage, certify, review, export."""
    name_desk(desk)
    for line in misspelt(os.environ):
        sys.stderr.write(f"warning: {line}\n")


def main() -> None:
    """Run the command that the process was started with."""
    if sys.stdout is None:  # closed before we began: nobody wants to read anything
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    app()
