"""The page of a checkpoint's card: what it says, to whom, and how it is reached."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from review_app.core.settings import DEFAULT_CHECKPOINT
from review_app.i18n import use_language
from review_app.inference.card import (
    CheckpointCard,
    LearnedCard,
    MeasuredKind,
    ScopeCard,
    ScopeFigures,
)
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.heads import HeadName
from review_app.web import card_view
from review_app.web.cards import card_address, card_link
from storage.enums import Role
from tests.languages import GERMAN
from tests.web.site import Site

SOURCE = DEFAULT_CHECKPOINT.parent / "source"


@pytest.fixture(scope="module")
def card() -> CheckpointCard:
    """The shipped card, with words, a generator and a failure."""
    shipped = Checkpoint.load(DEFAULT_CHECKPOINT).card
    head = shipped.default_head
    measured = {head: ScopeFigures(auroc=(0.83, 0.8, 0.86), error=(0.21, 0.19, 0.24))}
    weak = {head: ScopeFigures(auroc=(0.4, 0.31, 0.5), error=(0.6, None, None))}
    made = MeasuredKind(name="net", content={}, n_train=0, n_test=1, unlike=0.07, heads=weak)
    scope = ScopeCard(
        name="swaps",
        content={"en": "swapped faces", "de": "vertauschte Gesichter"},
        n_train=1000,
        n_test=400,
        unlike=0.05,
        heads=measured,
        licence="research only",
        generators=(made,),
    )
    failures = ({"en": "Blur <it>.", "de": "Unschärfe."},)
    return shipped.model_copy(update={"scopes": (scope,), "failures": failures})


def test_each_kind_has_its_figures_and_a_place_on_one_scale(card: CheckpointCard) -> None:
    source, generator = card_view.kind_rows(card, card.default_head)
    assert (source.name, source.code, source.is_generator) == ("swapped faces", "swaps", False)
    assert source.auroc == "0.83 (0.80 to 0.86)"
    assert source.notes == (
        "21% called wrongly",
        "5% called unlike its training",
        "trained on 1,000 images",
        "tested on 400 images",
    )
    assert (generator.name, generator.code, generator.is_generator) == ("net", "", True)
    assert generator.notes[0] == "60% missed"
    assert card_view.scale_start([card]) == 0.3
    assert source.dot is not None
    assert source.dot.at == pytest.approx(100 * (0.83 - 0.3) / 0.7, abs=0.01)
    assert source.dot.low < source.dot.at < source.dot.high <= 100
    assert source.dot.label == (
        "swapped faces: AUROC 0.83 (0.80 to 0.86), on a scale from 0.3 to 1"
    )
    with use_language(GERMAN):
        assert card_view.kind_rows(card, card.default_head)[0].name == "vertauschte Gesichter"
        assert card_view.failures(card)[0] == "Unschärfe."


def test_a_kind_without_figures_has_no_dot(card: CheckpointCard) -> None:
    (source, _) = card_view.kind_rows(card, "linear")
    assert (source.auroc, source.dot) == ("–", None)
    assert card_view.scale_start([card], "linear") == card_view.COIN


def test_an_estimate_without_ends_is_told_alone() -> None:
    assert card_view.estimate((0.83, None, None)) == "0.83"
    assert card_view.estimate(None) == "–"


def test_a_card_tells_what_labels_taught(card: CheckpointCard) -> None:
    told = LearnedCard(
        head=HeadName.ENSEMBLE,
        labels={"real": 1200, "fake": 34},
        n_effective=812.4,
        clipped=7,
        largest_weight=12.34,
        held_out=308,
        held_out_since=datetime(2026, 5, 3, tzinfo=UTC),
        data_sha256="ab" * 32,
    )
    assert card_view.learned(card, "default-1") == []
    learned = card.model_copy(update={"learned": told})
    assert [value for _, value in card_view.learned(learned, "default-1")] == [
        "default-1: its head Deep ensemble, changed",
        "1,200 real, 34 fake",
        "812",
        "12.3 times the mean; 7 labels were cut down to it",
        "the newest 308 labels, from 3 May 2026 on",
    ]
    anew = told.model_copy(
        update={"head": None, "clipped": 0, "held_out": 0, "held_out_since": None}
    )
    found = card_view.learned(card.model_copy(update={"learned": anew}), None)
    assert [value for _, value in found] == [
        "the detector before and its training images: all heads trained anew",
        "1,200 real, 34 fake",
        "812",
        "12.3 times the mean",
        "0",
    ]


def test_a_link_leads_to_the_card_and_an_external_detector_has_none() -> None:
    assert card_address("my model-0123") == "/card/my%20model-0123"
    assert 'href="/card/a-1"' in card_link("a-1")
    assert ">words<" in card_link("a-1", "words")
    assert card_link("external:them") == "external:them"


def test_reviewers_read_the_card_of_the_detector_in_force_and_no_other(site: Site) -> None:
    other = site.app.detectors.register(SOURCE).id
    client, _ = site.signed_in()
    in_force = site.app.policies.current().checkpoint
    redirect = client.get("/card")
    assert (redirect.status_code, redirect.headers["location"]) == (303, f"/card/{in_force}")
    page = client.get(f"/card/{in_force}")
    assert page.status_code == 200
    assert "In force." in page.text
    assert client.get(f"/card/{other}").status_code == 403
    assert client.get("/card/never-000000000000").status_code == 403
    admin, _ = site.signed_in(Role.ADMIN)
    shown = admin.get(f"/card/{other}")
    assert shown.status_code == 200
    assert "In force." not in shown.text
    missing = admin.get("/card/never-000000000000", headers={"accept": "text/html"})
    assert missing.status_code == 404


def test_the_page_tells_kinds_heads_failures_and_licences(site: Site) -> None:
    admin, _ = site.signed_in(Role.ADMIN)
    card = site.app.detectors.card(site.app.policies.current().checkpoint)
    text = admin.get(f"/card/{card.id}").text
    for source in card.data.sources:
        assert source in text
    kinds = sum(1 + len(scope.generators) for scope in card.scopes)
    assert kinds > len(card.data.sources)
    assert len(re.findall(r'<svg class="kind-plot" role="img" aria-label="', text)) == kinds
    assert card.licence.split(":")[0] in text
    assert card.backbone.weights in text
    assert "nothing is proven there" in text
    assert text.count("<tr>") == 1 + len(card.heads)
    german = admin.get(f"/card/{card.id}", headers={"accept-language": "de"}).text
    assert "Woran er gemessen wurde" in german
    assert " style=" not in text


def test_a_card_whose_folder_is_gone_is_told_as_it_was(site: Site, tmp_path: Path) -> None:
    kept = site.app.detectors.card(site.app.detectors.register(SOURCE).id)
    stored = kept.model_dump(mode="json") | {"name": "gone"}
    with site.app.database.write() as repos:
        row = repos.checkpoints.get(kept.id)
        assert row is not None
        gone = type(row)(
            id=f"gone-{kept.heads_sha256[:12]}",
            path=str(tmp_path / "gone"),
            backbone_key=row.backbone_key,
            card=stored,
        )
        repos.checkpoints.register(gone)
    assert site.app.detectors.card(f"gone-{kept.heads_sha256[:12]}").name == "gone"
