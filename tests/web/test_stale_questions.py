"""Questions that an admin answers with "yes" after another one was quicker: what was asked is done,
or refused in the name of whoever changed it since; never something else."""

from __future__ import annotations

from typing import Any

import gradio as gr
import pytest

from review_app.core.errors import ChangedSinceError, InputError
from review_app.monitoring.overview import overview
from review_app.web.admin.images import ImagesTab
from review_app.web.admin.images_correction import CorrectionPanel
from review_app.web.admin.learning_challenge import ChallengePanel
from review_app.web.admin.people import PeopleTab
from review_app.web.admin.people_changes import AccountChanges
from review_app.web.admin.policy import PolicyTab
from review_app.web.admin.policy_detector import DetectorPanel
from review_app.web.handlers import Call
from storage.enums import AuditKind, ItemState, LabelValue, PolicyState
from tests.applications import Deployment
from tests.web.handling import scored
from tests.web.site import Site


def yes(question: Any) -> Any:
    """What the page sends along with "yes"."""
    return question.about.model_dump(mode="json")


def since(by: Call) -> str:
    return rf"since.* by {by.person.name}, at \d{{4}}-\d\d-\d\d \d\d:\d\d UTC"


def tries(site: Site) -> int:
    with site.app.database.read() as repos:
        return len(repos.event_history.of_kind(AuditKind.CERTIFICATION_TRIED))


# --- People


def changes_of(site: Site) -> AccountChanges:
    return AccountChanges(site.app, PeopleTab(site.app).load)


def test_an_account_that_another_admin_has_closed_meanwhile_is_not_opened_by_yes(
    fresh: Site, ada: Call, bo: Call
) -> None:
    tab, name = changes_of(fresh), fresh.account()
    asked = tab.ask_switch(ada, name)
    assert f"Disable {name}?" in asked.text
    tab.change(bo, yes(tab.ask_switch(bo, name)))
    told, _, accounts, _ = tab.change(ada, yes(asked))
    assert f"{name} was disabled since by {bo.person.name}, at " in told.lower().replace("\n", " ")
    assert "notice-problem" in told
    assert "disabled" in accounts
    (account,) = [one for one in fresh.app.people.all() if one.name == name]
    assert account.disabled


# --- The policy


def test_yes_applies_no_other_policy_than_the_one_that_was_asked_about(
    fresh: Site, ada: Call, bo: Call
) -> None:
    scored(fresh, 240)
    tab = PolicyTab(fresh.app)
    asked = tab.ask_apply(ada)
    tab.certify(bo, yes(tab.ask_certify(bo, 1, 10, 90, 0)))
    with pytest.raises(ChangedSinceError, match=since(bo)):
        tab.apply(ada, yes(asked))
    assert overview(fresh.app.database).states[ItemState.AUTO_ACCEPTED] == 0
    assert "accepted" in tab.apply(ada, yes(tab.ask_apply(ada)))


def test_who_presses_before_the_page_is_filled_in_is_not_told_of_a_change(
    fresh: Site, ada: Call
) -> None:
    tab, detector = PolicyTab(fresh.app), DetectorPanel(fresh.app)
    now = fresh.app.policies.current().version
    for press in (
        lambda: tab.ask_certify(ada, None, 10, 90, 0),
        lambda: tab.suspend(ada, None, "hurry"),
        lambda: detector.ask(ada, None, None),
        lambda: ChallengePanel(fresh.app).ask_roll_back(ada, None),
    ):
        with pytest.raises(InputError, match="not filled in yet"):
            press()
    assert fresh.app.policies.current().version == now


def test_a_page_from_before_auto_accept_was_closed_does_not_certify_it_open_again(
    fresh: Site, ada: Call, bo: Call
) -> None:
    scored(fresh, 240)
    tab = PolicyTab(fresh.app)
    *_, confidence, audit, groups, seen = tab.load(ada)
    asked = tab.ask_certify(ada, seen, 10, confidence, audit)
    tab.suspend(bo, seen, "odd images")
    with pytest.raises(ChangedSinceError, match=since(bo)):
        tab.ask_certify(ada, seen, 10, confidence, audit)
    with pytest.raises(ChangedSinceError, match=since(bo)):
        tab.certify(ada, yes(asked))
    assert fresh.app.policies.current().state is PolicyState.SUSPENDED
    assert tries(fresh) == 0
    # After the refusal the page tells of what is in force; what was typed is still there.
    words, _, *controls, seen = tab.refresh(ada, seen, 10, confidence, audit, groups)
    assert "suspended (odd images)" in words
    assert controls == [gr.skip()] * 4
    assert "Policy version 3" in tab.certify(ada, yes(tab.ask_certify(ada, seen, 10, 90, 5)))


def test_the_audit_share_that_another_admin_has_set_is_not_put_back_by_a_stale_page(
    fresh: Site, ada: Call, bo: Call
) -> None:
    scored(fresh, 240)
    tab = PolicyTab(fresh.app)
    *_, limit, confidence, audit, groups, seen = tab.load(ada)
    tab.certify(bo, yes(tab.ask_certify(bo, seen, 10, 90, 40)))
    with pytest.raises(ChangedSinceError, match=since(bo)):
        tab.ask_certify(ada, seen, limit, confidence, audit)
    *_, limit, confidence, audit, _, seen = tab.refresh(ada, seen, limit, confidence, audit, groups)
    assert (limit, confidence, audit, seen) == (10, gr.skip(), 40, 2)
    assert fresh.app.policies.current().audit_probability == 0.4


