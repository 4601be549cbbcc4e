"""The Images tab on a real application."""

from __future__ import annotations

import gradio as gr
import pytest

from review_app.core.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from review_app.i18n import use_language
from review_app.records.filters import FILTERS
from review_app.records.search import PAGE
from review_app.web.admin.images import ImagesTab
from review_app.web.admin.images_correction import CorrectionPanel
from review_app.web.handlers import Call
from storage.enums import ItemState, LabelValue, Role
from tests.factories import shows_score
from tests.languages import GERMAN
from tests.web.handling import admin_of, call_of
from tests.web.site import Site

HOSTILE = "<img src=x onerror=alert(1)>"


def form(place: object = None, **filters: str) -> list[object]:
    """What the search is called with: a form with these filters, in Berlin."""
    return [*(filters.get(name, "") for name in FILTERS), "Europe/Berlin", place]


def page_form(**filters: str) -> list[object]:
    """What turning the page is called with beside its cursor."""
    return form(**filters)[:-1]


def choosing(call: Call, item: object) -> Call:
    return Call(call.person, call.origin, call.progress, gr.EventData(None, {"item": item}))


def test_images_are_listed_with_their_state_and_score_and_names_are_escaped(fresh: Site) -> None:
    call = admin_of(fresh)
    item = fresh.factory.item(
        ItemState.RESOLVED, decided=True, verdict=LabelValue.FAKE, name=HOSTILE, source=HOSTILE
    )
    listed, *_ = ImagesTab(fresh.app).search(
        call, *form(text=HOSTILE, state="resolved", verdict="fake")
    )
    assert f'data-item="{item}"' in listed
    assert "0.83 ± 0.09" in listed
    assert "<img src=x" not in listed
    with use_language(GERMAN):
        assert "gefälscht" in ImagesTab(fresh.app).search(call, *form())[0]


def test_pages_are_walked_back_and_forth(fresh: Site) -> None:
    call, tab = admin_of(fresh), ImagesTab(fresh.app)
    made = fresh.factory.items(PAGE + 1)
    listed, trail, newer, older, *_ = tab.search(call, *form())
    assert (newer["interactive"], older["interactive"]) == (False, True)
    listed, trail, newer, older = tab.older(call, trail, *page_form())
    assert (f'data-item="{made[0]}"' in listed, listed.count("data-item")) == (True, 1)
    assert (newer["interactive"], older["interactive"]) == (True, False)
    listed, trail, newer, older = tab.newer(
        call, tab.older(call, trail, *page_form())[1], *page_form()
    )
    assert (listed.count("data-item"), trail["begins"]) == (PAGE, [None])
    assert tab.newer(call, trail, *page_form())[0] == listed
    assert tab.again(call, None)[0] == listed


def test_a_page_further_of_another_search_is_its_first(fresh: Site) -> None:
    """The answer to what the form asks for may be on its way yet."""
    call, tab = admin_of(fresh), ImagesTab(fresh.app)
    many = fresh.factory.items(PAGE + 1, name="many.png")
    fresh.factory.items(PAGE + 1)
    _, trail, *_ = tab.search(call, *form())
    for turn in (tab.older, tab.newer):
        listed, found, newer, older = turn(call, trail, *page_form(text="many"))
        assert (found["search"]["text"], found["begins"]) == ("many", [None])
        assert f'data-item="{many[-1]}"' in listed
        assert (newer["interactive"], older["interactive"]) == (False, True)


def test_what_an_address_asks_for_is_looked_for_and_put_into_the_form(fresh: Site) -> None:
    call, tab = admin_of(fresh), ImagesTab(fresh.app)
    item = fresh.factory.item(ItemState.FAILED, name="sent.png")
    fresh.factory.item(ItemState.FAILED)
    place = {"text": "sent", "state": "failed", "like": str(item), "zone": "UTC", "image": 7}
    listed, *told = tab.search(call, *form(place, text="typed"))
    shown, more = told[3:-1], told[-1]
    assert f'data-item="{item}"' in listed
    assert "1 image fits." in listed
    assert listed.count("data-item") == 1
    assert dict(zip(FILTERS, shown, strict=True)) | place | {"zone": ""} == {
        **dict.fromkeys(FILTERS, ""), **place, "zone": "",
    }  # fmt: skip
    assert more["open"], "a filter that is set is in sight"
    *_, told_again = tab.search(call, *form(text="typed"))
    assert told_again == gr.skip(), "what somebody types meanwhile stays"
    odd: object
    for odd in ([], "x", {"text": 1}, {"state": "lost"}, {"verdict": ["fake"]}):
        with pytest.raises(InputError, match="no such filter"):
            tab.search(call, *form(odd))
    assert tab.show(choosing(call, None))[:2] == ("", None), "no record is open"


