"""Two detectors in a row: only what the first leaves reaches the second, and the whole is a
detector like any other."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image

from review_app.cascade.card import HEAD, CascadeCard
from review_app.cascade.gate import Gate
from review_app.core.errors import ConflictError, InputError, NotAllowedError, SettingsError
from review_app.core.permissions import Person
from review_app.core.settings import DEFAULT_CHECKPOINT
from review_app.detectors.cascaded import CascadedDetector
from review_app.detectors.members import stored_members
from review_app.detectors.scoring import Scoring
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.heads import HeadName
from review_app.inference.service import Detector, Opinion, Scored
from storage.enums import AuditKind, CheckpointKind, ItemState, LabelValue
from storage.models import Item
from tests.applications import LOOSE, Deployment, deployment, write_pictures

CHEAP, DEAR = (DEFAULT_CHECKPOINT.parent / name for name in ("source", "faces"))
ID, RISK = "cascade:quick", 0.3
LABELLED, NEW = 60, 12
SURE = 0.31
"""Doubt of the first detector up to which labels agree with it."""


class World(NamedTuple):
    """A deployment in which a cascade was made, adopted, and has triaged new images."""

    place: Deployment
    admin: Person
    members: tuple[tuple[str, str], tuple[str, str]]
    card: CascadeCard
    new: list[Item]

    def said(self, items: list[Item], checkpoint: str, head: str) -> dict[int, tuple[object, ...]]:
        """What is stored of the ``items``, by their ids."""
        with self.place.app.database.read() as repos:
            found = repos.predictions.of_images([item.image_id for item in items], checkpoint)
        rows = {i.id: found[i.image_id][head] for i in items if i.image_id in found}
        return {at: (r.p_fake, r.std, r.entropy, r.mutual_information) for at, r in rows.items()}

    def scores(self, items: list[Item], checkpoint: str, head: str) -> dict[int, float]:
        with self.place.app.database.read() as repos:
            found = repos.predictions.of_images([item.image_id for item in items], checkpoint)
        return {i.id: found[i.image_id][head].score for i in items if i.image_id in found}

    def sent(self) -> list[Item]:
        """The new images that the gate sends on, by what is stored of the first detector."""
        scores = self.scores(self.new, *self.members[0])
        return [item for item in self.new if self.card.gate.sends(scores[item.id])]


def manifest(folder: Path, paths: list[Path]) -> Path:
    """Labels that the first detector is right about where it is sure, and wrong where it is not."""
    detector = Detector(Checkpoint.load(CHEAP))
    found = detector.score([(path.name, Image.open(path)) for path in paths])
    scores = [s.opinions[HeadName.LINEAR].score for s in found if isinstance(s, Scored)]
    with (folder / "manifest.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label"])
        for path, score in zip(paths, scores, strict=True):
            is_sure = min(score, 1 - score) <= SURE
            writer.writerow([path.name, "fake" if (score >= 0.5) == is_sure else "real"])
    return folder / "manifest.csv"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("cascade")
    paths = write_pictures(folder / "labelled", LABELLED)
    with deployment(folder) as place:
        app, admin = place.app, place.factory.admin()
        app.intake.ingest([manifest(folder / "labelled", paths)], "tests")
        cheap, dear = ((app.detectors.register(each).id, "linear") for each in (CHEAP, DEAR))
        card = app.cascades.cascade(admin, "quick", cheap, dear, RISK)
        app.policies.adopt(admin, ID, HEAD, "tests")
        before = set(place.items())
        app.intake.ingest(write_pictures(folder / "new", NEW, first=LABELLED), "tests")
        new = [item for item in place.items().values() if item.id not in before]
        report = app.triage.run("tests")
        assert (report.scored, report.failed) == (LABELLED + NEW, 0)
        yield World(place, admin, (cheap, dear), card, new)


def test_what_the_first_decides_never_reaches_the_second(world: World) -> None:
    sent = world.sent()
    assert 0 < len(sent) < NEW
    detectors = world.place.app.detectors
    keys = [item.image.key for item in world.new]
    cached = detectors.cache.get_many(keys, detectors.detector(world.members[1][0]).backbone.key)
    assert set(cached) == {item.image.key for item in sent}
    assert set(world.said(world.new, *world.members[1])) == {item.id for item in sent}


def test_each_image_is_told_by_the_one_that_decides(world: World) -> None:
    said, score = (find(world.new, ID, HEAD) for find in (world.said, world.scores))
    sent = world.sent()
    decided = [item for item in world.new if item not in sent]
    assert {i.id: said[i.id] for i in sent} == world.said(sent, *world.members[1])
    assert {i.id: score[i.id] for i in sent} == world.scores(sent, *world.members[1])
    assert {i.id: said[i.id] for i in decided} == world.said(decided, *world.members[0])
    of_first = world.scores(decided, *world.members[0])
    assert [score[i.id] for i in sorted(decided, key=lambda i: of_first[i.id])] == sorted(
        score[i.id] for i in decided
    ), "one scale turns no two round"
    with world.place.app.database.read() as repos:
        for item in world.new:
            first, second = stored_members(repos, ID, item.image_id)
            assert (first.weight, second.weight) == ((0, 1) if item in sent else (1, 0))
            assert (second.p_fake is None) == (item not in sent)


def test_the_same_bits_in_every_batch_and_order(world: World) -> None:
    detectors = world.place.app.detectors
    whole = detectors.score(world.new, ID)
    assert detectors.score(world.new[::-1], ID) == whole
    for item in world.new:
        assert detectors.score([item], ID) == {item.id: whole[item.id]}
    stored = world.scores(world.new, ID, HEAD)
    assert {at: found[HEAD].score for at, found in whole.items()} == stored  # type: ignore[index,union-attr]


def test_where_everything_is_sent_it_is_the_second_alone(world: World) -> None:
    app, (checkpoint, head) = world.place.app, world.members[1]
    shut = world.card.model_copy(update={"gate": Gate(real=None, fake=None)})
    scoring = Scoring(app.database, app.detectors)
    found = CascadedDetector(app.database, shut, scoring, app.detectors.has_seen).score(world.new)
    alone = app.detectors.score(world.new, checkpoint)
    for item in world.new:
        cascaded, dear = found[item.id], alone[item.id]
        assert not isinstance(cascaded, str)
        assert not isinstance(dear, str)
        assert isinstance(dear[head], Opinion)
        for name in ("p_fake", "std", "entropy", "mutual_information", "score", "scope"):
            assert getattr(cascaded[HEAD], name) == getattr(dear[head], name)


def test_the_card_tells_what_it_costs(world: World) -> None:
    card = world.card
    assert (card.n_labels, len(card.draws)) == (LABELLED, LABELLED)
    assert card.costs is not None
    assert card.costs.cheap > 0
    assert card.costs.dear == card.costs.after > 0
    assert card.figures is not None
    assert card.figures.chosen.risk == RISK
    assert card.figures.chosen.cost == pytest.approx(card.costs.of(card.figures.chosen.sent))
    with world.place.app.database.read() as repos:
        (event,) = repos.event_history.of_kind(AuditKind.FUSED)
        assert [each.id for each in repos.checkpoints.of_kind(CheckpointKind.CASCADED)] == [ID]
    assert event.details["members"] == [f"{c}:{h}" for c, h in world.members]


def test_labels_that_made_it_prove_nothing_and_others_certify_it_by_name(world: World) -> None:
    place, app = world.place, world.place.app
    assert place.counted(world.admin) == (0, 0)
    for value, p_fake in ((LabelValue.REAL, 0.0), (LabelValue.FAKE, 1.0)):
        for item_id in place.factory.items(15, ItemState.PENDING, known=value):
            place.factory.prediction(item_id, checkpoint_id=ID, head=HEAD, p_fake=p_fake)
    policy = app.policies.certify(world.admin, *LOOSE, audit_probability=0.0)
    assert policy.certificates
    told = [each.provenance for each in policy.certificates]
    assert {(each.checkpoint, each.head, each.engine) for each in told} == {(ID, HEAD, "torch")}
    another_gate(world)


def another_gate(world: World) -> None:
    """It is another detector: it has another name, scores of its own, and nothing is proven."""
    app = world.place.app
    with pytest.raises(ConflictError, match="cascade:quick is here already"):
        app.cascades.cascade(world.admin, "quick", *world.members, 0.4)
    app.cascades.cascade(world.admin, "quicker", *world.members, 0.4)
    assert list(app.detectors.cascaded()) == [ID, "cascade:quicker"]
    policy = app.policies.adopt(world.admin, "cascade:quicker", HEAD, "tests")
    assert not policy.certificates
    assert not world.said(world.new, "cascade:quicker", HEAD)


def test_what_cannot_be_is_refused(world: World) -> None:
    cascade, (cheap, dear) = world.place.app.cascades.cascade, world.members
    with pytest.raises(NotAllowedError):
        cascade(world.place.factory.person(), "other", cheap, dear, RISK)
    with pytest.raises(SettingsError):
        cascade(world.admin, "other", cheap, dear, 0.0)
    with pytest.raises(InputError, match="is no name for a detector"):
        cascade(world.admin, "cascade:", cheap, dear, RISK)
    for first, second in ((cheap, cheap), ((ID, HEAD), dear), (cheap, (ID, HEAD))):
        with pytest.raises(InputError, match="cannot be the cheap one or the dear one"):
            cascade(world.admin, "other", first, second, RISK)
    with pytest.raises(InputError, match=r"60 labels prove of no score .* at most 2%"):
        cascade(world.admin, "other", cheap, dear, 0.02)
    with pytest.raises(InputError, match="is made of others itself"):
        world.place.app.fusion.resolve(ID)


def test_an_image_that_cannot_be_read_fails_in_words(world: World) -> None:
    item_id = world.place.factory.item(ItemState.PENDING)
    with world.place.app.database.read() as repos:
        (item,) = repos.items.get_many([item_id])
    assert isinstance(world.place.app.detectors.score([item], ID)[item_id], str)
