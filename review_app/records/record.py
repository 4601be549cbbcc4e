"""Everything that is known of one image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from review_app.detectors.cards import stored_card
from review_app.detectors.members import MemberSaid, stored_members
from review_app.forensics.claims import generator_claim
from review_app.inference.scope_text import place_in_words
from review_app.inference.scopes import place_of
from review_app.policy.decision_text import text_of
from review_app.policy.undo_window import final_since
from review_app.records.search import display_name
from review_app.records.timeline import ANSWERS, NEUTRAL, TimelineEvent, timeline
from storage.enums import ItemState, LabelValue
from storage.models import AuditEvent, DecisionRow, Item, Label
from storage.repositories import Repositories
from storage.repositories.evidence import Uncounted
from storage.states import WITH_PEOPLE


class AnswerFlag(StrEnum):
    """A flag that sets an answer apart from others."""

    ADJUDICATES = "adjudicates"
    """An admin's, and it alone decides."""
    EXTRA = "extra"
    """The answer is kept beside the others, and does not count."""
    IN_SIGHT = "in_sight"
    """The answer was given after its author had seen what the model thinks."""
    TOGETHER = "together"
    """The answer was given in the grid, for several images that look alike at once."""
    SUPERSEDED = "superseded"
    """Its author gave another one in its place."""
    WITHDRAWN = "withdrawn"
    """Its author took it back."""
    NOT_FINAL = "not_final"
    """Its author can still take it back."""


class Evidence(StrEnum):
    """A kind of proof that an image's label is part of."""

    CALIBRATION = "calibration"
    """It is among the labels that certificates are computed on."""
    AUDIT = "audit"
    """The blind audit drew the image, and reads its verdict."""


@dataclass(frozen=True)
class Answer:
    """An answer that somebody gave on the image."""

    by: str
    value: LabelValue
    at: datetime
    comment: str
    escalation: str | None
    tags: tuple[str, ...]
    regions: int
    """How many marks they made on the image."""
    together: int | None
    """How many images they answered so at once; None where they looked at this one alone."""
    marks: tuple[AnswerFlag, ...]


@dataclass(frozen=True)
class Corrected:
    """A verdict that an admin put right."""

    by: str
    at: datetime
    was: LabelValue
    value: LabelValue
    reason: str


@dataclass(frozen=True)
class DetectorView:
    """The opinion of the detector, and why triage decided so."""

    p_fake: float
    std: float
    score: float
    """What thresholds are compared with: 0 surely real, 1 surely fake."""
    novelty: float | None
    scope: str | None
    """The kind of images that it is most like, as the checkpoint's card names it."""
    scope_text: str
    """A sentence on what was measured on images like it, or that nothing was; empty where nothing
    tells."""
    text: str
    head: str
    checkpoint: str
    policy_version: int
    group: str | None
    """The group by which the policy decided; None where it knows none."""
    at: datetime
    members: tuple[MemberSaid, ...] = ()
    """What its members say, where it is a fused detector."""


@dataclass(frozen=True)
class File:
    """The image's file."""

    name: str
    """The name of the file, or its path, as a score file gives it."""
    source: str | None
    split: str | None
    sha256: str | None
    size: tuple[int, int] | None
    """Width and height in pixels; None where the picture is not stored here."""
    format: str | None
    n_bytes: int | None
    n_frames: int | None
    """The number of frames: of an animation or of several pages the first is what is shown and
    scored; None where the picture is not stored here."""
    paged: bool
    """Whether those are pages."""
    generator_claim: str | None
    """A sentence that the file says a generator made it, and what stands behind that; see
    `forensics.claims`. None while the image waits to be judged."""


@dataclass(frozen=True)
class DeletedFile:
    """A file that an admin deleted."""

    by: str
    at: datetime
    reason: str
    due: datetime | None = None
    """The time at which it goes, until which that can be undone; None where it is gone."""


