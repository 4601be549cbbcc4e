"""The admin's page: who may, what it says, and what its buttons do, on a real application."""

from __future__ import annotations

import re
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import gradio as gr
import pytest
from starlette.testclient import TestClient

from review_app.config import DEFAULT_CHECKPOINT
from review_app.errors import CalibrationError, ConflictError, InputError, ReviewAppError
from review_app.learning.export import COLUMNS
from review_app.monitoring.overview import Overview, Unlike, overview
from review_app.permissions import Permission
from review_app.review.options import Reveal, read_options
from review_app.triage.policy import PolicyState
from review_app.web.admin.data import DataTab
from review_app.web.admin.export import MEANINGS
from review_app.web.admin.overview import OverviewTab, answers
from review_app.web.admin.people import PeopleTab
from review_app.web.admin.policy import PolicyTab
from review_app.web.handlers import Call, guarded
from review_app.web.markup import Tone, age, notice, sentence, table
from storage.enums import ItemState, LabelValue, Role
from storage.repositories.counts import ReviewerCounts
from tests.applications import deployment
from tests.web.handling import call_of, handlers, request_with, scored
from tests.web.site import ADDRESS, Site, picture
from tests.web.walk import blocks_at

SOURCE_CHECKPOINT = DEFAULT_CHECKPOINT.parent / "source"
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def call(site: Site) -> Call:
    """An event that an admin caused."""
    return call_of(site, site.account(Role.ADMIN))


# Who may


def test_every_handler_of_the_admin_page_refuses_a_reviewer(site: Site) -> None:
    name = site.account(Role.REVIEWER)
    request = request_with(site.token(name))
    found = list(handlers(blocks_at(site.web, "/admin")))
    assert len(found) > 15
    for handler_name, handler in found:
        answer = handler(request)
        first = answer[0] if isinstance(answer, tuple) else answer
        assert f"{name.capitalize()} (reviewer) may not" in first, handler_name


@pytest.mark.parametrize("token", [None, "made-up"])
@pytest.mark.parametrize("mount", ["/admin", "/review"])
def test_no_handler_of_any_page_answers_somebody_without_a_session(
    site: Site, mount: str, token: str | None
) -> None:
    for handler_name, handler in handlers(blocks_at(site.web, mount)):
        answer = handler(request_with(token))
        first = answer[0] if isinstance(answer, tuple) else answer
        assert "Your sign-in has ended" in first, handler_name


def test_a_refused_handler_changes_nothing_but_its_first_output(site: Site) -> None:
    def never(_call: Call) -> None:
        raise AssertionError("a reviewer came through")

    handler = guarded(site.app, Permission.EXPORT, never, n_outputs=3)
    first, *rest = handler(request_with(site.token(site.account())))
    assert "may not export" in first
    assert rest == [{"__type__": "update"}] * 2


def test_an_error_reads_as_a_sentence_and_hostile_text_in_it_stays_text(site: Site) -> None:
    def fails(_call: Call) -> None:
        raise ConflictError(f"there is a user {HOSTILE} already")

    handler = guarded(site.app, Permission.SEE_QUEUE, fails)
    shown = handler(request_with(site.token(site.account(Role.ADMIN))))
    assert "There is a user &lt;img src=x onerror=alert(1)&gt; already." in shown
    assert 'role="status"' in shown


def test_nothing_is_offered_as_an_api(site: Site) -> None:
    for mount in ("/admin", "/review"):
        functions = blocks_at(site.web, mount).fns.values()
        assert {function.api_visibility for function in functions} == {"private"}


# What the first screen says


def state_of_things(**values: object) -> Overview:
    """An overview with nothing in it but ``values``."""
    nothing: dict[str, object] = {
        "states": dict.fromkeys(ItemState, 0),
        "waiting_since": None,
        "policy_state": "learning",
        "policy_version": 1,
        "policy_words": "Auto-accept is off.",
        "labels": 0,
        "known_labels": 0,
        "live_claims": 0,
        "accepted_today": 12,
        "labelled_today": 0,
        "reviewers": [],
        "needs": [],
        "unlike": None,
    }
    return Overview(**{**nothing, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "words"),
    [("learning", "Off, learning"), ("certified", "On"), ("suspended", "Off, suspended")],
)
def test_the_first_answer_says_whether_auto_accept_is_on(state: str, words: str) -> None:
    shown = answers(state_of_things(policy_state=state, policy_words="By this proof."))
    assert f"</i> {words}</p>" in shown
    assert "By this proof." in shown


