"""The scopes of a checkpoint: what its card says of each kind, and where an image lies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from review_app.core.errors import InputError
from review_app.inference.card import CheckpointCard
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.dataset import LabelledFeatures, Versions
from review_app.inference.scopes import (
    in_language,
    nearest_kinds,
    place_of,
    scopes_of,
)
from review_app.lab.scope_words import NO_WORDS, ScopeWords, read_scope_words
from review_app.lab.training import train_heads
from tests.detector.conftest import labelled, toy_card

ROOT = Path(__file__).parents[2]


def trained(
    test: LabelledFeatures,
    train: LabelledFeatures | None = None,
    val: LabelledFeatures | None = None,
    *,
    preset: str = "source",
    words: ScopeWords = NO_WORDS,
) -> Checkpoint:
    return train_heads(
        Versions(train or labelled(160, 1)),
        Versions(val or labelled(120, 2)),
        test=test,
        backbone=toy_card(),
        backbone_key="toy-v1-000000000000",
        name="toy",
        data_name="toy",
        preset=preset,
        words=words,
    )


@pytest.fixture(scope="module")
def gated() -> Checkpoint:
    """Two sources with an expert each, a scale of novelty, and words for one of them."""
    words = ScopeWords.model_validate(
        {
            "sources": {"first": {"content": {"en": "faces", "de": "Gesichter"}, "licence": "MIT"}},
            "failures": ["Small pictures."],
        }
    )
    return trained(
        labelled(200, 3), labelled(600, 1), labelled(300, 2), preset="robust", words=words
    )


def test_a_card_has_each_kind_with_its_figures_for_every_head(gated: Checkpoint) -> None:
    first, second = gated.card.scopes
    assert (first.name, second.name) == ("first", "second")
    assert (first.content, first.licence) == ({"en": "faces", "de": "Gesichter"}, "MIT")
    assert (second.content, second.licence) == ({}, "")
    assert (first.n_train, first.n_test) == (300, 100)
    assert set(first.heads) == set(gated.card.heads)
    assert gated.card.failures == ({"en": "Small pictures."},)


def test_the_figures_are_those_that_the_heads_make_on_test_images(gated: Checkpoint) -> None:
    test = labelled(200, 3)
    judgement = gated.judge(test.features)
    rows = test.from_source("second")
    name = gated.default_head
    called = judgement.heads[name].p_fake >= gated.card.heads[name].threshold
    scope = gated.card.scopes[1]
    told = scope.heads[name].error
    assert told is not None
    error, low, high = told
    assert error == pytest.approx(float((called != test.is_fake)[rows].mean()))
    assert low is not None
    assert high is not None
    assert low < error < high
    assert scope.heads[name].auroc == tuple(gated.card.heads[name].test["second"]["auroc"])
    assert judgement.novelty is not None
    assert gated.card.novelty is not None
    flagged = (judgement.novelty > gated.card.novelty.cut)[rows].mean()
    assert scope.unlike == pytest.approx(float(flagged))


def test_weights_count_in_the_error_and_in_the_share_that_is_unlike() -> None:
    test = labelled(120, 3)
    weights = np.where(np.arange(120) < 60, 9.0, 1.0)
    plain, weighed = trained(test), trained(replace(test, weights=weights))
    head = weighed.default_head
    rows = test.from_source("first")
    called = weighed.predict(test.features)[head].p_fake >= weighed.card.heads[head].threshold
    expected = np.average((called != test.is_fake)[rows], weights=weights[rows])
    errors = [c.card.scopes[0].heads[head].error for c in (plain, weighed)]
    assert errors[1] is not None
    assert errors[1][0] == pytest.approx(float(expected))
    assert errors[0] != errors[1]


def test_a_kind_that_only_test_images_are_of_was_measured_all_the_same() -> None:
    test = labelled(120, 3)
    other = replace(test, sources=("elsewhere",) * 120)
    checkpoint = trained(other)
    counts = {scope.name: (scope.n_train, scope.n_test) for scope in checkpoint.card.scopes}
    assert counts == {"elsewhere": (0, 120), "first": (80, 0), "second": (80, 0)}
    assert checkpoint.card.scopes[1].heads == {}


def test_what_made_the_fakes_is_measured_against_the_reals_of_its_source() -> None:
    def made(n: int, seed: int) -> LabelledFeatures:
        data = labelled(n, seed)
        names = ("net_a", "net_b")
        made_by = tuple(
            names[at // 2 % 2] if fake else "photo" for at, fake in enumerate(data.is_fake)
        )
        return replace(data, generators=made_by)

    test = made(200, 3)
    words = ScopeWords.model_validate({"sources": {"first": {"generators": {"net_a": "A net"}}}})
    checkpoint = trained(test, made(160, 1), made(120, 2), words=words)
    scope = checkpoint.card.scopes[0]
    assert [kind.name for kind in scope.generators] == ["net_a", "net_b"]
    kind = scope.generators[0]
    assert kind.content == {"en": "A net"}
    own = test.from_source("first") & np.array([name == "net_a" for name in test.generators])
    reals = test.from_source("first") & ~test.is_fake
    assert kind.n_test == own.sum()
    assert (
        sum(kind.n_train for kind in scope.generators)
        == (labelled(160, 1).from_source("first") & labelled(160, 1).is_fake).sum()
    )
    head = checkpoint.default_head
    p_fake = checkpoint.predict(test.features)[head].p_fake
    figures = kind.heads[head]
    assert figures.auroc is not None
    assert figures.error is not None
    rows = own | reals
    assert figures.auroc[0] == pytest.approx(roc_auc_score(test.is_fake[rows], p_fake[rows]))
    missed = p_fake[own] < checkpoint.card.heads[head].threshold
    assert figures.error[0] == pytest.approx(float(missed.mean()))


def test_of_an_older_card_the_kinds_are_told_from_its_metrics_by_source(gated: Checkpoint) -> None:
    old = CheckpointCard.model_validate(
        {k: v for k, v in gated.card.model_dump().items() if k not in ("scopes", "failures")}
    )
    assert old.scopes == ()
    for derived, measured in zip(scopes_of(old), gated.card.scopes, strict=True):
        assert (derived.name, derived.n_train) == (measured.name, measured.n_train)
        assert derived.n_test is None
        for head, figures in measured.heads.items():
            assert derived.heads[head].auroc == figures.auroc
            error, of_old = figures.error, derived.heads[head].error
            assert error is not None
            assert of_old is not None
            assert of_old[0] == pytest.approx(error[0])
            assert of_old[1:] == (None, None)


@pytest.mark.parametrize("name", ["default", "source"])
def test_the_kinds_of_the_shipped_checkpoints_are_told(name: str) -> None:
    card = Checkpoint.load(ROOT / "checkpoints" / name).card
    scopes = scopes_of(card)
    assert {scope.name for scope in scopes} >= set(card.data.sources)
    assert all(scope.heads[card.default_head].auroc for scope in scopes)


def test_the_largest_share_of_the_gate_says_which_kind_an_image_is_like() -> None:
    shares = np.array([[0.2, 0.8, 0.0], [0.5, 0.1, 0.4]], dtype=np.float32)
    kinds = (("a",), ("b",), ("", "c", "d"))
    assert nearest_kinds(shares, kinds, 2) == ("b", "a")
    assert nearest_kinds(shares[:, ::-1], kinds, 2) == ("b", "c + d")
    assert nearest_kinds(None, kinds, 2) == (None, None)
    assert nearest_kinds(None, (("a",),), 2) == ("a", "a")


def test_the_gate_of_a_checkpoint_says_the_kind_of_each_image_whatever_else_is_read(
    gated: Checkpoint,
) -> None:
    features = labelled(60, 9).features
    together = gated.judge(features).nearest
    assert set(together) == {"first", "second"}
    model = gated.model
    assert model.space is not None
    assert model.gate is not None
    coordinates = model.space.apply(model.standardizer.apply(features))
    shares = model.gate.shares(coordinates)
    names = np.array([kind for (kind,) in gated.card.experts])
    assert together == tuple(names[shares.argmax(axis=1)])
    assert together == tuple(gated.judge(features[[row]]).nearest[0] for row in range(60))


def test_a_checkpoint_of_one_kind_needs_no_gate_to_say_it() -> None:
    one, two = labelled(160, 1), labelled(120, 2)
    single = trained(
        labelled(40, 3), replace(one, sources=("x",) * 160), replace(two, sources=("x",) * 120)
    )
    assert single.judge(labelled(3, 9).features).nearest == ("x", "x", "x")
    assert trained(labelled(40, 3)).judge(labelled(3, 9).features).nearest == (None,) * 3


def test_an_image_lies_in_the_nearest_kind_unless_it_is_too_new(gated: Checkpoint) -> None:
    card = gated.card
    assert card.novelty is not None
    inside = place_of(card, "second", card.novelty.cut)
    assert ([kind.name for kind in inside.kinds], inside.outside) == (["second"], False)
    outside = place_of(card, "second", card.novelty.cut + 0.01)
    assert ([kind.name for kind in outside.kinds], outside.outside) == (["second"], True)
    unknown = place_of(card, None, None)
    assert (unknown.kinds, unknown.outside) == ((), False)


def test_words_are_told_in_the_readers_language_or_in_english_or_at_all() -> None:
    words = {"en": "faces", "de": "Gesichter"}
    assert in_language(words, "de", "x") == "Gesichter"
    assert in_language(words, "es", "x") == "faces"
    assert in_language({"de": "Gesichter"}, "es", "x") == "Gesichter"
    assert in_language({}, "es", "x") == "x"


def test_the_file_of_words_may_be_short_or_in_many_languages(tmp_path: Path) -> None:
    path = tmp_path / "scopes.json"
    path.write_text(
        '{"sources": {"a": {"content": "faces", "generators": {"g": {"de": "Netz"}}}},'
        ' "failures": ["Blur."]}'
    )
    words = read_scope_words(path)
    assert words.of("a").content == {"en": "faces"}
    assert words.of("a").generators == {"g": {"de": "Netz"}}
    assert words.of("b").content == {}
    assert words.failures == ({"en": "Blur."},)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"sources": {"a": {"contents": "faces"}}}', r"sources\.a\.contents"),
        ('{"sources": {"a": {"content": 3}}}', r"sources\.a\.content"),
        ("{", "the file: Invalid JSON"),
    ],
)
def test_a_file_that_says_something_else_is_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "scopes.json"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_scope_words(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_scope_words(tmp_path / "nothing.json")
