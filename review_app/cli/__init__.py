"""The command line: ``deepfake-review COMMAND``.

Exit status: 0 done, 1 failed, 2 used wrongly, 3 done with some inputs refused. With ``--json`` one
document goes to standard output; progress and logs always go to standard error.
"""

from __future__ import annotations

import sys

import typer

from review_app.cli import detector, maintenance, queue, site, users
from review_app.errors import ReviewAppError
from review_app.logs import configure_logging

app = typer.Typer(
    name="deepfake-review",
    help="Human-in-the-loop deepfake review: triage, certify, review, export.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for module in (site, queue, detector, users, maintenance):
    module.register(app)


def main() -> None:
    """Run a command; an expected error is a message on standard error and exit status 1."""
    configure_logging("INFO")
    try:
        app()
    except ReviewAppError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.stderr.write("stopped; what was finished is kept, run the command again to go on\n")
        sys.exit(130)
