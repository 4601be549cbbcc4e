"""Actions on many images, and saved views, in the Images tab on a real application."""

from __future__ import annotations

from typing import Any

import pytest

from review_app.core.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from review_app.i18n import use_language
from review_app.records.filters import FILTERS
from review_app.web.admin.images_bulk import BulkPanel
from review_app.web.admin.images_views import SavedViewsPanel
from review_app.web.handlers import Call
from storage.enums import BulkKind, ItemState, JobKind, LabelValue, Role
from tests.languages import GERMAN, SPANISH
from tests.web.handling import call_of
from tests.web.site import Site

HOSTILE = "<img src=x onerror=alert(1)>"


def form(kind: BulkKind = BulkKind.TAG, **given: Any) -> list[Any]:
    """What the preview is called with."""
    filters = given.pop("filters", {})
    values: dict[str, Any] = {
        "which": "found",
        "kind": kind.value,
        "person": None,
        "hours": 24,
        "tag": "x",
    }
    values |= {"wait": 24, "reason": "", "picked": [], **given}
    return [*(filters.get(name, "") for name in FILTERS), "UTC", *values.values()]


@pytest.fixture(scope="module")
def settled(site: Site) -> list[int]:
    """Three images that people have settled."""
    state, verdict = ItemState.RESOLVED, LabelValue.FAKE
    return site.factory.items(3, state, verdict=verdict, source="bulk", name="bulk.png")


def test_an_action_is_previewed_asked_for_once_and_told_of(
    site: Site, call: Call, settled: list[int]
) -> None:
    panel = BulkPanel(site.app)
    given = form(filters={"source": "bulk"}, tag=HOSTILE)
    with site.app.database.read() as repos:
        before = len(repos.jobs.of_kind(JobKind.BULK))
    question = panel.ask(call, *given)
    assert question.text.startswith("3 images: tag?")
    held = question.about.model_dump(mode="json")
    for _ in range(2):
        message, actions, _undoable, look = panel.begin(call, held)
    assert "is asked for" in message
    assert HOSTILE not in actions
    assert look["active"]
    with site.app.database.read() as repos:
        *_, job = repos.jobs.of_kind(JobKind.BULK)
        assert len(repos.jobs.of_kind(JobKind.BULK)) == before + 1
    site.app.jobs.cancel(call.person, job.id)
    site.app.bulk.run(job.parameters["action"], lambda _done, _total: None)
    actions, undoable, look = panel.load(call)
    assert (undoable["choices"][0][1], look["active"]) == (job.parameters["action"], False)
    again = panel.ask_undo(call, job.parameters["action"])
    assert again.text == f"Undo action {job.parameters['action']} for 3 images?"
    panel.undo(call, again.about.model_dump(mode="json"))
    with pytest.raises(ConflictError, match="no image to change"):
        panel.ask(call, *given)
    with use_language(GERMAN):
        assert "3 Bilder" in panel.ask(call, *form(filters={"source": "bulk"}, tag="neu")).text
    with use_language(SPANISH):
        assert "3 imágenes" in panel.ask(call, *form(filters={"source": "bulk"}, tag="neu")).text


def test_picked_images_and_the_reasons_for_those_left_out(
    site: Site, call: Call, settled: list[int]
) -> None:
    waiting = site.factory.item()
    picked = {"which": "picked", "picked": [*settled, waiting]}
    asked = BulkPanel(site.app).ask(call, *form(BulkKind.ARCHIVE, **picked))
    assert asked.text.startswith("3 images: archive? Left out: 1 that people have yet to judge.")
    words = {24: "For 24 hours that can be undone", 0.5: "For 0.5 hours", 0: "within a minute"}
    for hours, told in words.items():
        given = form(BulkKind.DELETE, **picked, reason="asked to", wait=hours)
        assert told in BulkPanel(site.app).ask(call, *given).text
    for odd in (None, -1, 10**6):
        given = form(BulkKind.DELETE, **picked, reason="asked to", wait=odd)
        with pytest.raises(InputError, match="how many hours the files stay"):
            BulkPanel(site.app).ask(call, *given)


