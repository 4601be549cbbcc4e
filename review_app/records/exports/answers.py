"""One row per answer: the columns of an export of what each person said."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from review_app.records.exports.batch import ItemBatch
from review_app.records.exports.said import Said
from review_app.records.exports.values import Value, Values
from storage.repositories.export_answers import StoredAnswer

_STORED: Final = ("image_id", "sha256", "path", "source", "state", "policy_version", "checkpoint")


@dataclass(frozen=True)
class AnswerColumn:
    """One column of the answers. docs/exports.md explains it."""

    name: str
    type: type[str] | type[int] | type[float] | type[bool]
    """What its values are, unless they are None."""
    value: Callable[[StoredAnswer, Said], Value]


def _of_item(name: str, kind: type[str] | type[int]) -> AnswerColumn:
    """A column that tells of the answer's image; its values are put in by the batch."""
    return AnswerColumn(name, kind, lambda _answer, _said: None)


ANSWER_COLUMNS: Final = (
    AnswerColumn("answer_id", int, lambda answer, _: answer.id),
    _of_item("image_id", int),
    _of_item("sha256", str),
    _of_item("path", str),
    _of_item("source", str),
    AnswerColumn("answer", str, lambda answer, _: answer.value),
    AnswerColumn("reviewer", str, lambda answer, _: answer.pseudonym),
    AnswerColumn("labelled_at", str, lambda answer, _: answer.labelled_at.isoformat()),
    AnswerColumn("seconds", float, lambda answer, _: answer.seconds),
    AnswerColumn("counted", bool, lambda answer, _: not answer.extra),
    AnswerColumn("decides", bool, lambda answer, _: answer.adjudicates),
    AnswerColumn("blind", bool, lambda answer, _: answer.blind),
    AnswerColumn("together", int, lambda answer, _: answer.bulk_size),
    AnswerColumn("comment", str, lambda answer, _: answer.comment),
    AnswerColumn("tags", str, lambda answer, _: ";".join(dict.fromkeys(answer.tags or ()))),
    AnswerColumn("escalation", str, lambda answer, _: answer.escalation),
    AnswerColumn(
        "regions", str, lambda answer, _: json.dumps(answer.regions) if answer.regions else None
    ),
    AnswerColumn("label", str, lambda _, said: said.label),
    AnswerColumn("label_source", str, lambda _, said: said.label_source),
    _of_item("state", str),
    _of_item("policy_version", int),
    _of_item("checkpoint", str),
    AnswerColumn("weighed", bool, lambda _, said: said.weighed),
)
"""Answers in force that can no longer be taken back, by image and then oldest first."""


def answers_of(batch: ItemBatch) -> Iterator[tuple[int, StoredAnswer, Said]]:
    """The answers on the items of a batch, each with the item's place."""
    for at, said in sorted(batch.said.items(), key=lambda entry: entry[0]):
        yield from ((at, answer, said) for answer in said.labels)


def answer_values(batch: ItemBatch) -> list[Values]:
    """The values of each of `ANSWER_COLUMNS`, one for each answer on the items of a batch."""
    given = list(answers_of(batch))
    return [
        [batch.stored[column.name][at] for at, _, _ in given]
        if column.name in _STORED
        else [column.value(answer, said) for _, answer, said in given]
        for column in ANSWER_COLUMNS
    ]
