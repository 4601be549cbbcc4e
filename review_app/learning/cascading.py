"""Put two detectors in a row, by the labels that are here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from review_app.cascade.card import (
    HEAD,
    PREFIX,
    CascadeCard,
    CascadeCosts,
    CascadeMember,
    cascade_id,
)
from review_app.cascade.gate import DELTA, CascadeLabels, Gate, StageScores, fit_gate
from review_app.certification.bounds import check_limits
from review_app.core.errors import InputError
from review_app.core.permissions import Permission, Person, require
from review_app.core.progress import Progress
from review_app.detectors.cards import fused_card
from review_app.detectors.fusing import DEFAULT_LABELS, good_name, refuse_known
from review_app.detectors.naming import find_member
from review_app.detectors.registry import Detectors
from review_app.detectors.teaching import Member, choose_labels, have_scored, native
from review_app.fusion.card import head_of
from review_app.fusion.fitting import telling
from review_app.i18n import Text, percent
from review_app.inference.heads.base import HeadPrediction
from review_app.lab.backbone_cost import measure
from review_app.learning.cascade_figures import figures_of_cascade
from review_app.scores.sample import draw_of
from storage.database import Database
from storage.enums import AuditKind, CheckpointKind
from storage.models import Prediction
from storage.repositories.event_log import Event
from storage.repositories.member_scores import TeachingLabel
from storage.types import utc_now

MEASURED = 8
"""Images by which costs are measured, where there are as many."""
_MAY_BE: tuple[frozenset[CheckpointKind], ...] = (
    frozenset({CheckpointKind.TRAINED}),
    frozenset({CheckpointKind.TRAINED, CheckpointKind.FUSED}),
)
"""What the cheap detector may be, and the dear one."""

Said = tuple[Prediction, Prediction]
"""What the cheap detector says of an image, and what the dear one does."""


class CascadeService:
    """A service that makes cascades in one database."""

    def __init__(self, database: Database, detectors: Detectors) -> None:
        self._database = database
        self._detectors = detectors

    def resolve(self, named: str) -> Member:
        """Checkpoint and head that ``ID`` or ``ID:HEAD`` means; the default head without one.
        Raises NotFoundError where it is not here, or has no such head."""
        with self._database.read() as repos:
            return find_member(repos, named)[1]

    def cascade(
        self,
        person: Person,
        name: str,
        cheap: Member,
        dear: Member,
        risk: float,
        labels: int = DEFAULT_LABELS,
        progress: Progress | None = None,
    ) -> CascadeCard:
        """Make ``cascade:NAME``, by at most so many ``labels`` of images that made neither
        detector, and keep it. Both score those images. Left by an exception, it leaves nothing but
        their scores.

        Raises:
            NotAllowedError: ``person`` may not.
            SettingsError: ``risk`` is no share.
            InputError: no good name, other detectors than a cascade can have, or labels that prove
                nothing of the cheap one.
            ConflictError: there is a cascade of this name: what one says of an image never changes.
        """
        actor = require(person, Permission.MANAGE_POLICY).name
        check_limits(risk, DELTA)
        name = good_name(name, PREFIX)
        self._check(cascade_id(name), cheap, dear)
        chosen, said = self._gather((cheap, dear), labels, progress)
        told = _labels(chosen, said)
        grids = self._detectors.threshold_grids(*cheap)
        gate = fit_gate(grids, told, risk)
        if gate.is_shut:
            why = {"detector": cheap[0], "risk": percent(risk)}
            raise InputError(Text("cascade.proves_nothing", {"n": len(told), **why}))
        costs = self._costs(cheap, dear, chosen)
        card = CascadeCard(
            name=name,
            created_at=utc_now(),
            created_by=actor,
            cheap=CascadeMember(checkpoint=cheap[0], head=cheap[1]),
            dear=CascadeMember(checkpoint=dear[0], head=dear[1]),
            risk=risk,
            gate=gate,
            n_labels=len(told),
            n_fake=int(told.is_fake.sum()),
            costs=costs,
            figures=figures_of_cascade(grids, told, risk, costs),
            heads={HEAD: head_of(*_cascaded(gate, told, said))},
            draws=tuple(sorted(draw_of(each.key) for each in chosen)),
        )
        self._keep(card)
        return card

    def _check(self, checkpoint_id: str, cheap: Member, dear: Member) -> None:
        with self._database.read() as repos:
            refuse_known(repos, checkpoint_id)
            for (checkpoint, _), kinds in zip((cheap, dear), _MAY_BE, strict=True):
                row = repos.checkpoints.get(checkpoint)
                if row is None or row.kind not in kinds or cheap[0] == dear[0]:
                    raise InputError(Text("cascade.unfit", {"detector": checkpoint}))

    def _gather(
        self, members: tuple[Member, Member], most: int, progress: Progress | None
    ) -> tuple[list[TeachingLabel], list[Said]]:
        """The labels that both detectors have an opinion of, and these."""
        with self._database.read() as repos:
            every = repos.member_scores.labelled(utc_now())
        made = [self._detectors.has_seen(checkpoint) for checkpoint, _ in members]
        chosen = choose_labels(every, made, most)
        have_scored(self._database, self._detectors, members, chosen, progress)
        ids = [each.image_id for each in chosen]
        with self._database.read() as repos:
            first, second = (repos.predictions.of_images(ids, c) for c, _ in members)
        pairs = [
            (each, cheap, dear)
            for each in chosen
            if (cheap := first.get(each.image_id, {}).get(members[0][1]))
            and (dear := second.get(each.image_id, {}).get(members[1][1]))
        ]
        return [each for each, *_ in pairs], [(cheap, dear) for _, cheap, dear in pairs]

    def _costs(
        self, cheap: Member, dear: Member, labels: Sequence[TeachingLabel]
    ) -> CascadeCosts | None:
        """What features of a few of the labelled images cost, each key of them once."""
        item_ids = [each.item_id for each in labels[:MEASURED]]
        images = [load() for _, load in self._detectors.loaders(cheap[0], item_ids)]
        with self._database.read() as repos:
            fused = fused_card(repos, dear[0])
        members = [dear] if fused is None else [(m.checkpoint, m.head) for m in fused.members]
        if not images or not native(members):
            return None
        first, *others = (
            self._detectors.detector(each).backbone for each in (cheap[0], *native(members))
        )
        backbones = {each.key: each for each in (first, *others)}
        spent = measure(list(backbones.values()), images)
        found = {key: cost.milliseconds for key, cost in zip(backbones, spent, strict=True)}
        dear_keys = {each.key for each in others}
        return CascadeCosts(
            cheap=found[first.key],
            dear=sum(found[key] for key in dear_keys),
            after=sum(found[key] for key in dear_keys - {first.key}),
        )

    def _keep(self, card: CascadeCard) -> None:
        checkpoint_id = cascade_id(card.name)
        with self._database.write() as repos:
            refuse_known(repos, checkpoint_id)
            document = card.model_dump(mode="json")
            repos.checkpoints.add_made(checkpoint_id, CheckpointKind.CASCADED, document)
            event = Event(AuditKind.FUSED, card.created_by, details=_told(card))
            repos.audit.add(event)


def _labels(chosen: Sequence[TeachingLabel], said: Sequence[Said]) -> CascadeLabels:
    cheap, dear = (
        StageScores(_column(said, stage, "p_fake"), _column(said, stage, "score"))
        for stage in (0, 1)
    )
    stands_for = np.array([1 / each.inclusion_probability for each in chosen], np.float64)
    is_fake = np.array([each.is_fake for each in chosen], np.bool_)
    return CascadeLabels(cheap, dear, is_fake, telling(stands_for))


def _cascaded(
    gate: Gate, told: CascadeLabels, said: Sequence[Said]
) -> tuple[HeadPrediction, NDArray[np.float64]]:
    """What the cascade says of the images, and its scores [n]."""
    sent = gate.sent(told.cheap.score)
    names = ("p_fake", "std", "entropy", "mutual_information")
    columns = (np.where(sent, _column(said, 1, each), _column(said, 0, each)) for each in names)
    return HeadPrediction(*columns), gate.said(told.cheap, told.dear).score


def _column(said: Sequence[Said], stage: int, name: str) -> NDArray[np.float64]:
    return np.array([getattr(pair[stage], name) for pair in said], np.float64)


def _told(card: CascadeCard) -> dict[str, Any]:
    return {
        "checkpoint": cascade_id(card.name),
        "members": [f"{member.checkpoint}:{member.head}" for member in (card.cheap, card.dear)],
        "labels": card.n_labels,
        "risk": card.risk,
        "gate": card.gate.model_dump(mode="json"),
    }
