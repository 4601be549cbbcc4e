"""Tasks that the review service hands out, and answers that it takes in."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from review_app.policy.tags import Tags
from review_app.review.regions import MAX_REGIONS, Region
from storage.enums import ItemState, LabelValue

CLIENT_ID = r"^[A-Za-z0-9_-]{8,64}$"
"""What the page may call an answer, or an undo."""
HANDLE = r"^[A-Za-z0-9_-]{1,32}$"
"""What a handle may look like."""
MAX_BULK = 50
"""Most images that one confirmation in the grid answers."""


ClientId = Annotated[str, Field(pattern=CLIENT_ID)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


def _as_text(handle: object) -> object:
    # Pages of before there were handles send the number that they know an item by.
    is_number = isinstance(handle, int) and not isinstance(handle, bool)
    return str(handle) if is_number else handle


Handle = Annotated[str, BeforeValidator(_as_text), StringConstraints(pattern=HANDLE)]
"""What a person knows an item by: drawn for each claim, so it tells nothing of the item."""


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


class AnswerFields(BaseModel):
    """What a person answers, and what else they say of the image."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: LabelValue
    comment: str = Field("", max_length=4000)
    tags: Tags = Field((), description="Kinds of manipulation seen.")
    regions: tuple[Region, ...] = Field((), max_length=MAX_REGIONS, description="Where.")
    escalation: Reason | None = Field(
        None, description="Why an admin should decide; the item goes to them at once."
    )


class ReviewerAnswer(AnswerFields):
    """One of the answers that an adjudicator weighs."""

    reviewer: str = Field(description="A pseudonym.")
    own: bool = Field(description="The adjudicator's own, given as a reviewer.")
    labelled_at: datetime
    together: int | None = Field(description="Given for so many images at once, in the grid.")


class Withdrawn(AnswerFields):
    """An answer that its author has taken back."""

    client_id: str


class Task(BaseModel):
    """One item in a reviewer's hands. Holds nothing that hints at the model or the truth; but the
    path of an image without a picture has to be told, whatever it says."""

    model_config = ConfigDict(frozen=True)

    item_id: str = Field(description="The claim's handle: it tells nothing of the item.")
    image_url: str | None = Field(None, description="Empty where the picture is not stored here.")
    width: int | None = Field(None, description="Pixels.")
    height: int | None = Field(None, description="Pixels.")
    path: str | None = Field(
        None, description="As the score file gives it; told only where there is no picture."
    )
    sha256: str | None = Field(None, description="Of the file; told as the path is.")
    frames: int = Field(1, description="Of the file; the first of them is the image.")
    paged: bool = Field(False, description="Whether they are pages, and no animation.")
    expires_at: datetime
    alike: int = Field(0, description="Others that look like it and that the person could have.")
    statements: tuple[ReviewerAnswer, ...] | None = Field(
        None, description="All answers side by side, oldest first: told to adjudicators only."
    )
    withdrawn: Withdrawn | None = Field(
        None, description="One's own answer on it, taken back and not given again since."
    )
    faces: tuple[Region, ...] = Field(
        (), description="Rectangles about faces, the largest first; told of all images alike."
    )


class AnswerInput(AnswerFields):
    """A reviewer's answer, as the page sends it; the page is not trusted."""

    client_id: str = Field(pattern=CLIENT_ID, description="Unique per answer.")
    item_id: Handle
    seconds: float | None = Field(
        None, ge=0, le=86_400, allow_inf_nan=False, description="Time taken to answer."
    )
    together: int | None = Field(
        None,
        ge=2,
        le=MAX_BULK,
        description="How many images one confirmation in the grid answered; empty for one look.",
    )


class AnswerChange(AnswerFields):
    """Another answer in place of one's own earlier one, which stays on record."""

    client_id: str = Field(pattern=CLIENT_ID, description="Unique per answer.")
    of: str = Field(pattern=CLIENT_ID, description="The earlier answer's client_id.")


class ShownOpinion(BaseModel):
    """What the model said of an item, for after the answer."""

    model_config = ConfigDict(frozen=True)

    p_fake: float
    std: float
    score: float = Field(description="What thresholds are compared with: 0 real, 1 fake.")
    novelty: float | None = Field(description="How unlike the training images, z, if measured.")
    words: str


class Receipt(BaseModel):
    """The answer is stored. ``extra``: it came too late to count, and is kept beside the others.
    ``known``: the image was one to learn from, and this is what it is."""

    model_config = ConfigDict(frozen=True)

    client_id: str
    item_id: str = Field(description="The claim's handle.")
    value: LabelValue
    extra: bool
    opinion: ShownOpinion | None
    claim: str | None = Field(
        None, description="Told with the opinion: that the file says a generator made it."
    )
    known: LabelValue | None = None


class OwnAnswer(AnswerFields):
    """One of a person's own answers in force. Nothing of what others say is told."""

    client_id: str
    item_id: str = Field(description="The claim's handle.")
    image_url: str | None = Field(description="Empty where the picture is not stored here.")
    path: str | None = Field(description="As the score file gives it, where there is no picture.")
    labelled_at: datetime
    final_at: datetime = Field(description="From then on it stays and counts as evidence.")
    changeable: bool = Field(
        description="Not once it is final, nor where an admin has decided the item since."
    )
    opinion: ShownOpinion | None = Field(description="The model's, if it was shown to the person.")
    claim: str | None = Field(None, description="As in the receipt.")


class Progress(BaseModel):
    """How far the queue and the person have come."""

    model_config = ConfigDict(frozen=True)

    waiting: int = Field(
        description="Told to reviewers as of some minutes ago, less their own answers since."
    )
    escalated: int | None = Field(description="Only told to those who may decide them.")
    done_today: int
    done_session: int
    order: str = Field(description="What puts an image before others, in words.")
