"""Replies of the review service: tasks, receipts, and people's own answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from review_app.core.permissions import Permission, Person
from review_app.forensics.claims import generator_claim
from review_app.policy.undo_window import final_since
from review_app.review.gold import feedback, is_gold
from review_app.review.label_writer import decided_since
from review_app.review.regions import Region, Shape
from review_app.review.tasks import (
    OwnAnswer,
    Receipt,
    ReviewerAnswer,
    ShownOpinion,
    Task,
    Withdrawn,
)
from storage.enums import ItemState
from storage.models import DecisionRow, FaceRow, Label
from storage.repositories import Repositories
from storage.repositories.lease import Handed

Words = Callable[[DecisionRow], str]
"""A function that turns a decision of the log into one plain sentence."""


def task_of(repos: Repositories, person: Person, held: Handed) -> Task:
    """The item as it is handed to ``person``."""
    (task,) = tasks_of(repos, person, [held])
    return task


def tasks_of(
    repos: Repositories,
    person: Person,
    held: Sequence[Handed],
    alike: Mapping[int, int] | None = None,
) -> list[Task]:
    """Items as they are handed to ``person``, with what they took back of each, and an
    adjudicator's with what everybody said; ``alike``: how many others look like it, by item id."""
    withdrawn = repos.labels.withdrawn_by(person.id, [one.item.id for one in held])
    others = alike or {}
    faces = repos.faces.of_items([one.item.id for one in held])
    return [
        _task(
            repos,
            person,
            one,
            others.get(one.item.id, 0),
            withdrawn.get(one.item.id),
            _outlines(faces.get(one.item.id)),
        )
        for one in held
    ]


def _outlines(row: FaceRow | None) -> tuple[Region, ...]:
    """The places of faces. How sure their finder was is not told: it might sway."""
    boxes = [] if row is None else [box[:4] for box in row.boxes]
    corners = [
        ((left, top), (min(left + width, 1.0), min(top + height, 1.0)))
        for left, top, width, height in boxes
    ]
    return tuple(Region(shape=Shape.RECTANGLE, points=pair) for pair in corners)


def _task(
    repos: Repositories,
    person: Person,
    held: Handed,
    alike: int,
    withdrawn: Label | None,
    faces: tuple[Region, ...],
) -> Task:
    item = held.item
    image, picture = item.image, item.image.picture
    adjudicates = item.state is ItemState.ESCALATED and person.may(Permission.ADJUDICATE)
    common: dict[str, Any] = {
        "item_id": held.handle,
        "expires_at": held.expires_at,
        "statements": _statements(repos, person, item.id) if adjudicates else None,
        "withdrawn": None if withdrawn is None else _withdrawn(withdrawn),
    }
    if picture is None:
        return Task(path=image.path, sha256=image.sha256, **common)
    return Task(
        image_url=_url(held.handle),
        width=picture.width,
        height=picture.height,
        frames=image.n_frames or 1,
        paged=image.is_paged,
        alike=alike,
        faces=faces,
        **common,
    )


def receipt_of(repos: Repositories, label: Label, handle: str, words: Words) -> Receipt:
    """The receipt of a stored answer on what its author knows by ``handle``, with the model's
    opinion where it is revealed."""
    assert label.value is not None
    gold = label.extra and is_gold(repos, label)
    return Receipt(
        client_id=label.client_id,
        item_id=handle,
        value=label.value,
        extra=label.extra and not gold,
        opinion=_opinion(repos, label, words),
        claim=_claim(repos, label),
        known=feedback(repos, label.item_id) if gold else None,
    )


def handle_of(repos: Repositories, label: Label) -> str:
    """What the label's author knows its item by."""
    claim = repos.claims.last_of(label.user_id, label.item_id)
    assert claim is not None
    return claim.handle


def own_answer(repos: Repositories, label: Label, words: Words, now: datetime) -> OwnAnswer:
    """An answer in force as its author sees it."""
    item = repos.items.get(label.item_id)
    assert item is not None
    handle = handle_of(repos, label)
    decided = decided_since(repos, label)
    has_picture = item.image.picture is not None
    return OwnAnswer(
        **_said(label),
        client_id=label.client_id,
        item_id=handle,
        image_url=_url(handle) if has_picture else None,
        path=None if has_picture else item.image.path,
        labelled_at=label.labelled_at,
        final_at=final_since(label),
        changeable=not decided and now < final_since(label),
        opinion=_opinion(repos, label, words),
        claim=_claim(repos, label),
    )


def _withdrawn(label: Label) -> Withdrawn:
    return Withdrawn(**_said(label), client_id=label.client_id)


def _statements(repos: Repositories, person: Person, item_id: int) -> tuple[ReviewerAnswer, ...]:
    found = []
    for label in repos.labels.in_force(item_id):
        author = repos.users.get(label.user_id)
        assert author is not None
        found.append(
            ReviewerAnswer(
                **_said(label),
                reviewer=author.pseudonym,
                own=author.id == person.id,
                labelled_at=label.labelled_at,
                together=label.bulk_size,
            )
        )
    return tuple(found)


def _claim(repos: Repositories, label: Label) -> str | None:
    """What the file says of itself, for whom the opinion is revealed to as well: an answer in this
    one's place would not be blind to it."""
    item = repos.items.get(label.item_id) if label.revealed else None
    return None if item is None else generator_claim(item.image.file_metadata)


def _opinion(repos: Repositories, label: Label, words: Words) -> ShownOpinion | None:
    decision = repos.decisions.of_item(label.item_id) if label.revealed else None
    if decision is None:
        return None
    return ShownOpinion(
        p_fake=decision.p_fake,
        std=decision.std,
        score=decision.score,
        novelty=decision.novelty,
        words=words(decision),
    )


def _said(label: Label) -> dict[str, Any]:
    return {
        "value": label.value,
        "comment": label.comment,
        "tags": label.tags or (),
        "regions": label.regions or (),
        "escalation": label.escalation,
    }


def _url(handle: str) -> str:
    return f"/media/{handle}"
