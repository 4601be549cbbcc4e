"""What the review desk hands out and takes in."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from storage.enums import ItemState, LabelValue

CLIENT_ID = r"^[A-Za-z0-9_-]{8,64}$"
"""What the page may call an answer, or an undo."""


class Queue(StrEnum):
    """Which items a person works on."""

    WAITING = "waiting"
    """Items that need reviewers."""
    ESCALATED = "escalated"
    """Items that reviewers could not settle; admins decide them."""

    @property
    def state(self) -> ItemState:
        """The state that items of this queue are in."""
        return ItemState.IN_REVIEW if self is Queue.WAITING else ItemState.ESCALATED


class Task(BaseModel):
    """One item in a reviewer's hands. Holds nothing that hints at the model or the truth; but the
    path of an image without a picture has to be told, whatever it says."""

    model_config = ConfigDict(frozen=True)

    item_id: int
    image_url: str | None = Field(None, description="Empty where the picture is not stored here.")
    width: int | None = Field(None, description="Pixels.")
    height: int | None = Field(None, description="Pixels.")
    path: str | None = Field(
        None, description="As the score file gives it; told only where there is no picture."
    )
    sha256: str | None = Field(None, description="Of the file; told as the path is.")
    expires_at: datetime


class Submission(BaseModel):
    """A reviewer's answer, as the page sends it; the page is not trusted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    client_id: str = Field(pattern=CLIENT_ID, description="Unique per answer.")
    item_id: int = Field(ge=1, le=2**63 - 1)
    value: LabelValue
    comment: str = Field("", max_length=4000)
    seconds: float | None = Field(
        None, ge=0, le=86_400, allow_inf_nan=False, description="Time taken to answer."
    )


class Opinion(BaseModel):
    """What the model said of an item, for after the answer."""

    model_config = ConfigDict(frozen=True)

    p_fake: float
    std: float
    score: float = Field(description="What thresholds are compared with: 0 real, 1 fake.")
    novelty: float | None = Field(description="How unlike the training images, z, if measured.")
    words: str


class Receipt(BaseModel):
    """The answer is stored. ``extra``: it came too late to count, and is kept beside the others."""

    model_config = ConfigDict(frozen=True)

    client_id: str
    item_id: int
    value: LabelValue
    extra: bool
    opinion: Opinion | None


class Progress(BaseModel):
    """How far the queue and the person have come."""

    model_config = ConfigDict(frozen=True)

    waiting: int
    escalated: int | None = Field(description="Only told to those who may decide them.")
    done_today: int
    done_session: int
    order: str = Field(description="What puts an image before others, in words.")
