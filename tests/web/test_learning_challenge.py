"""The card of champion and challengers on the tab of learning."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest

from review_app.core.errors import ChangedSinceError, ConflictError, InputError
from review_app.core.permissions import Person
from review_app.i18n import LANGUAGES, use_language
from review_app.web.admin.learning_challenge import ChallengePanel
from review_app.web.handlers import Call
from storage.enums import JobKind
from storage.repositories.held_out import HeadOf
from tests.applications import LOOSE, Deployment
from tests.learning.places import NEW, OLD, two_detectors

CHALLENGER = HeadOf(NEW, "score")


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Deployment, Person]]:
    with two_detectors(tmp_path, new=0.97) as pair:
        yield pair


def panel_of(place: Deployment, person: Person) -> tuple[ChallengePanel, Call]:
    return ChallengePanel(place.app), Call(person, "", gr.Progress())


def test_a_challenger_is_compared_in_the_background_and_its_report_is_shown(
    pair: tuple[Deployment, Person],
) -> None:
    place, admin = pair
    panel, call = panel_of(place, admin)
    words, which, seen, promote, back, told = panel.load(call)
    assert promote["interactive"]
    assert f"In force: {OLD}, learning." in words
    assert NEW in which["choices"]
    assert OLD not in which["choices"]
    assert (seen, back["visible"]) == (2, True)
    assert "has not been compared" in panel.show(call, NEW)
    assert "Job 1 compares external:new" in panel.compare(call, NEW)
    job = place.app.jobs.get(1)
    assert job.kind is JobKind.COMPARE
    assert job.parameters == {"challenger": NEW, "head": "score", "by": "ada"}
    place.app.challenges.compare(CHALLENGER)
    *_, told = panel.load(call, NEW)
    for expected in (
        "Promote external:new: on 314 labels",
        "source phones",
        "The intervals of all parts hold together",
        'class="interval-band"',
        "Brier score",
        "Replayed on 400 stored images",
    ):
        assert expected in told, expected


def test_what_would_flip_is_shown_with_its_picture_where_there_is_one(
    pair: tuple[Deployment, Person],
) -> None:
    place, admin = pair
    panel, call = panel_of(place, admin)
    with place.app.database.read() as repos:
        rows = repos.stored_decisions.rows(HeadOf(OLD, "score"), CHALLENGER, 400)
    wrong = next(row for row in rows if (row.challenger_p or 0) >= 0.5)
    pictured = place.factory.item()
    for item_id in (wrong.item_id, pictured):
        values = {"policy_version": 2, "checkpoint_id": OLD, "head": "score"}
        place.factory.decision(item_id, route="accept_real", **values)
    for name, p in ((OLD, 0.1), (NEW, 0.99)):
        place.factory.prediction(pictured, checkpoint_id=name, head="score", p_fake=p)
    place.app.challenges.compare(CHALLENGER)
    told = panel.show(call, NEW)
    assert f"Image {wrong.item_id}: accepted as real" in told
    assert f"/api/v1/admin/images/{pictured}/small" in told
    assert f"/api/v1/admin/images/{wrong.item_id}/small" not in told
    assert "data-veil" in told


def test_promoting_and_going_back_are_asked_first_and_done_once(
    pair: tuple[Deployment, Person],
) -> None:
    place, admin = pair
    panel, call = panel_of(place, admin)
    place.app.policies.certify(admin, *LOOSE, audit_probability=0.0)
    with pytest.raises(InputError, match="Compare them first"):
        panel.ask_promote(call, 3, NEW)
    place.app.challenges.compare(CHALLENGER)
    with pytest.raises(ChangedSinceError):
        panel.ask_promote(call, 2, NEW)
    question = panel.ask_promote(call, 3, NEW)
    assert "that try would be number 2" in question.text
    held = question.about.model_dump(mode="json")
    assert "in force with external:new and is learning" in panel.promote(call, held, "it is better")
    with pytest.raises(ChangedSinceError):
        panel.promote(call, held, "it is better")
    back = panel.ask_roll_back(call, 4)
    assert "Go back to external:old? It starts closed" in back.text
    assert "Its version 3 said:" in back.text
    held = back.about.model_dump(mode="json")
    assert "old certificate does not count" in panel.roll_back(call, held, "")
    with pytest.raises(ChangedSinceError):
        panel.roll_back(call, held, "")
    assert [line.note for line in place.app.policies.history()][:2] == [
        "rolled back to external:old",
        "it is better",
    ]


def test_what_no_page_of_ours_sends_is_refused(pair: tuple[Deployment, Person]) -> None:
    place, admin = pair
    panel, call = panel_of(place, admin)
    for chosen in (None, "", OLD, "external:nobody"):
        with pytest.raises(InputError, match="choose a challenger"):
            panel.compare(call, chosen)
        with pytest.raises(InputError, match="choose a challenger"):
            panel.ask_promote(call, 2, chosen)
    with pytest.raises(InputError):
        panel.promote(call, {"version": "x"}, "")
    with pytest.raises(ConflictError):
        panel.promote(call, {"version": 2, "detector": NEW}, "")
    assert place.app.policies.current().checkpoint == OLD


def test_the_lineage_tells_of_every_detector_and_escapes_what_people_wrote(
    pair: tuple[Deployment, Person],
) -> None:
    place, admin = pair
    panel, call = panel_of(place, admin)
    shown = panel.lineage(call)
    for expected in (OLD, NEW, "was in force", "never used", "four_sets.csv"):
        assert expected in shown, expected


@pytest.mark.parametrize("language", LANGUAGES, ids=str)
def test_it_is_said_in_every_language(language: object, pair: tuple[Deployment, Person]) -> None:
    place, admin = pair
    panel, call = panel_of(place, admin)
    place.app.challenges.compare(CHALLENGER)
    with use_language(language):  # type: ignore[arg-type]
        *_, told = panel.load(call, NEW)
        assert "challenge." not in told
        assert "{" not in told
        assert "challenge." not in panel.lineage(call)
