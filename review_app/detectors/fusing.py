"""Make one detector of several, by the labels that are here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from review_app.core.errors import ConflictError, InputError
from review_app.core.permissions import Permission, Person, require
from review_app.core.progress import Progress
from review_app.detectors.cards import stored_card
from review_app.detectors.naming import MADE_OF_OTHERS, find_member
from review_app.detectors.teaching import Float64, Member, Members, Teaching, gather
from review_app.fusion.assessment import Assessment, assess
from review_app.fusion.card import HEAD as FUSED_HEAD
from review_app.fusion.card import PREFIX, FusedCard, figures_of, fused_id, head_of, members_of
from review_app.fusion.fitting import Fitted, fit
from review_app.i18n import Text
from review_app.inference.heads.base import HeadPrediction
from review_app.scores.card import HEAD as EXTERNAL_HEAD
from review_app.scores.row import LONGEST
from review_app.scores.sample import draw_of
from storage.database import Database
from storage.enums import AuditKind, CheckpointKind
from storage.repositories import Repositories
from storage.repositories.event_log import Event
from storage.types import utc_now

DEFAULT_LABELS = 500
"""Labels that make a fusion, if there are as many: more would tell ten weights little, and are
worth more for its certificate."""
GRID = 200
"""Images that make the threshold grid, where there are as many."""
MOST_MEMBERS = 50
_SEED = 0


class FusionService:
    """A service that makes fused detectors in one database."""

    def __init__(self, database: Database, models: Members) -> None:
        self._database = database
        self._models = models

    def choices(self) -> list[Member]:
        """What may be a member: every head of each detector that has scored something here."""
        with self._database.read() as repos:
            found: list[Member] = []
            for row in repos.checkpoints.of_kind(CheckpointKind.TRAINED):
                card = stored_card(repos, row.id)
                found += [] if card is None else [(row.id, head.value) for head in card.heads]
            external = repos.checkpoints.of_kind(CheckpointKind.EXTERNAL)
            return [*found, *((row.id, EXTERNAL_HEAD) for row in external)]

    def resolve(self, named: str) -> Member:
        """Checkpoint and head that ``ID`` or ``ID:HEAD`` means; the default head without one.

        Raises:
            NotFoundError: it is not here, or has no such head.
            InputError: it is made of others itself.
        """
        with self._database.read() as repos:
            kind, member = find_member(repos, named)
        if kind in MADE_OF_OTHERS:
            raise InputError(Text("fuse.is_fused", {"detector": member[0]}))
        return member

    def fuse(
        self,
        person: Person,
        name: str,
        members: Sequence[Member],
        labels: int = DEFAULT_LABELS,
        progress: Progress | None = None,
    ) -> FusedCard:
        """Do as `make`, in the name of ``person``, who must be allowed to."""
        actor = require(person, Permission.MANAGE_POLICY).name
        return self.make(actor, name, members, labels, progress)

    def check(self, name: str, members: Sequence[Member]) -> str:
        """The name as it will be kept; raises as `make`."""
        found = good_name(name, PREFIX)
        _refuse_members(members)
        with self._database.read() as repos:
            refuse_known(repos, fused_id(found))
        return found

    def make(
        self,
        actor: str,
        name: str,
        members: Sequence[Member],
        labels: int = DEFAULT_LABELS,
        progress: Progress | None = None,
    ) -> FusedCard:
        """Make ``fused:NAME`` of ``members`` by at most so many ``labels`` (`gather` says which),
        and keep it.

        Left by an exception, it leaves nothing but members' scores.

        Raises:
            InputError: fewer than two members, one of them twice, or no good name.
            ConflictError: there is a fusion of this name: what one says of an image never changes.
        """
        name = self.check(name, members)
        found = gather(self._database, self._models, members, labels, progress)
        fitted = fit(found.here, found.labelled)
        worth = assess(found.here, found.labelled, _SEED, progress)
        card = _card(actor, name, members, found, fitted, worth)
        with self._database.write() as repos:
            refuse_known(repos, fused_id(name))
            kind, document = CheckpointKind.FUSED, card.model_dump(mode="json")
            repos.checkpoints.add_made(fused_id(name), kind, document)
            repos.audit.add(Event(AuditKind.FUSED, actor, details=_told(card)))
        return card


def _card(
    actor: str,
    name: str,
    members: Sequence[Member],
    found: Teaching,
    fitted: Fitted,
    worth: Assessment | None,
) -> FusedCard:
    labelled = found.labelled
    grid_keys, others = _grid_others(found)
    apart = fitted.model.predict(others)
    said = apart if worth is None else HeadPrediction.concatenated([worth.prediction, apart])
    n_scored = (~np.isnan(labelled.scores)).sum(axis=0).tolist()
    return FusedCard(
        name=name,
        created_at=utc_now(),
        created_by=actor,
        members=members_of(list(members), n_scored, fitted, worth),
        n_labels=len(labelled),
        n_fake=int(labelled.is_fake.sum()),
        n_effective=float(labelled.weights.sum()),
        learned=fitted.weighed is not None,
        figures=figures_of(worth),
        heads={FUSED_HEAD: head_of(said)},
        model=fitted.model,
        draws=tuple(sorted(draw_of(key) for key in (*found.keys, *grid_keys))),
    )


def _grid_others(found: Teaching) -> tuple[list[str], Float64]:
    """Images without a label that make the grid, by key, and their scores: as many as the labelled
    ones lack, those of the lowest draws."""
    lacking = max(GRID - len(found.keys), 0)
    order = sorted(range(len(found.other_keys)), key=lambda at: draw_of(found.other_keys[at]))
    taken = order[:lacking]
    return [found.other_keys[at] for at in taken], found.other_scores[taken]


def good_name(name: str, prefix: str) -> str:
    """The name of a detector that is to be made, without the ``prefix`` of its kind.

    Raises InputError for what is no name.
    """
    found = name.strip().removeprefix(prefix)
    if not found or not found.isprintable() or len(found) > LONGEST["detector"]:
        most = str(LONGEST["detector"])
        raise InputError(Text("fuse.bad_name", {"name": repr(name), "most": most}))
    return found


def _refuse_members(members: Sequence[Member]) -> None:
    twice = sorted({f"{c}:{h}" for c, h in members if members.count((c, h)) > 1})
    if twice:
        raise InputError(Text("fuse.twice", {"members": ", ".join(twice)}))
    if not 1 < len(members) <= MOST_MEMBERS:
        told = {"most": str(MOST_MEMBERS), "n": str(len(members))}
        raise InputError(Text("fuse.how_many", told))


def refuse_known(repos: Repositories, checkpoint_id: str) -> None:
    """Raise ConflictError where there is a detector of this id."""
    if repos.checkpoints.get(checkpoint_id) is not None:
        raise ConflictError(Text("fuse.known", {"detector": checkpoint_id}))


def _told(card: FusedCard) -> dict[str, Any]:
    return {
        "checkpoint": fused_id(card.name),
        "members": [f"{member.checkpoint}:{member.head}" for member in card.members],
        "labels": card.n_labels,
        "learned": card.learned,
    }