def test_an_empty_queue_says_what_the_policy_did(site: Site) -> None:
    assert "Nothing waits. The policy accepted 12 images today." in answers(state_of_things())


def test_a_queue_says_how_long_the_oldest_has_waited() -> None:
    waiting_since = datetime.now(UTC) - timedelta(hours=3, minutes=12, seconds=5)
    states = dict.fromkeys(ItemState, 0) | {ItemState.IN_REVIEW: 1}
    shown = answers(state_of_things(states=states, waiting_since=waiting_since, live_claims=1))
    assert ">1 image<" in shown
    assert "The oldest has waited 3 h 12 min." in shown
    assert "1 of them in reviewers&#39; hands" in shown


def test_people_are_counted_in_english() -> None:
    def reviewers(n: int) -> list[ReviewerCounts]:
        return [ReviewerCounts(f"r{i}", f"p{i}", 1, 0, 0, None) for i in range(n)]

    assert "by 1 person." in answers(state_of_things(reviewers=reviewers(1)))
    assert "by 2 people." in answers(state_of_things(reviewers=reviewers(2)))


def test_what_needs_an_admin_is_listed() -> None:
    shown = answers(state_of_things(needs=["Look here.", "And there."]))
    assert "2 things" in shown
    assert "Look here." in shown
    assert "Nothing" in answers(state_of_things())


def test_the_share_of_unlike_images_is_told_where_it_is_measured() -> None:
    assert "unlike" not in answers(state_of_things())
    shown = answers(state_of_things(unlike=Unlike(measured=1250, unlike=300, usual=0.043)))
    assert ">24%<" in shown
    assert "300 of 1,250 images that came in during the last 7 days. 4.3% is usual" in shown


def test_the_map_is_drawn_by_the_number_that_thresholds_are_compared_with(
    tmp_path: Path,
) -> None:
    with deployment(tmp_path) as place:
        tab, admin = OverviewTab(place.app), place.factory.admin()
        call = Call(admin, "", gr.Progress(), None)
        place.scored(0.97)
        place.app.triage.run("tester")
        assert "<span>P(fake)</span>" in tab.refresh(call)[2]
        place.scored(0.97, score=0.55)
        place.app.triage.run("tester")
        drawn = tab.refresh(call)[2]
    assert "<span>Score (0 real, 1 fake)</span>" in drawn
    assert "puts 1 within 0.1 of real or fake" in drawn


def test_the_first_screen_counts_what_the_database_holds(site: Site, call: Call) -> None:
    site.items(3)
    _, states, _, _ = OverviewTab(site.app).refresh(call)
    waiting = overview(site.app.database).states[ItemState.IN_REVIEW]
    assert waiting >= 3
    assert f'<span class="number">{waiting}</span>' in states


def test_hostile_names_stay_text_on_every_tab(site: Site, call: Call) -> None:
    hostile = site.factory.person(HOSTILE)
    (item,) = site.items(1)
    site.factory.label(hostile, item, LabelValue.FAKE)
    *_, reviewers = OverviewTab(site.app).refresh(call)
    accounts, _ = PeopleTab(site.app).load(call)
    for shown in (reviewers, accounts):
        assert "&lt;img src=x" in shown
        assert "<img" not in shown


# People


def test_adding_a_person_gives_a_link_that_signs_in_once(site: Site, call: Call) -> None:
    message, link, *_ = PeopleTab(site.app).add(call, "new-person", Role.REVIEWER.value)
    assert "new-person is added as reviewer" in message
    path = re.search(rf'value="{ADDRESS}(/login/link/[^"]+)"', link)
    assert path is not None
    assert signs_in(site.anybody(), path.group(1))
    assert not signs_in(site.anybody(), path.group(1))


def signs_in(client: TestClient, link: str) -> bool:
    client.get(link)
    return client.get("/api/v1/me").status_code == 200