@dataclass(frozen=True)
class ImageRecord:
    """The record of one image.

    ``blind``: it waits to be judged, so neither the detector's opinion nor what else may sway
    somebody is told. An escalated one's answers are, as they are to whoever decides it.
    """

    item_id: int
    file: File
    state: ItemState
    since: datetime
    verdict: LabelValue | None
    """The verdict of people, or the label that it came with; corrections leave it as it is."""
    corrections: tuple[Corrected, ...]
    """The corrections, the oldest first; the newest one counts."""
    final_at: datetime | None
    """The time at which the verdict can be taken back no longer; None where there is none, or it is
    so."""
    blind: bool
    known: LabelValue | None
    """The label that came with it."""
    said: DetectorView | None
    answers: tuple[Answer, ...]
    """All ever given, oldest first."""
    evidence: tuple[Evidence, ...]
    uncounted: tuple[Uncounted, ...]
    """Why its label is not among those that certificates are computed on; empty where it is, and
    while it waits to be judged."""
    near: int | None
    """The number of the earlier image that it is a copy of; None also while it waits."""
    faces: int | None
    """The number of faces that were found in the picture; None where nobody looked."""
    tags: tuple[str, ...]
    """What admins have put on it, to find it by."""
    archived: bool
    assigned: str | None
    """The name of whom it is kept for; None where it is everybody's."""
    deleted: DeletedFile | None
    """Who deleted its file; None where it was not deleted."""
    happenings: tuple[TimelineEvent, ...]
    last_event: int
    """Number of the newest event of the log about it, whether told or not; 0: there is none. A form
    that was loaded with the record names it."""

    @property
    def has_verdict(self) -> bool:
        """Whether there is something that could be corrected, now or once it is final."""
        accepted = self.state is ItemState.AUTO_ACCEPTED
        return not self.blind and (accepted or self.verdict is not None)

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON can hold it."""
        document: dict[str, Any] = TypeAdapter(ImageRecord).dump_python(self, mode="json")
        return document


def read_record(repos: Repositories, item: Item, person_id: int, now: datetime) -> ImageRecord:
    """The item's record as it may be told to that person at ``now``."""
    seen = repos.labels.has_seen_opinion(person_id, item.id)
    blind = item.state in WITH_PEOPLE and not seen
    answers_told = not blind or item.state is ItemState.ESCALATED
    decisions = [] if blind else repos.decisions.all_on(item.id)
    changes = [] if blind else repos.bulk_actions.on(item.id)
    labels = repos.labels.ever_on(item.id) if answers_told else []
    file = repos.taken_files.that_brought(item.id)
    looked = repos.faces.of_items([item.id]).get(item.id)
    final_at = item.final_at if item.final_at and item.final_at > now else None
    return ImageRecord(
        item_id=item.id,
        file=_file(item, blind),
        state=item.state,
        since=item.state_since,
        verdict=None if blind else item.verdict,
        corrections=() if blind else tuple(_corrections(repos, item.id)),
        final_at=None if blind else final_at,
        blind=blind,
        known=None if blind else repos.known_labels.of_item(item.id),
        said=_said(repos, item, decisions[-1]) if decisions else None,
        answers=tuple(_answers(labels, now)),
        evidence=() if blind else tuple(evidence_of(repos, item.id, now)),
        uncounted=() if blind else tuple(repos.calibration.uncounted(item.id, now)),
        near=None if blind else _near(repos, item),
        faces=None if looked is None else len(looked.boxes),
        tags=tuple(repos.item_marks.tags_of(item.id)),
        archived=repos.item_marks.is_archived(item.id),
        assigned=repos.assignments.name_of(item.id),
        deleted=_deleted(repos, item.id),
        happenings=tuple(timeline(_events(repos, item, blind), file, decisions, changes)),
        last_event=last_event(repos, item.id),
    )


def evidence_of(repos: Repositories, item_id: int, now: datetime) -> list[Evidence]:
    """What the item's label is evidence for by ``now``."""
    found = []
    if repos.calibration.counts(item_id, now):
        found.append(Evidence.CALIBRATION)
    if repos.audits.is_settled(item_id, now):
        found.append(Evidence.AUDIT)
    return found


