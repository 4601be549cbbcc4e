"""From what people settled to a challenger that is compared, promoted and taken back."""

from __future__ import annotations

import numpy as np
import pytest

from review_app.core.permissions import Person
from review_app.detectors.cached import CachedScores
from review_app.detectors.scoring import Scoring
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


@pytest.mark.parametrize("known", [0, 30])
@pytest.mark.parametrize("name", ["updated", "mc_dropout", "linear"])
def test_scores_from_cached_features_are_those_of_the_whole_checkpoint(
    name: str, known: int, enough: Labelled
) -> None:
    """Whether or not what the champion says of them is stored."""
    app = enough.place.app
    items = list(enough.place.items().values())[:known]
    assert not Scoring(app.database, app.detectors).complete(
        items, app.policies.current().checkpoint
    )
    made = learn(app, {"name": "better"})
    checkpoint = Checkpoint.load(app.settings.data_dir / "checkpoints" / "better")
    keys = [item.image.key for item in enough.place.items().values()] + ["00" * 32]
    steps: list[tuple[int, int | None]] = []
    judge = CachedScores(app.database, app.detectors, checkpoint, name)
    assert (judge.beneath is not None) == (name == "updated")
    found = judge.of(keys, lambda *step: steps.append(step))
    assert np.isnan(found[-1]).all()
    assert steps == [(len(keys), len(keys))]
    cached = app.detectors.cache.get_many(keys, checkpoint.card.backbone_key)
    whole = checkpoint.judge(np.stack([cached[key] for key in keys[:-1]]))
    head = next(each for each in whole.heads if each.value == name)
    np.testing.assert_allclose(found[:-1, 0], whole.heads[head].p_fake, atol=1e-5)
    np.testing.assert_allclose(found[:-1, 1], whole.scores[head], atol=1e-5)
    assert made["head"] == "updated"


def test_an_update_changes_what_the_champion_has_said(enough: Labelled) -> None:
    """What is stored of an image counts, whatever its features say: here that it is unlike all
    others. Where that was not measured yet, the features do."""
    app, champion = enough.place.app, enough.place.app.policies.current()
    made = learn(app, {"name": "better"})
    said = {"checkpoint_id": champion.checkpoint, "head": champion.head}
    for item_id, novelty in ((1, 100.0), (2, None)):
        enough.place.factory.prediction(item_id, novelty=novelty, **said)
    checkpoint = app.detectors.detector(made["checkpoint"]).checkpoint
    keys = [enough.sha256(item_id) for item_id in (1, 2)]
    features = app.detectors.cache.get_many(keys, checkpoint.card.backbone_key)
    whole = checkpoint.judge(np.stack([features[key] for key in keys]))
    expected = whole.scores[checkpoint.default_head]
    found = CachedScores(app.database, app.detectors, checkpoint, made["head"]).of(keys)[:, 1]
    assert expected[0] != 0.5
    assert found[0] == 0.5
    assert found[1] == pytest.approx(expected[1], abs=1e-5)


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
