"""The command line: ``deepfake-review COMMAND``.

Exit status: 0 done, 1 failed, 2 used wrongly, 3 done with some inputs refused. With ``--json`` one
document goes to standard output; progress and logs always go to standard error.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from review_app.cli import (
    backbones,
    backup,
    certify,
    challenges,
    checkpoints,
    datasets,
    detector,
    export,
    fuse,
    jobs,
    learn,
    maintenance,
    monitor,
    protocol,
    queue,
    records,
    scores,
    search,
    site,
    tokens,
    users,
)
from review_app.cli.commands import Commands
from review_app.core.settings import misspelt

app = typer.Typer(
    name="deepfake-review",
    cls=Commands,
    help="Human-in-the-loop deepfake review: triage, certify, review, export.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for module in (
    site,
    queue,
    export,
    certify,
    challenges,
    records,
    monitor,
    datasets,
    detector,
    learn,
    search,
    scores,
    protocol,
    checkpoints,
    fuse,
    backbones,
    users,
    tokens,
    jobs,
    maintenance,
    backup,
):
    module.register(app)


def tell_version(asked: bool) -> None:
    """Print which program this is, where that was ``asked``."""
    if asked:
        sys.stdout.write(f"deepfake-review {version('deepfake-review')}\n")
        raise typer.Exit


@app.callback()
def begin(
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version, and end.", is_eager=True, callback=tell_version
        ),
    ] = False,
) -> None:
    """Human-in-the-loop deepfake review: triage, certify, review, export."""
    for line in misspelt(os.environ):
        sys.stderr.write(f"warning: {line}\n")


def main() -> None:
    """Run the command that the process was started with."""
    if sys.stdout is None:  # closed before we began: nobody wants to read anything
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    app()
