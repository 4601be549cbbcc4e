"""Requests of the review page. Each limit on that is checked here, and nowhere again: what is
behind takes what has come through these models, and trusts it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from review_app.review.batch import MAX_ENTRIES, Entry
from review_app.review.tasks import ClientId, Handle, Queue
from storage.types import to_utc

MAX_AHEAD = 80
"""Most items one person holds at once."""
MAX_RECENT = 50
"""Most answers that one call lists."""

Moment = Annotated[AwareDatetime, AfterValidator(to_utc)]
HowMany = Annotated[int, Field(ge=1, le=MAX_RECENT)]


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Take(_Request):
    """How many items the page wants to hold, and from where."""

    n: int = Field(3, ge=1, le=MAX_AHEAD)
    queue: Queue = Queue.WAITING
    page: ClientId | None = Field(None, description="The open page; see OpenPages.")


class Shown(_Request):
    """The item in hand whose near-duplicates are wanted."""

    item_id: Handle


class Skip(_Request):
    """An item given back unanswered."""

    item_id: Handle


class Undo(_Request):
    """Withdraws the newest answer; sending the same ``client_id`` again changes nothing more."""

    client_id: ClientId


class Answers(_Request):
    """The answers, skips and undos of one call, in the order in which they were given."""

    entries: list[Entry] = Field(min_length=1, max_length=MAX_ENTRIES)


class Release(_Request):
    """What is held is given back, unless another page of the same person has taken since."""

    page: ClientId | None = None
    keep: list[Handle] = Field([], max_length=MAX_AHEAD, description="Items that stay.")
