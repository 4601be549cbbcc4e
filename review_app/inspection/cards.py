"""Who may read which checkpoint's card.

A card says what a detector is worth, and nothing of any image, so it ends nobody's blindness.
Reviewers read that of the detector whose scores they may be shown; what else was tried here is for
those who manage it.
"""

from __future__ import annotations

from dataclasses import dataclass

from review_app.core.errors import NotAllowedError
from review_app.core.permissions import Permission, Person, require
from review_app.detectors.registry import Detectors
from review_app.i18n import Text
from review_app.inference.card import CheckpointCard
from review_app.policy.governance import PolicyService


@dataclass(frozen=True)
class ShownCard:
    """A card that somebody may read."""

    card: CheckpointCard
    head: str
    """The head that triage decides on; of a checkpoint that is not in force, its default one."""
    in_force: bool
    parent: str | None
    """Id of the checkpoint that it replaces, where its card may be read, too."""


class CardService:
    """The cards of the checkpoints of one deployment."""

    def __init__(self, policies: PolicyService, detectors: Detectors) -> None:
        self._policies = policies
        self._detectors = detectors

    def reader(self) -> str:
        """Id of the checkpoint that reads images now."""
        return self._detectors.reader(self._policies.current().checkpoint).checkpoint.id

    def show(self, person: Person, checkpoint_id: str) -> ShownCard:
        """The card of a checkpoint that was ever in force or offered here.

        Raises NotAllowedError for whoever may not read it, whether it is here or not, and
        NotFoundError where it is not.
        """
        require(person, Permission.READ_CARD)
        policy = self._policies.current()
        sees_all = person.may(Permission.SEE_QUEUE)
        if (
            not sees_all
            and checkpoint_id != self._detectors.reader(policy.checkpoint).checkpoint.id
        ):
            raise NotAllowedError(Text("card.not_in_force"))
        card = self._detectors.card(checkpoint_id)
        in_force = checkpoint_id == policy.checkpoint
        head = policy.head if in_force else card.default_head.value
        return ShownCard(card, head, in_force, card.parent if sees_all else None)
