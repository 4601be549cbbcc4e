"""Several detectors become one, which is triaged, certified and adopted like any other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from review_app.core.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from review_app.core.permissions import Person
from review_app.detectors.fuse_job import fuse_job
from review_app.detectors.fusing import FusionService
from review_app.detectors.members import members_said
from review_app.detectors.teaching import gather
from review_app.fusion.card import FusedCard
from review_app.inference.service import Opinion
from review_app.manifests.labels import ManifestLabel
from review_app.scores.row import ScoreRow
from review_app.web.members import members_table
from storage.enums import AuditKind, CheckpointKind, ItemState, LabelValue
from tests.applications import Deployment, deployment
from tests.fusion.worlds import area, world
from tests.scores.files import row, write

NAMES = ("north", "south", "east")
MEMBERS = [(f"external:{name}", "score") for name in NAMES]
N, LABELLED = 400, 240
SCORES, IS_FAKE = world((0.9, 0.85, 0.8), n=N)
HEAD = "fused"


def rows() -> list[ScoreRow]:
    """Scores of three detectors; the third has none of every fifth image, and the first
    ``LABELLED`` images have a label."""
    label = [ManifestLabel.FAKE if fake else ManifestLabel.REAL for fake in IS_FAKE]
    return [
        row(
            at,
            float(SCORES[at, member]),
            detector=name,
            label=label[at] if at < LABELLED else None,
        )
        for at in range(N)
        for member, name in enumerate(NAMES)
        if name != "east" or at % 5
    ]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("fusing")
    with deployment(folder) as place:
        place.app.scores.ingest(write(folder / "scores.csv", rows()), "tests")
        yield place


@pytest.fixture(scope="module")
def admin(place: Deployment) -> Person:
    return place.factory.admin()


@pytest.fixture(scope="module")
def card(place: Deployment, admin: Person) -> FusedCard:
    return place.app.fusion.fuse(admin, "all", MEMBERS, labels=100)


def test_the_card_tells_what_each_member_is_worth(card: FusedCard) -> None:
    assert (card.n_labels, card.learned) == (100, True)
    assert card.figures is not None
    assert card.figures.auroc[0] > 0.85
    north = card.members[0]
    assert north.weight > 0
    assert north.included is not None
    assert north.cost is not None
    assert north.cost[0] > card.members[2].cost[0]  # type: ignore[index]
    assert card.members[2].n_scored < card.members[1].n_scored == 100


def test_it_is_adopted_triaged_and_certified(
    place: Deployment, admin: Person, card: FusedCard
) -> None:
    app = place.app
    app.policies.adopt(admin, "fused:all", HEAD, "tests")
    report = app.triage.run("tests")
    assert (report.scored, report.failed) == (N, 0)
    with app.database.read() as repos:
        items = repos.items.in_state(ItemState.IN_REVIEW, N) or list(place.items().values())
        said = repos.predictions.of_images([item.image_id for item in items], "fused:all")
    assert len(said) == len(items)
    p_fake = np.array([said[item.image_id][HEAD].p_fake for item in items])
    number = [int(Path(item.name).stem) for item in items]
    assert area(p_fake, IS_FAKE[number]) > 0.88
    known, _ = place.counted(admin)
    assert known == LABELLED - card.n_labels
    certified = app.policies.certify(admin, 0.3, 0.5, audit_probability=0.0)
    assert certified.certificates
    members_are_told(place, admin, card)


def members_are_told(place: Deployment, admin: Person, card: FusedCard) -> None:
    """In the record of an image, missing ones by name; and by Inspect, which asks none of them."""
    app = place.app
    item_id = place.factory.item(ItemState.AUTO_ACCEPTED)
    place.factory.decision(item_id, checkpoint_id="fused:all", head=HEAD)
    for (checkpoint, head), p_fake in zip(MEMBERS, (0.25, 0.75), strict=False):
        place.factory.prediction(item_id, checkpoint_id=checkpoint, head=head, p_fake=p_fake)
    said = app.records.show(admin, item_id).said
    assert said is not None
    assert [(each.checkpoint, each.head) for each in said.members] == MEMBERS
    assert [each.weight for each in said.members] == [each.weight for each in card.members]
    assert [each.p_fake for each in said.members] == [0.25, 0.75, None]
    shown = members_table(said.members)
    assert "external:east" in shown
    assert shown.count("no score") == 1
    heads = app.detectors.detector(app.detectors.start()[0]).checkpoint.heads
    opinion = Opinion(0.7, 0.1, 0.5, 0.1, 0.7, 0.0)
    inspection = app.inspector.explain(dict.fromkeys(heads, opinion))
    assert [each.p_fake for each in inspection.members] == [None] * 3


def test_a_member_that_reads_here_tells_on_inspect(place: Deployment, card: FusedCard) -> None:
    first, *others = card.members
    own = card.model_copy(update={"members": (first, *others[:1])})
    said = members_said(own, {(first.checkpoint, first.head): 0.25})
    assert [each.p_fake for each in said] == [0.25, None]


def test_scored_again_it_says_the_same_to_the_bit(place: Deployment, card: FusedCard) -> None:
    items = list(place.items().values())
    whole = place.app.detectors.score(items, "fused:all")
    for item in items[:5]:
        assert place.app.detectors.score([item], "fused:all")[item.id] == whole[item.id]


def test_an_image_that_no_member_has_scored_fails_in_words(
    place: Deployment, card: FusedCard
) -> None:
    item_id = place.factory.item(ItemState.PENDING)
    with place.app.database.read() as repos:
        (item,) = repos.items.get_many([item_id])
    said = place.app.detectors.score([item], "fused:all")[item_id]
    assert isinstance(said, str)
    assert "none of the members of fused:all has a score" in said


def test_a_name_is_given_once(place: Deployment, admin: Person, card: FusedCard) -> None:
    with pytest.raises(ConflictError, match="fused:all is here already"):
        place.app.fusion.fuse(admin, "fused:all", MEMBERS)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        (MEMBERS[:1], "2 to 50 members, not 1"),
        ([MEMBERS[0], MEMBERS[0]], "external:north:score is named twice"),
    ],
)
def test_unfit_members_are_refused(
    place: Deployment, admin: Person, members: list[tuple[str, str]], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        place.app.fusion.fuse(admin, "other", members)


@pytest.mark.parametrize("name", ["", " ", "fused:", "a\nb", "x" * 101])
def test_unfit_names_are_refused(place: Deployment, admin: Person, name: str) -> None:
    with pytest.raises(InputError, match="is no name for a detector"):
        place.app.fusion.fuse(admin, name, MEMBERS)


def test_a_reviewer_makes_none(place: Deployment) -> None:
    with pytest.raises(NotAllowedError):
        place.app.fusion.fuse(place.factory.person(), "other", MEMBERS)


def test_members_are_named_by_id_and_head(place: Deployment, card: FusedCard) -> None:
    resolve = place.app.fusion.resolve
    assert resolve("external:north") == resolve("external:north:score") == MEMBERS[0]
    with pytest.raises(NotFoundError, match="there is no detector external:west here"):
        resolve("external:west")
    with pytest.raises(NotFoundError, match="has no head 'linear', only: score"):
        resolve("external:north:linear")
    with pytest.raises(InputError, match="is made of others itself"):
        resolve("fused:all")


def test_left_half_way_it_leaves_nothing(place: Deployment, admin: Person) -> None:
    def stop(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        place.app.fusion.fuse(admin, "stopped", MEMBERS, progress=stop)
    assert "fused:stopped" not in place.app.detectors.fused()


def test_the_log_tells_of_it(place: Deployment, card: FusedCard) -> None:
    with place.app.database.read() as repos:
        (event,) = repos.event_history.of_kind(AuditKind.FUSED)
        rows = repos.checkpoints.of_kind(CheckpointKind.FUSED)
    assert [each.id for each in rows] == ["fused:all"]
    assert event.details["members"] == [f"{c}:{h}" for c, h in MEMBERS]


def test_without_labels_it_says_so_and_all_count_alike(place: Deployment, admin: Person) -> None:
    card = place.app.fusion.fuse(admin, "plain", MEMBERS, labels=0)
    assert (card.learned, card.figures, card.n_labels) == (False, None, 0)
    assert len({member.weight for member in card.members}) == 1


def test_inspect_reads_with_the_model_of_the_settings(place: Deployment, card: FusedCard) -> None:
    own = place.app.detectors.start()[0]
    assert place.app.detectors.reader("fused:all").checkpoint.id == own


class TestLabels:
    """Which labels teach, and how much each tells."""

    @pytest.fixture
    def small(self, tmp_path: Path) -> Iterator[Deployment]:
        with deployment(tmp_path) as small:
            yield small

    def _said(self, small: Deployment, **values: object) -> int:
        return small.scored(0.7, state=ItemState.RESOLVED, **values)  # type: ignore[arg-type]

    def test_training_images_and_copies_teach_nothing(self, small: Deployment) -> None:
        kept = small.scored(0.7, LabelValue.FAKE)
        with small.app.database.read() as repos:
            (item,) = repos.items.get_many([kept])
        small.scored(0.7, LabelValue.FAKE, split="train")
        small.scored(0.7, LabelValue.REAL, near_id=item.image_id)
        small.scored(0.7, LabelValue.UNSURE)
        val = small.scored(0.2, LabelValue.REAL, split="val")
        policy, service = small.app.policies.current(), small.app.fusion
        heads = [(policy.checkpoint, head) for _, head in service.choices()[:2]]
        found = gather(small.app.database, small.app.detectors, heads, 10)
        with small.app.database.read() as repos:
            keys = [repos.items.get_many([each])[0].image.key for each in (val, kept)]
        assert found.keys == keys  # the one for tuning first: it could prove nothing
        assert found.labelled.is_fake.tolist() == [False, True]
        assert found.labelled.scores.tolist() == [[0.2, 0.2], [0.7, 0.7]]


def test_the_service_needs_no_model(place: Deployment) -> None:
    service = FusionService(place.app.database, place.app.detectors)
    assert set(MEMBERS) <= set(service.choices())


def test_the_job_makes_it_once(place: Deployment) -> None:
    named = [f"{checkpoint}:{head}" for checkpoint, head in MEMBERS[:2]]
    parameters = {"name": "by job", "members": named, "labels": 60, "by": "ada"}
    made = fuse_job(place.app, parameters)
    assert (made["checkpoint"], made["head"], made["labels"]) == ("fused:by job", HEAD, 60)
    assert fuse_job(place.app, parameters) == made  # as after a kill before it was told
    with pytest.raises(ConflictError):
        fuse_job(place.app, {**parameters, "members": [*named, "external:east"]})
    with pytest.raises(InputError, match="needs a name and members"):
        fuse_job(place.app, {"name": "nothing"})