def test_who_is_asked_for_a_try_is_told_which_answers_do_not_count_yet(
    fresh: Site, ada: Call
) -> None:
    scored(fresh, 240)
    place = Deployment(fresh.app)
    place.factory = fresh.factory
    place.scored(0.5)
    fresh.app.triage.run("test")
    fresh.factory.review_options(undo_minutes=5)
    place.answer(LabelValue.REAL)
    words = PolicyTab(fresh.app).ask_certify(ada, 1, 10, 90, 5).text
    assert words.startswith("1 answer can still be taken back and does not count yet. This is try")


def test_two_admins_press_certify_and_one_try_is_spent(fresh: Site, ada: Call, bo: Call) -> None:
    scored(fresh, 240)
    tab = PolicyTab(fresh.app)
    one, other = tab.ask_certify(ada, 1, 10, 90, 0), tab.ask_certify(bo, 1, 5, 90, 0)
    assert "This is try 1 " in one.text
    assert "This is try 1 " in other.text
    assert "version 2 is in force" in tab.certify(ada, yes(one))
    for stale in (other, one):  # and a second click
        with pytest.raises(ChangedSinceError, match=since(ada)):
            tab.certify(bo, yes(stale))
    assert tries(fresh) == 1


def test_closing_auto_accept_again_keeps_the_reason_that_another_admin_gave(
    fresh: Site, ada: Call, bo: Call
) -> None:
    tab = PolicyTab(fresh.app)
    fresh.app.policies.current()
    tab.suspend(bo, 1, "odd images from the new camera")
    with pytest.raises(ChangedSinceError, match=since(bo)):
        tab.suspend(ada, 1, "lunch")
    assert fresh.app.policies.current().reason == "odd images from the new camera"


def test_auto_accept_is_closed_though_another_admin_has_just_certified(
    fresh: Site, ada: Call, bo: Call
) -> None:
    """Closing is the safe way: it never waits for a look at what came into force meanwhile."""
    scored(fresh, 240)
    tab = PolicyTab(fresh.app)
    tab.certify(bo, yes(tab.ask_certify(bo, 1, 10, 90, 0)))
    assert "Auto-accept is closed" in tab.suspend(ada, 1, "alarm")[0]
    assert fresh.app.policies.current().state is PolicyState.SUSPENDED


def test_no_detector_takes_the_place_of_a_policy_that_nobody_has_looked_at(
    fresh: Site, ada: Call, bo: Call
) -> None:
    panel = DetectorPanel(fresh.app)
    checkpoint = fresh.app.policies.current().checkpoint
    fresh.app.policies.suspend(bo.person, "odd images")
    with pytest.raises(ChangedSinceError, match=since(bo)):
        panel.ask(ada, 1, "external:theirs")
    with pytest.raises(ChangedSinceError, match=since(bo)):
        panel.adopt(ada, {"version": 1, "detector": "external:theirs"})
    with pytest.raises(ChangedSinceError, match=since(bo)):
        fresh.app.policies.adopt(ada.person, checkpoint, "linear", "mine", 1)
    assert fresh.app.policies.current().state is PolicyState.SUSPENDED


# --- Corrections


def test_a_correction_does_not_overwrite_one_that_was_made_since_the_record_was_opened(
    fresh: Site, ada: Call, bo: Call
) -> None:
    tab, panel = ImagesTab(fresh.app), CorrectionPanel(fresh.app)
    item = fresh.factory.item(ItemState.RESOLVED, verdict=LabelValue.FAKE, decided=True)

    def opened(call: Call) -> Any:
        choice = gr.EventData(None, {"item": item})
        return tab.show(Call(call.person, call.origin, call.progress, choice))[4]

    seen = opened(ada)
    asked = panel.ask(ada, item, seen, "undecidable", "Too small.")
    panel.correct(bo, yes(panel.ask(bo, item, opened(bo), "real", "The press photo is genuine.")))
    for press in (
        lambda: panel.ask(ada, item, seen, "undecidable", "Too small."),
        lambda: panel.ask(ada, item, seen, "real", "I think so, too."),
        lambda: panel.correct(ada, yes(asked)),
    ):
        with pytest.raises(ChangedSinceError, match=f"item {item} was changed {since(bo)}"):
            press()
    with fresh.app.database.read() as repos:
        assert [row.value for row, _ in repos.corrections.on(item)] == [LabelValue.REAL]
    panel.correct(ada, yes(panel.ask(ada, item, opened(ada), "undecidable", "Too small.")))


# --- What a page of ours never sends


@pytest.mark.parametrize("held", [None, [], "yes", {}, {"version": "x"}, {"name": 1}])
def test_yes_to_nothing_that_was_asked_is_refused(fresh: Site, ada: Call, held: Any) -> None:
    policy, people = PolicyTab(fresh.app), changes_of(fresh)
    detector, correction = DetectorPanel(fresh.app), CorrectionPanel(fresh.app)
    for act in (policy.certify, policy.apply, people.change, detector.adopt, correction.correct):
        with pytest.raises(InputError, match="Reload the page"):
            act(ada, held)