def last_event(repos: Repositories, item_id: int) -> int:
    """The number of the newest event about the item; 0: there is none."""
    return max((event.id for event in repos.event_history.of_item(item_id)), default=0)


def _deleted(repos: Repositories, item_id: int) -> DeletedFile | None:
    found = repos.item_marks.tombstone(item_id)
    if found is None:
        return _about_to_go(repos, item_id)
    return DeletedFile(found.deleted_by, found.deleted_at, found.reason)


def _about_to_go(repos: Repositories, item_id: int) -> DeletedFile | None:
    action = repos.item_marks.deletion(item_id)
    if action is None:
        return None
    due = datetime.fromisoformat(action.details["due"])
    return DeletedFile(action.asked_by, action.asked_at, action.details["reason"], due)


def _near(repos: Repositories, item: Item) -> int | None:
    near_id = item.image.near_id
    earlier = None if near_id is None else repos.items.by_image(near_id)
    return None if earlier is None else earlier.id


def _events(repos: Repositories, item: Item, blind: bool) -> list[AuditEvent]:
    told = (*NEUTRAL, *(ANSWERS if item.state is ItemState.ESCALATED else ()))
    events = repos.event_history.of_item(item.id)
    return [event for event in events if not blind or event.kind in told]


def _corrections(repos: Repositories, item_id: int) -> list[Corrected]:
    return [
        Corrected(name, row.created_at, row.was, row.value, row.reason)
        for row, name in repos.corrections.on(item_id)
    ]


def _file(item: Item, blind: bool) -> File:
    image = item.image
    picture = image.picture
    return File(
        name=display_name(item),
        source=item.source,
        split=item.split,
        sha256=image.sha256,
        size=(picture.width, picture.height) if picture else None,
        format=image.format,
        n_bytes=image.n_bytes,
        n_frames=image.n_frames,
        paged=image.is_paged,
        generator_claim=None if blind else generator_claim(image.file_metadata),
    )


def _said(repos: Repositories, item: Item, row: DecisionRow) -> DetectorView:
    own = repos.predictions.of_images([item.image_id], row.checkpoint_id).get(item.image_id, {})
    scope = own[row.head].scope if row.head in own else None
    card = stored_card(repos, row.checkpoint_id)
    place = None if card is None else place_of(card, scope, row.novelty)
    return DetectorView(
        p_fake=row.p_fake,
        std=row.std,
        score=row.score,
        novelty=row.novelty,
        scope=scope,
        scope_text="" if place is None else place_in_words(place, row.head),
        text=text_of(row),
        head=row.head,
        checkpoint=row.checkpoint_id,
        policy_version=row.policy_version,
        group=row.group_name,
        at=row.decided_at,
        members=stored_members(repos, row.checkpoint_id, item.image_id),
    )


def _answers(labels: Sequence[tuple[Label, str]], now: datetime) -> list[Answer]:
    after = {label.supersedes_id: label for label, _ in labels}
    return [
        Answer(
            by=name,
            value=label.value,
            at=label.labelled_at,
            comment=label.comment,
            escalation=label.escalation,
            tags=tuple(label.tags or ()),
            regions=len(label.regions or ()),
            together=label.bulk_size,
            marks=tuple(_marks(label, after.get(label.id), now)),
        )
        for label, name in labels
        if label.value is not None
    ]


def _marks(label: Label, successor: Label | None, now: datetime) -> list[AnswerFlag]:
    in_force = successor is None
    told = {
        AnswerFlag.ADJUDICATES: label.adjudicates,
        AnswerFlag.EXTRA: label.extra,
        AnswerFlag.IN_SIGHT: not label.blind,
        AnswerFlag.TOGETHER: label.bulk_size is not None,
        AnswerFlag.SUPERSEDED: successor is not None and successor.value is not None,
        AnswerFlag.WITHDRAWN: successor is not None and successor.value is None,
        AnswerFlag.NOT_FINAL: in_force and final_since(label) > now,
    }
    return [mark for mark, holds in told.items() if holds]
