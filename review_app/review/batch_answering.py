"""Several answers taken in together: each entry of a call stored, or refused alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from review_app.core.errors import ConflictError, InputError, LimitError, NotFoundError
from review_app.core.permissions import Permission, Person, require
from review_app.i18n import Text
from review_app.review import answering, changes, undoing
from review_app.review.batch import (
    ChangeEntry,
    Entry,
    LabelEntry,
    Outcome,
    SkipEntry,
)
from review_app.review.context import ReviewContext


def answer(context: ReviewContext, person: Person, entries: Sequence[Entry]) -> list[Outcome]:
    """Do what `ReviewService.answer` says."""
    require(person, Permission.REVIEW)
    answered: list[int] = []
    with context.database.together() as parts:
        inside = context.within(parts, answered)
        outcomes: dict[str, Outcome] = {}
        for entry in entries:
            outcomes[entry.client_id] = _take_in(inside, person, entry, outcomes)
    context.after_answers(answered)
    return list(outcomes.values())


def _take_in(
    context: ReviewContext,
    person: Person,
    entry: Entry,
    before: Mapping[str, Outcome],
) -> Outcome:
    """What becomes of ``entry`` after those ``before`` it."""
    known_as = entry.client_id
    try:
        if isinstance(entry, LabelEntry):
            return Outcome(known_as, receipt=answering.label(context, person, entry))
        if isinstance(entry, ChangeEntry):
            return Outcome(known_as, receipt=changes.change(context, person, entry))
        if isinstance(entry, SkipEntry):
            answering.skip(context, person, entry.item_id)
            return Outcome(known_as)
        meant = before.get(entry.of or "")
        if meant is not None and meant.refusal is not None:
            # The newest answer in force is an older one now, which nobody wanted back.
            raise ConflictError(Text("refusals.undo_of_none"))
        return Outcome(known_as, task=undoing.undo(context, person, known_as, entry.of))
    except (InputError, NotFoundError, ConflictError, LimitError) as refusal:
        return Outcome(known_as, refusal=refusal)