@pytest.mark.parametrize(
    "odd",
    [
        {"kind": "nuke"},
        {"which": "all"},
        {"which": "picked"},
        {"which": "picked", "picked": ["x"]},
        {"which": "picked", "picked": {"a": 1}},
        {"which": "picked", "picked": list(range(1, 3000))},
        {"filters": {"state": "lost"}},
    ],
)
def test_what_makes_no_sense_is_refused(site: Site, call: Call, odd: dict[str, Any]) -> None:
    kind = odd.pop("kind", None)
    given = form(**odd)
    if kind:
        given[len(FILTERS) + 2] = kind
    with pytest.raises(InputError):
        BulkPanel(site.app).ask(call, *given)
    for held in (None, {}, {"kind": "tag"}, "x"):
        with pytest.raises(InputError):
            BulkPanel(site.app).begin(call, held)


def test_a_reviewer_is_refused_whatever_they_call(site: Site) -> None:
    call = call_of(site, site.account(Role.REVIEWER))
    bulk, views = BulkPanel(site.app), SavedViewsPanel(site.app)
    for refused in (
        lambda: bulk.load(call),
        lambda: bulk.ask(call, *form()),
        lambda: bulk.ask_undo(call, 1),
        lambda: views.load(call),
        lambda: views.save(call, "x", False, *form()[: len(FILTERS) + 1]),
        lambda: views.rename(call, 1, {"1": 1}, "x"),
        lambda: views.delete(call, {"id": 1, "seen": 1}),
    ):
        with pytest.raises(NotAllowedError):
            refused()


def test_a_view_is_saved_opened_renamed_and_nobody_overwrites_anothers(
    site: Site, call: Call
) -> None:
    panel, filters = SavedViewsPanel(site.app), form(filters={"state": "failed"})
    filters = filters[: len(FILTERS) + 1]
    message, links, choices, seen = panel.save(call, f" {HOSTILE} ", True, *filters)
    assert HOSTILE not in links
    number = choices["choices"][-1][1]
    assert f"/admin/views/{number}" in message
    with pytest.raises(ConflictError, match="already"):
        panel.save(call, HOSTILE, False, *filters)
    with pytest.raises(InputError):
        panel.rename(call, number, {str(number): {"not": "a version"}}, "x")
    other = call_of(site, site.account(Role.ADMIN))
    told, *_ = panel.replace(other, number, seen, *filters)
    assert "is changed" in told
    late = (
        panel.rename(call, number, seen, "mine"),
        panel.replace(call, number, seen, *filters),
        panel.delete(call, {"id": number, "seen": seen[str(number)]}),
    )
    assert all("changed this view" in told for told, *_ in late)
    assert site.app.saved_views.filters(call.person, number) == {"state": "failed"}
    *_, seen = panel.load(call)
    told, links, _, seen = panel.rename(call, number, seen, "failures")
    assert "is changed" in told
    assert "failures" in links
    told, links, *_ = panel.delete(call, {"id": number, "seen": seen[str(number)]})
    assert "is deleted" in told
    with pytest.raises(NotFoundError):
        site.app.saved_views.filters(call.person, number)


def test_a_view_that_is_not_shared_is_its_owners(site: Site, call: Call) -> None:
    views = site.app.saved_views
    number = views.save(call.person, "private", {"text": "cat"}, shared=False)
    other = call_of(site, site.account(Role.ADMIN)).person
    assert number not in [view.id for view in views.all(other)]
    with pytest.raises(NotFoundError):
        views.filters(other, number)
    with pytest.raises(InputError):
        views.save(call.person, "x", {"nosuch": "1"}, shared=False)
    views.delete(call.person, number, 1)


def test_nobody_learns_what_the_private_views_of_others_are_called(site: Site, call: Call) -> None:
    """By renaming a shared one, and being refused a name that its owner has."""
    views = site.app.saved_views
    views.save(call.person, "my doubts", {"text": "cat"}, shared=False)
    number = views.save(call.person, "our cats", {"text": "cat"}, shared=True)
    other = call_of(site, site.account(Role.ADMIN)).person
    told = set()
    for name in ("my doubts", "no such name"):
        with pytest.raises(ConflictError) as refused:
            views.change(other, number, 1, name)
        told.add(str(refused.value))
    assert told == {"only its owner can give this view another name"}
    assert views.change(other, number, 1, filters={"text": "dog"}).name == "our cats"
