"""Answers from outside the queue: on an image that the caller names, kept beside the queue's own.

Whoever names the image has chosen it, and nobody knows what they were shown before. So such an
answer is never blind, counts in no consensus and settles nothing: were it to take an image out of
the queue, callers could choose which images are left to prove something (docs/adr/0075).
"""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from review_app.core.errors import ConflictError, NotFoundError
from review_app.core.permissions import Permission, Person, require
from review_app.i18n import Text
from review_app.review import label_writer
from review_app.review.context import ReviewContext
from review_app.review.tasks import AnswerFields
from storage.enums import AuditKind, ItemState, LabelValue
from storage.models import Item, Label
from storage.repositories import Repositories

_WITH_ANSWERS = (ItemState.IN_REVIEW, ItemState.ESCALATED, ItemState.RESOLVED)
"""The states of images that people are, or were, asked about."""
_LARGEST_ID = 2**63 - 1


class AsideAnswer(AnswerFields):
    """An answer on an image that the caller names."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"item_id": 4711, "value": "fake", "comment": "the ears"}]},
    )

    item_id: int = Field(ge=1, le=_LARGEST_ID)


class KeptAnswer(BaseModel):
    """What was kept of such an answer. It tells nothing of how the image stands."""

    label_id: int
    item_id: int
    value: LabelValue
    labelled_at: datetime


def answer_aside(
    context: ReviewContext, person: Person, answer: AsideAnswer, client_id: str
) -> KeptAnswer:
    """Do what `ReviewService.answer_aside` says."""
    require(person, Permission.REVIEW)
    with context.database.write() as repos:
        known = repos.labels.by_client_id(client_id)
        if known is None:
            item = _item(repos, answer.item_id)
            _require_none_of(repos, person, item.id)
            known = _keep(repos, person, item, answer, client_id, context.clock())
        elif (known.user_id, known.item_id, known.value) != (
            person.id,
            answer.item_id,
            answer.value,
        ):
            raise ConflictError(Text("refusals.other_content"))
        return KeptAnswer(
            label_id=known.id,
            item_id=known.item_id,
            value=answer.value,
            labelled_at=known.labelled_at,
        )


def _item(repos: Repositories, item_id: int) -> Item:
    item = repos.items.get(item_id)
    if item is None or item.state not in _WITH_ANSWERS:
        # One refusal for "not there" and "people are not asked": which of both is no news.
        raise NotFoundError(Text("refusals.no_item", {"item": str(item_id)}))
    return item


def _require_none_of(repos: Repositories, person: Person, item_id: int) -> None:
    if any(label.user_id == person.id for label in repos.labels.in_force(item_id)):
        raise ConflictError(Text("refusals.answered_already"))


def _keep(
    repos: Repositories,
    person: Person,
    item: Item,
    answer: AsideAnswer,
    client_id: str,
    now: datetime,
) -> Label:
    label = repos.labels.add(
        Label(
            **label_writer.said(answer),
            client_id=client_id,
            item_id=item.id,
            user_id=person.id,
            blind=False,
            extra=True,
            seconds=None,
            labelled_at=now,  # and final at once: an undo would hand out an image that was chosen
        )
    )
    details = {"label": label.id, "value": label.value, "extra": True, "aside": True}
    same = (item.state, item.verdict, item.final_at)
    kind = AuditKind.LABELLED
    repos.items.settle(person.name, item, *same, kind, details, weighed=item.weighed)
    return label
