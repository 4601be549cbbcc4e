"""The command line: ``deepfake-review COMMAND``.

Exit status: 0 done, 1 failed, 2 used wrongly, 3 done with some inputs refused. With ``--json`` one
document goes to standard output; progress and logs always go to standard error.
"""

from __future__ import annotations

import typer

from review_app.cli import (
    backup,
    certify,
    checkpoints,
    datasets,
    detector,
    export,
    maintenance,
    monitor,
    protocol,
    queue,
    records,
    scores,
    search,
    site,
    users,
)
from review_app.cli.commands import Commands

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
    records,
    monitor,
    datasets,
    detector,
    search,
    scores,
    protocol,
    checkpoints,
    users,
    maintenance,
    backup,
):
    module.register(app)


def main() -> None:
    """Run the command that the process was started with."""
    app()
