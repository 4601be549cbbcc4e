"""Options that say what a manifest calls its columns and labels."""

from __future__ import annotations

from typing import Annotated

import typer

MapColumn = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="COLUMN=NAME",
        help="A manifest's COLUMN is our path, label, source, group or split; repeatable.",
    ),
]
MapLabel = Annotated[
    list[str] | None,
    typer.Option(
        "--map-label", metavar="WORD=LABEL", help="WORD means real or fake; repeatable (1=fake)."
    ),
]
