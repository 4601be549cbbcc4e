"""From what people settled to a challenger that is compared, promoted and taken back."""

from __future__ import annotations

import numpy as np
import pytest

from review_app.core.permissions import Person
from review_app.detectors.cached import cached_scores
from review_app.inference.checkpoint import Checkpoint
from review_app.learning.challenge import ChallengeReport
from review_app.learning.job import ask_to_compare, compare_job
from review_app.learning.learning import learn
from storage.enums import JobKind
from storage.repositories.held_out import HeadOf
from tests.learning.conftest import Labelled
from tests.learning.test_learning import enough

__all__ = ["enough"]


def test_what_a_training_made_is_compared_on_what_it_kept_apart(enough: Labelled) -> None:
    """Held-out verdicts alone compare; those that taught the challenger certify it no more."""
    place, admin = enough.place, enough.place.factory.admin("ada")
    made = learn(place.app, {"name": "better"})
    for item in place.items().values():
        place.factory.decision(item.id, policy_version=place.app.policies.current().version)
    job = place.app.jobs.get(ask_to_compare(place.app.jobs, made))
    assert job.kind is JobKind.COMPARE
    found = compare_job(place.app, job.parameters)
    assert found["labels"] == made["held_out"] == 12
    report = place.app.challenges.last(made["checkpoint"])
    assert isinstance(report, ChallengeReport)
    assert report.labels.seen == 48
    assert report.labels.verdict == 12
    assert report.recommendation.ground == "scarce"
    counted(enough, admin, made)


def counted(enough: Labelled, admin: Person, made: dict[str, object]) -> None:
    """Before and after a promotion."""
    place = enough.place
    place.app.promotions.promote(admin, str(made["checkpoint"]), "")
    assert place.counted(admin) == (0, 12)
    place.app.promotions.roll_back(admin, "")


@pytest.mark.parametrize("name", ["updated", "mc_dropout", "linear"])
def test_scores_from_cached_features_are_those_of_the_whole_checkpoint(
    name: str, enough: Labelled
) -> None:
    app = enough.place.app
    made = learn(app, {"name": "better"})
    checkpoint = Checkpoint.load(app.settings.data_dir / "checkpoints" / "better")
    keys = [item.image.key for item in enough.place.items().values()] + ["00" * 32]
    steps: list[tuple[int, int | None]] = []
    found = cached_scores(
        checkpoint, name, app.detectors.cache, keys, lambda *step: steps.append(step)
    )
    assert np.isnan(found[-1]).all()
    assert steps == [(len(keys), len(keys))]
    cached = app.detectors.cache.get_many(keys, checkpoint.card.backbone_key)
    whole = checkpoint.judge(np.stack([cached[key] for key in keys[:-1]]))
    head = next(each for each in whole.heads if each.value == name)
    np.testing.assert_allclose(found[:-1, 0], whole.heads[head].p_fake, atol=1e-12)
    np.testing.assert_allclose(found[:-1, 1], whole.scores[head], atol=1e-12)
    assert made["head"] == "updated"


def test_a_replay_scores_what_only_the_champion_has_scored(enough: Labelled) -> None:
    app = enough.place.app
    champion = app.policies.current()
    for item in enough.place.items().values():
        values = {"checkpoint_id": champion.checkpoint, "head": champion.head}
        enough.place.factory.prediction(item.id, **values)
    made = learn(app, {"name": "better"})
    found = app.challenges.replay(HeadOf(made["checkpoint"], made["head"]))
    assert (found.items, found.missing) == (60, 0)
    with app.database.read() as repos:
        assert repos.predictions.count_of(made["checkpoint"]) == 0
