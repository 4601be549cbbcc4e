"""Parts that the commands share: opening the application, progress bars, results."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress

from review_app.core.collector import left_alone
from review_app.core.errors import InputError
from review_app.core.logs import configure_logging
from review_app.core.progress import Progress
from review_app.core.settings import DEFAULT_CHECKPOINT, Settings, load_settings

if TYPE_CHECKING:
    from review_app.bootstrap import Application

ACTOR = "command line"
REFUSED = 3
"""Exit status: done, with some inputs refused."""

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]

_desk: ContextVar[str | None] = ContextVar("desk", default=None)
console = Console(stderr=True, highlight=False)


def settings(**given: object) -> Settings:
    """Settings from the environment, ``given`` ones before them; of the desk that the command is
    about, if any. Logging follows them at once."""
    from review_app.bootstrap import desk_settings

    return desk_settings(_told(**given))


def home_settings(**given: object) -> Settings:
    """The same of the whole deployment. Raises ``InputError`` where a desk is named."""
    found = _told(**given)
    if found.desk:
        raise InputError(
            "this command is about the whole deployment; leave out --desk and unset REVIEW_DESK"
        )
    return found


def name_desk(desk: str | None) -> None:
    """Have the command that follows be about a desk, whatever the environment says; None: as it
    says."""
    _desk.set(desk)


def _told(**given: object) -> Settings:
    desk = _desk.get()
    found = load_settings(**given, **({} if desk is None else {"desk": desk}))
    configure_logging(found.log_level)
    return found


@contextmanager
def application(**given: object) -> Iterator[Application]:
    """The application that the environment and ``given`` settings describe, closed afterwards."""
    from review_app.bootstrap import open_application

    with closing(open_application(settings(**given))) as app, left_alone():
        yield app


@contextmanager
def home_application(**given: object) -> Iterator[Application]:
    """The same of the whole deployment. Raises ``InputError`` where a desk is named."""
    from review_app.bootstrap import open_application

    with closing(open_application(home_settings(**given))) as app:
        yield app


@contextmanager
def progress_bar(what: str) -> Iterator[Progress]:
    """A bar on standard error; call the function with (done, total)."""
    with progress_bars(what) as (bar,):
        yield bar


@contextmanager
def progress_bars(*names: str) -> Iterator[tuple[Progress, ...]]:
    """Bars for steps that follow each other; each shows from its first call on."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with RichProgress(*columns, console=console) as progress:

        def bar(name: str) -> Progress:
            task = progress.add_task(name, total=None, visible=False)
            return lambda done, total: progress.update(
                task, completed=done, total=total, visible=True
            )

        yield tuple(bar(name) for name in names)


def result(document: dict[str, Any], as_json: bool, words: str) -> None:
    """Print the outcome: the document for scripts, or words for people."""
    text = json.dumps(document, allow_nan=False) if as_json else words
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except OSError as error:
        error.filename = error.filename or "standard output"
        raise


def figure(value: Any, interval: Any = None) -> str:
    """``0.812 (0.790 to 0.834)``, without an interval where images are too few for one.

    ``value`` is a number, or [number, low, high].
    """
    if value is None:
        return "not measured"
    if isinstance(value, list | tuple):
        value, *interval = value
    known = interval and interval[0] is not None
    return f"{value:.3f}" + (f" ({interval[0]:.3f} to {interval[1]:.3f})" if known else "")


def find_checkpoint(named: Path, here: Settings) -> Path:
    """The folder ``named``, or that of this name among those of ``train`` and the shipped ones."""
    homes = (Path(), here.data_dir / "checkpoints", DEFAULT_CHECKPOINT.parent)
    return next((home / named for home in homes if (home / named).is_dir()), named)
