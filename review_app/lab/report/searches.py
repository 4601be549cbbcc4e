"""Read the document of a grid search, as the command ``search`` writes it, to draw it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError, model_validator

from review_app.core.errors import InputError

Share = Annotated[float, Field(ge=0, le=1)]


class Cell(BaseModel, allow_inf_nan=False):
    """One set of hyper-parameters and what it is worth."""

    params: dict[str, float]
    val_auroc: tuple[Share, Share | None, Share | None]
    """Value and 95% interval on validation images, None where they are too few for one."""
    seconds: float


class GridSearch(BaseModel, allow_inf_nan=False):
    """All cells of one head, and the chosen hyper-parameters."""

    grid: Annotated[list[Cell], Field(min_length=1)]
    best: dict[str, float]

    @model_validator(mode="after")
    def _consistent(self) -> GridSearch:
        if any(cell.params.keys() != self.best.keys() for cell in self.grid):
            raise ValueError("the cells differ in their hyper-parameters")
        if all(cell.params != self.best for cell in self.grid):
            raise ValueError("the best hyper-parameters are not among the cells")
        return self


_DOCUMENT = TypeAdapter(dict[str, GridSearch])


def read_search(path: Path) -> dict[str, Any]:
    """``{head: {"grid": [{"params", "val_auroc", "seconds"}], "best"}}``; JSON-safe.

    Raises InputError for a file that is not there or says something else.
    """
    try:
        found = _DOCUMENT.validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}); give the search.json of a search"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "the file"
        raise InputError(
            f"{path} is not the search.json of a search ({where}: {first['msg']})"
        ) from error
    return {head: search.model_dump(mode="json") for head, search in found.items()}