def test_a_filter_or_an_item_that_cannot_be_is_refused(site: Site, call: Call) -> None:
    tab = ImagesTab(site.app)
    with pytest.raises(InputError, match="no such filter"):
        tab.search(call, *form(state="lost"))
    with pytest.raises(InputError, match="at most 1,024"):
        tab.search(call, *form(text="x" * 1025))
    for trail in ("x", {"begins": ["x"]}, {"search": {"state": "lost"}}):
        with pytest.raises(InputError, match="no such filter"):
            tab.older(call, trail, *page_form())
    for far in (-(10**30), 10**30):
        assert tab.again(call, {"begins": [far]})[1]["begins"] == [far]
        with pytest.raises(NotFoundError, match="there is no item"):
            tab.again(call, {"search": {"like": far}})
    for item in ("1", 1.5, [1]):
        told, chosen, panel, *_ = tab.show(choosing(call, item))
        assert "Choose an image from the list." in told
        assert (chosen, panel["visible"]) == (None, False)


def test_a_record_is_shown_with_everything_in_it_escaped(fresh: Site) -> None:
    call = admin_of(fresh)
    (item,) = fresh.items(1, ItemState.RESOLVED, decided=True)
    person = fresh.factory.person(HOSTILE)
    said = {"comment": HOSTILE, "escalation": HOSTILE, "tags": [HOSTILE]}
    fresh.factory.label(person, item, LabelValue.REAL, **said)
    shown, *_ = ImagesTab(fresh.app).show(choosing(call, item))
    assert f'src="/api/v1/admin/images/{item}"' in shown
    assert "Likely fake" in shown
    assert shown.count("&lt;img src=x") == 4
    assert "<img src=x" not in shown


def test_what_waits_is_shown_blind(fresh: Site) -> None:
    call = admin_of(fresh)
    item = fresh.factory.item(decided=True, known=LabelValue.FAKE)
    tab = ImagesTab(fresh.app)
    assert not shows_score(tab.search(call, *form())[0])
    shown, _, panel, *_ = tab.show(choosing(call, item))
    assert not panel["visible"]
    assert "It waits to be judged." in shown
    assert not shows_score(shown)
    assert "fake" not in shown


def test_a_reviewer_finds_nothing_whatever_they_call(site: Site) -> None:
    name = site.account(Role.REVIEWER)
    call, tab = call_of(site, name), ImagesTab(site.app)
    item = site.factory.item(ItemState.RESOLVED, verdict=LabelValue.FAKE)
    with pytest.raises(NotAllowedError):
        tab.search(call, *form(text=str(item)))
    with pytest.raises(NotAllowedError):
        tab.older(call, None, *page_form())
    with pytest.raises(NotAllowedError):
        tab.show(choosing(call, item))


def test_a_verdict_is_corrected_after_a_question_that_tells_what_it_proves(fresh: Site) -> None:
    call = admin_of(fresh)
    panel = CorrectionPanel(fresh.app)
    item = fresh.factory.item(ItemState.RESOLVED, verdict=LabelValue.FAKE, decided=True)
    fresh.factory.prediction(item)
    seen = ImagesTab(fresh.app).show(choosing(call, item))[4]
    asked = panel.ask(call, item, seen, "real", f"A true photo. {HOSTILE}")
    assert f"Correct image {item} from fake to real?" in asked.text
    assert "evidence (calibration) and stays so" in asked.text
    message, record, seen, value, reason = panel.correct(call, asked.about.model_dump())
    assert f"Image {item} is corrected to real." in message
    assert "to real, from fake" in record
    assert "<img src=x" not in record
    assert (value, reason) == (None, "")
    listed, *_ = ImagesTab(fresh.app).search(call, *form(verdict="corrected"))
    assert "real (corrected)" in listed
    with pytest.raises(ConflictError, match="already"):
        panel.ask(call, item, seen, "real", "Again.")


def test_a_reviewer_corrects_nothing_whatever_they_call(site: Site) -> None:
    call, panel = call_of(site, site.account(Role.REVIEWER)), CorrectionPanel(site.app)
    item = site.factory.item(ItemState.RESOLVED, verdict=LabelValue.FAKE)
    with pytest.raises(NotAllowedError):
        panel.ask(call, item, 0, "real", "I think so.")
    with pytest.raises(NotAllowedError):
        panel.correct(call, {"item": item, "seen": 0, "value": "real", "reason": "I think so."})
    with site.app.database.read() as repos:
        assert repos.corrections.on(item) == []


def test_without_an_image_there_is_nothing_to_correct(site: Site, call: Call) -> None:
    with pytest.raises(NotFoundError):
        CorrectionPanel(site.app).ask(call, None, None, "real", "Why not.")


def test_a_record_tells_that_its_picture_is_damaged(fresh: Site) -> None:
    (item,) = fresh.items(1)
    call = admin_of(fresh)
    shown, *_ = ImagesTab(fresh.app).show(choosing(call, item))
    assert f'src="/api/v1/admin/images/{item}"' in shown
    with fresh.app.database.read() as repos:
        row = repos.items.get(item)
        assert row is not None
        path = fresh.app.media.public(row.image.key, "image/png")
    path.write_bytes(path.read_bytes()[:-100])
    shown, *_ = ImagesTab(fresh.app).show(choosing(call, item))
    assert "The stored picture is damaged" in shown
    assert f'src="/api/v1/admin/images/{item}"' not in shown