def test_disabling_a_person_ends_their_session_and_enabling_lets_them_back(
    site: Site, call: Call
) -> None:
    tab, name = PeopleTab(site.app), site.account()
    token = site.token(name)
    assert f"Disable {name}?" in tab.ask_switch(call, name)
    assert "disabled" in tab.switch(call, name)[0]
    assert site.app.people.person(token) is None
    assert f"Enable {name}?" in tab.ask_switch(call, name)
    assert "enabled" in tab.switch(call, name)[0]
    assert "A new link" in tab.new_link(call, name)[0]


@pytest.mark.parametrize("name", [None, "", "nobody-of-that-name"])
def test_a_change_needs_a_person_that_exists(site: Site, call: Call, name: str | None) -> None:
    with pytest.raises(ReviewAppError):
        PeopleTab(site.app).switch(call, name)


def test_a_role_that_does_not_exist_is_refused(site: Site, call: Call) -> None:
    with pytest.raises(InputError, match="role"):
        PeopleTab(site.app).add(call, "somebody", "emperor")


# Policy


@pytest.fixture
def fresh(tmp_path: Path) -> Site:
    """A site of this test's own: policies are for everybody."""
    return Site(tmp_path)


def admin_of(site: Site) -> Call:
    return call_of(site, site.account(Role.ADMIN))


def test_too_few_labels_are_told_as_a_shortfall_and_change_nothing(fresh: Site) -> None:
    scored(fresh, 10)
    tab, call = PolicyTab(fresh.app), admin_of(fresh)
    assert "nothing is applied" in tab.preview(call, 5, 90)
    with pytest.raises(CalibrationError, match="label"):
        tab.certify(call, 5, 90, 5)
    assert fresh.app.policies.current().version == 1


def test_certify_then_apply_then_suspend(fresh: Site) -> None:
    scored(fresh, 240)
    tab, call = PolicyTab(fresh.app), admin_of(fresh)
    waiting = overview(fresh.app.database).states[ItemState.IN_REVIEW]

    assert "Auto-accept is on" in tab.preview(call, 10, 90)
    assert fresh.app.policies.current().state is PolicyState.LEARNING

    assert "Policy version 2 is in force" in tab.certify(call, 10, 90, 0)
    words, history = tab.refresh(call)
    assert "Auto-accept is on" in words
    assert history.count("<tr>") == 3

    assert f"version 2 to {waiting} images" in tab.ask_apply(call)
    assert "accepted" in tab.apply(call)
    assert overview(fresh.app.database).states[ItemState.AUTO_ACCEPTED] > 0
    assert "Nothing to do" in tab.apply(call)

    message, reason = tab.suspend(call, "<b>drift</b>")
    assert "Auto-accept is closed" in message
    assert reason == ""
    words, _ = tab.refresh(call)
    assert "suspended (&lt;b&gt;drift&lt;/b&gt;)" in words


def test_another_checkpoint_of_the_settings_is_offered_and_adopted_only_when_asked(
    tmp_path: Path,
) -> None:
    with deployment(tmp_path, checkpoint=SOURCE_CHECKPOINT) as place:
        old = place.app.policies.current().checkpoint
        tab, call = PolicyTab(place.app), Call(place.factory.admin(), "", gr.Progress(), None)
        words, button = tab.offer(call)
        assert f"uses {old}, the checkpoint that the settings name" in words
        assert button["visible"] is False
        with pytest.raises(InputError, match="in force already"):
            tab.ask_adopt(call)

    with deployment(tmp_path) as place:  # as after an upgrade of the program
        tab = PolicyTab(place.app)
        words, button = tab.offer(call)
        new, _ = place.app.detectors.start()
        assert f"uses {old} and goes on with it" in words
        assert new in words
        assert button["visible"] is True
        assert place.app.policies.current().checkpoint == old
        assert f"Adopt {new}? Auto-accept closes" in tab.ask_adopt(call)
        assert f"in force with {new} and is learning" in tab.adopt(call)
        policy = place.app.policies.current()
        assert (policy.checkpoint, policy.state) == (new, PolicyState.LEARNING)
        assert tab.offer(call)[1]["visible"] is False


def test_a_checkpoint_of_the_settings_that_is_gone_does_not_close_the_page(
    tmp_path: Path,
) -> None:
    with deployment(tmp_path) as place:
        place.app.policies.current()
    with deployment(tmp_path, checkpoint=tmp_path / "nowhere") as place:
        call = Call(place.factory.admin(), "", gr.Progress(), None)
        words, button = PolicyTab(place.app).offer(call)
        assert "cannot be used: there is no" in words
        assert button["visible"] is False


