"""What programs send and are told of images that they add."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from review_app.core.errors import RefusalReason
from review_app.core.outgoing import MAX_LETTERS
from review_app.i18n import current_language
from review_app.intake.service import TakenFile

MAX_FILES = 20
"""Most images of one call."""
MAX_SOURCE = 200

Source = Annotated[str, StringConstraints(max_length=MAX_SOURCE)]


class AddedAs(StrEnum):
    """What became of an image that was sent."""

    NEW = "new"
    """It is in the queue now, and will be scored soon."""
    KNOWN = "known"
    """The same file was there before."""
    REFUSED = "refused"
    """It was not taken."""


class AddedImage(BaseModel):
    """An image that was sent, and what became of it."""

    name: str
    outcome: AddedAs
    item_id: int | None = Field(description="Its number; null where it was refused.")
    sha256: str | None
    reason: RefusalReason | None = Field(description="Why it was refused.")
    detail: str | None = Field(description="The same in words.")


class AddedImages(BaseModel):
    """What became of each image, in the order in which they were sent."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "images": [
                        {
                            "name": "lake.jpg",
                            "outcome": "new",
                            "item_id": 4711,
                            "sha256": "9f86d081884c7d659a2feaa0c55ad015"
                            "a3bf4f1b2b0b822cd15d6c15b0f00a08",
                            "reason": None,
                            "detail": None,
                        }
                    ]
                }
            ]
        }
    )

    images: list[AddedImage]


class Addresses(BaseModel):
    """Images to be fetched."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"addresses": ["https://images.example/lake.jpg"]}]},
    )

    addresses: list[Annotated[str, StringConstraints(min_length=1, max_length=MAX_LETTERS)]] = (
        Field(min_length=1, max_length=MAX_FILES)
    )
    source: Source | None = Field(None, description="Where they come from, for groups and exports.")


def added(files: list[TakenFile]) -> AddedImages:
    """What is told of ``files``."""
    return AddedImages(images=[_added(file) for file in files])


def _added(file: TakenFile) -> AddedImage:
    refusal = file.refusal
    outcome = AddedAs.NEW if file.is_new else AddedAs.KNOWN
    return AddedImage(
        name=file.name,
        outcome=outcome if refusal is None else AddedAs.REFUSED,
        item_id=file.item_id,
        sha256=file.sha256,
        reason=refusal and refusal.reason,
        detail=refusal and refusal.detail_in(current_language()),
    )
