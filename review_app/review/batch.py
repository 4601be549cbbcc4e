"""Several answers at once: what a page that answers faster than the line sends in one call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from review_app.core.errors import ReviewAppError
from review_app.review.tasks import (
    MAX_BULK,
    AnswerChange,
    AnswerInput,
    ClientId,
    Handle,
    Receipt,
    Task,
)

MAX_ENTRIES = MAX_BULK
"""Most entries of one call: what is answered together travels together."""


class LabelEntry(AnswerInput):
    """An entry that stores an answer."""

    kind: Literal["label"]


class SkipEntry(BaseModel):
    """An item given back unanswered; ``client_id`` only says which entry of the call this is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["skip"]
    client_id: ClientId
    item_id: Handle


class UndoEntry(BaseModel):
    """Withdraws the newest answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["undo"]
    client_id: ClientId
    of: ClientId | None = Field(
        None,
        description="The answer meant, by its client_id: where it was refused in the same call, or "
        "is not one's own, so is the undo.",
    )


class ChangeEntry(AnswerChange):
    """Another answer in place of an earlier one, which may be of the same call."""

    kind: Literal["change"]


Entry = Annotated[LabelEntry | SkipEntry | UndoEntry | ChangeEntry, Field(discriminator="kind")]


@dataclass(frozen=True)
class Outcome:
    """What became of one entry: at most one of the three; none of them after a skip."""

    client_id: str
    receipt: Receipt | None = None
    task: Task | None = None
    """The item that an undo gave back."""
    refusal: ReviewAppError | None = None
