"""Options of review: what an admin may change while the app runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from review_app.core.options import store_options
from review_app.core.permissions import Person
from review_app.policy.tags import COMMON_TAGS, Tags
from storage.database import Database
from storage.repositories import Repositories
from storage.repositories.labels import MAX_WINDOW
from storage.repositories.lease import Lease

_KEY = "review"


class Reveal(StrEnum):
    """The time at which a reviewer learns what the model thinks."""

    AFTER_LABEL = "after_label"
    """Once their own answer is stored."""
    NEVER = "never"
    """A reviewer never learns it."""


class Veil(StrEnum):
    """A way in which an image looks at first, to spare whoever looks at upsetting ones all day."""

    NONE = "none"
    """The image is shown as it is."""
    BLUR = "blur"
    """Blurred, until the reviewer shows it."""
    GREYSCALE = "greyscale"
    """The image has no colour until the reviewer shows it."""


class ReviewOptions(BaseModel):
    """Deployment-wide choices about review."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reveal: Reveal = Reveal.AFTER_LABEL
    needed_labels: int = Field(1, ge=1, le=9, description="Answers per item before it is settled.")
    second_reviewer: bool = Field(
        False, description="Ask one person more about images that are unclear to the detector."
    )
    weigh_by_skill: bool = Field(
        False, description="Answers of several people count by how well each of them answers."
    )
    tags: Tags = Field(COMMON_TAGS, description="Kinds of manipulation that reviewers may tag.")
    gold_share: float = Field(
        0, ge=0, le=0.5, description="Share of images handed out whose label is known."
    )
    gold_feedback: bool = Field(
        False, description="Tell the known label after the answer on such an image."
    )
    second_look_share: float = Field(
        0,
        ge=0,
        le=0.2,
        description="Share of images settled by one person that another looks at again, unseen.",
    )
    veil: Veil = Field(
        Veil.NONE, description="How images look at first, where a reviewer has not chosen."
    )
    reviewers_inspect: bool = Field(
        True, description="Reviewers may have images of their own read on the Inspect page."
    )
    claim_before_answer: bool = Field(
        False, description="Reviewers learn before they answer what made an image, if it says so."
    )
    undo_minutes: float = Field(
        5,
        ge=0,
        le=MAX_WINDOW / timedelta(minutes=1),
        description="How long an answer can be taken back; then it counts.",
    )
    lease_minutes: float = Field(10, gt=0, le=24 * 60, description="How long a claim lasts.")
    hold_hours: float = Field(
        4, ge=0.1, le=24 * 7, description="How long a claim can be renewed; then others come first."
    )
    skips_per_minute: int = Field(
        30, ge=1, le=1000, description="Images that one person may skip in a minute."
    )
    skips_per_day: int = Field(
        300, ge=1, le=100_000, description="Images that one person may skip in 24 hours."
    )
    new_per_hour: int = Field(
        300,
        ge=10,
        le=100_000,
        description="Images that one person may be handed in an hour beyond those they answer.",
    )

    def lease(self, now: datetime) -> Lease:
        """The end of the lease of what is handed out or renewed ``now``."""
        lasts, longest = timedelta(minutes=self.lease_minutes), timedelta(hours=self.hold_hours)
        return Lease.of(now, lasts, longest)


def read_options(repos: Repositories) -> ReviewOptions:
    """The options in force."""
    return ReviewOptions.model_validate(repos.options.get(_KEY) or {})


def change_options(
    database: Database, person: Person, options: ReviewOptions, seen: ReviewOptions | None = None
) -> ReviewOptions:
    """Put ``options`` in force, or of them what differs from ``seen``; what is in force then. Items
    that wait already keep the number of answers they had.

    Raises as `store_options`.
    """
    return store_options(database, person, _KEY, options, seen)
