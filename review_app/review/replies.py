"""What the review desk tells people: tasks, receipts, and their own answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from review_app.permissions import Permission, Person
from review_app.review.finality import final_since
from review_app.review.gold import feedback, is_gold
from review_app.review.tasks import Opinion, OwnAnswer, Receipt, Statement, Task
from storage.enums import ItemState
from storage.models import Decision, Item, Label
from storage.repositories import Repositories

Words = Callable[[Decision], str]
"""Turns a decision of the log into one plain sentence."""


def task_of(
    repos: Repositories, person: Person, item: Item, expires_at: datetime, alike: int = 0
) -> Task:
    """The item as it is handed to ``person``, an adjudicator's with what everybody said; with how
    many others look ``alike``."""
    image, picture = item.image, item.image.picture
    adjudicates = item.state is ItemState.ESCALATED and person.may(Permission.ADJUDICATE)
    statements = _statements(repos, person, item.id) if adjudicates else None
    if picture is None:
        return Task(
            item_id=item.id,
            path=image.path,
            sha256=image.sha256,
            expires_at=expires_at,
            statements=statements,
        )
    return Task(
        item_id=item.id,
        image_url=_url(item.id),
        width=picture.width,
        height=picture.height,
        expires_at=expires_at,
        alike=alike,
        statements=statements,
    )


def receipt_of(repos: Repositories, label: Label, words: Words) -> Receipt:
    """The receipt of a stored answer, with the model's opinion where it is revealed."""
    assert label.value is not None
    gold = label.extra and is_gold(repos, label)
    return Receipt(
        client_id=label.client_id,
        item_id=label.item_id,
        value=label.value,
        extra=label.extra and not gold,
        opinion=_opinion(repos, label, words),
        known=feedback(repos, label.item_id) if gold else None,
    )


def own_answer(repos: Repositories, label: Label, words: Words, now: datetime) -> OwnAnswer:
    """An answer in force as its author sees it."""
    item = repos.items.get(label.item_id)
    assert item is not None
    others = repos.labels.in_force(label.item_id)
    decided = any(other.adjudicates and other.user_id != label.user_id for other in others)
    has_picture = item.image.picture is not None
    return OwnAnswer(
        **_said(label),
        client_id=label.client_id,
        item_id=label.item_id,
        image_url=_url(item.id) if has_picture else None,
        path=None if has_picture else item.image.path,
        labelled_at=label.labelled_at,
        final_at=final_since(label),
        changeable=not decided and now < final_since(label),
        opinion=_opinion(repos, label, words),
    )


def _statements(repos: Repositories, person: Person, item_id: int) -> tuple[Statement, ...]:
    found = []
    for label in repos.labels.in_force(item_id):
        author = repos.users.get(label.user_id)
        assert author is not None
        found.append(
            Statement(
                **_said(label),
                reviewer=author.pseudonym,
                own=author.id == person.id,
                labelled_at=label.labelled_at,
                together=label.together,
            )
        )
    return tuple(found)


def _opinion(repos: Repositories, label: Label, words: Words) -> Opinion | None:
    decision = repos.decisions.of_item(label.item_id) if label.revealed else None
    if decision is None:
        return None
    return Opinion(
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


def _url(item_id: int) -> str:
    return f"/media/{item_id}"