@pytest.mark.parametrize("limit", [None, -1, 101])
def test_a_percentage_out_of_range_is_refused(site: Site, call: Call, limit: float | None) -> None:
    with pytest.raises(InputError, match="risk limit"):
        PolicyTab(site.app).preview(call, limit, 90)


def test_the_controls_begin_with_the_policy_in_force(site: Site, call: Call) -> None:
    policy = site.app.policies.current()
    _, _, limit, confidence, audit = PolicyTab(site.app).load(call)
    assert limit == pytest.approx(100 * policy.risk_limit)
    assert confidence == pytest.approx(100 * (1 - policy.delta))
    assert audit == pytest.approx(100 * policy.audit_probability)


def test_review_options_are_saved_and_read_back(site: Site, call: Call) -> None:
    tab = PolicyTab(site.app)
    assert "Saved" in tab.save_options(call, Reveal.NEVER.value, 2, 15)
    with site.app.database.read() as repos:
        options = read_options(repos)
    assert (options.reveal, options.needed_labels, options.lease_minutes) == (Reveal.NEVER, 2, 15)
    assert tab.load_options(call) == ("", "never", 2, 15)


@pytest.mark.parametrize(
    ("reveal", "needed", "lease"),
    [("always", 1, 10), ("never", 0, 10), ("never", 1.5, 10), ("never", None, 10), ("never", 1, 0)],
)
def test_options_that_make_no_sense_are_refused(
    site: Site, call: Call, reveal: str, needed: float | None, lease: float
) -> None:
    with pytest.raises(InputError):
        PolicyTab(site.app).save_options(call, reveal, needed, lease)


# Data


def test_uploads_are_taken_in_triaged_and_deleted_and_refusals_named(
    fresh: Site, tmp_path: Path
) -> None:
    folder = tmp_path / "gradio-upload"
    folder.mkdir()
    good, bad, listing = folder / "good.png", folder / "bad.jpg", folder / "server.csv"
    good.write_bytes(picture(1))
    bad.write_text("<html>no image</html>")
    listing.write_text("path\n/etc/passwd\n")
    archive = folder / "more.zip"
    with zipfile.ZipFile(archive, "w") as more:
        more.writestr("inner.png", picture(2))
        more.writestr("<i>empty</i>.png", b"")
    uploads = [good, bad, listing, archive]

    tab, call = DataTab(fresh.app), admin_of(fresh)
    message, refused, cleared = tab.take_in(call, [str(path) for path in uploads])

    assert "2 images taken in, 3 refused. 0 accepted by the policy, 2 to people." in message
    assert cleared is None
    assert not any(path.exists() for path in uploads)
    assert "<td>bad.jpg</td><td>not an image</td>" in refused
    assert "<td>server.csv</td><td>unsupported</td>" in refused
    assert "<td>more.zip/&lt;i&gt;empty&lt;/i&gt;.png</td><td>empty</td>" in refused
    assert str(folder) not in refused


def test_nothing_chosen_is_told_so(site: Site, call: Call) -> None:
    with pytest.raises(InputError, match="choose files"):
        DataTab(site.app).take_in(call, None)


# Export and the small pieces


def test_every_column_of_the_export_is_explained() -> None:
    assert tuple(MEANINGS) == COLUMNS


def test_a_table_escapes_cells_headers_and_caption() -> None:
    shown = table(HOSTILE, [HOSTILE], [[HOSTILE]])
    assert "<img" not in shown
    assert shown.count("&lt;img") == 4  # the caption also names the region


def test_a_notice_says_without_colour_what_it_is() -> None:
    assert "Not done: " in notice("x", Tone.PROBLEM)
    assert "Done: " in notice("x", Tone.DONE)


@pytest.mark.parametrize(("text", "told"), [("no such user", "No such user."), ("Why?", "Why?")])
def test_a_message_becomes_a_sentence(text: str, told: str) -> None:
    assert sentence(text) == told


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "less than a minute"),
        (59, "less than a minute"),
        (60, "1 min"),
        (3 * 3600 + 125, "3 h 2 min"),
        (86400 * 2 + 3600, "2 d 1 h"),
    ],
)
def test_ages_are_told_in_two_units(seconds: float, words: str) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert age(now - timedelta(seconds=seconds), now) == words
