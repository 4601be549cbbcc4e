"""Which detectors there are, and what became of each."""

from __future__ import annotations

from pathlib import Path

from review_app.core.settings import DEFAULT_CHECKPOINT
from review_app.inference.checkpoint import read_card
from review_app.learning.lineage import DetectorStanding, LineageEntry, data_hash, read_lineage
from storage.repositories.held_out import HeadOf
from tests.applications import Deployment
from tests.learning.places import NEW, OLD, two_detectors
from tests.learning.test_promotion import trained

HOME = DEFAULT_CHECKPOINT.parent


def lineage(place: Deployment, *homes: Path) -> dict[str, LineageEntry]:
    return {entry.id: entry for entry in read_lineage(place.app.database, homes)}


def test_each_is_champion_former_challenger_or_unused(tmp_path: Path) -> None:
    with two_detectors(tmp_path, 60) as (place, admin):
        own = read_card(DEFAULT_CHECKPOINT)
        found = lineage(place, HOME)
        assert found[OLD].standing is DetectorStanding.CHAMPION
        assert found[own.id].standing is DetectorStanding.FORMER
        assert found[NEW].standing is DetectorStanding.UNUSED
        place.app.challenges.compare(HeadOf(NEW, "score"))
        assert lineage(place)[NEW].standing is DetectorStanding.CHALLENGER
        place.app.promotions.promote(admin, NEW, "a reason")
        after = lineage(place)
        assert (after[NEW].standing, after[OLD].standing) == (
            DetectorStanding.CHAMPION,
            DetectorStanding.FORMER,
        )
        (use,) = after[NEW].in_force
        assert (use.by, use.note, use.version) == ("ada", "a reason", 3)


def test_a_trained_one_tells_its_parent_its_data_and_its_figures(tmp_path: Path) -> None:
    with two_detectors(tmp_path, 60) as (place, _):
        made = trained(tmp_path / "made" / "challenger", ["ab" * 32])
        (tmp_path / "made" / "torn").mkdir()
        (tmp_path / "made" / "torn" / "card.json").write_text("{")
        entry = lineage(place, tmp_path / "made")[made.id]
        assert (entry.parent, entry.n_train) == ("default", made.card.data.n_train)
        assert entry.auroc is not None
        assert entry.data_hash == data_hash(tmp_path / "made" / "challenger")
        assert entry.data_hash != lineage(place, HOME)[read_card(HOME / "faces").id].data_hash
        assert entry.to_json()["standing"] == "unused"


def test_a_folder_that_is_gone_is_told_and_hides_nothing(tmp_path: Path) -> None:
    with two_detectors(tmp_path, 60) as (place, _):
        made = trained(tmp_path / "gone", ["ab" * 32])
        place.app.detectors.register(tmp_path / "gone")
        (tmp_path / "gone" / "card.json").unlink()
        entry = lineage(place)[made.id]
        assert "there is no" in (entry.damage or "")
        assert entry.parent == "default"
        assert OLD in lineage(place)
