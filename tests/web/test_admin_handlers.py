"""Every handler of the pages: who may call it, and how a refusal reads."""

from __future__ import annotations

from collections import Counter

import gradio as gr
import pytest

from review_app.core.errors import ConflictError
from review_app.core.permissions import Permission
from review_app.web.handlers import Call, guarded
from storage.enums import Role
from tests.web.handling import handlers, request_with
from tests.web.site import Site
from tests.web.walk import blocks_at

HOSTILE = "<img src=x onerror=alert(1)>"


def test_every_handler_of_the_admin_page_refuses_a_reviewer(site: Site) -> None:
    name = site.account(Role.REVIEWER)
    request = request_with(site.token(name))
    found = list(handlers(blocks_at(site.web, "/admin")))
    assert len(found) > 15
    for handler_name, handler in found:
        answer = handler(request)
        first = answer[0] if isinstance(answer, tuple) else answer
        assert f"The account {name} may not" in first, handler_name


def test_a_lead_is_refused_by_every_handler_of_what_leads_do_not_do(site: Site) -> None:
    name = site.account(Role.LEAD)
    request, blocks = request_with(site.token(name)), blocks_at(site.web, "/admin")
    let_in: Counter[str] = Counter()
    for handler_name, handler in handlers(blocks):
        number = int(handler_name.split()[0])
        answer = handler(request)
        first = answer[0] if isinstance(answer, tuple) else answer
        if f"The account {name} may not" not in str(first):
            let_in[tab_of(blocks.fns[number].outputs[0].parent)] += 1
    assert not let_in.keys() & {"policy", "data", "export", "learning"}
    assert let_in["people"] == FIGURES
    assert {"overview", "images", "monitoring"} <= let_in.keys()


def test_events_that_show_no_progress_have_no_component_told_of_it(site: Site) -> None:
    """The page would look each of them up among all others, whenever anything is asked."""
    events = blocks_at(site.web, "/admin").fns.values()
    told = [event.show_progress_on for event in events if event.show_progress == "hidden"]
    assert len(told) > 50
    assert not any(on is None or on for on in told)


FIGURES = 5
"""Handlers of how people answer, err and take images, and the one that hides the rest."""


def tab_of(block: object) -> str:
    """The tab that a component lies in; empty outside."""
    while block is not None and not isinstance(block, gr.Tab):
        block = getattr(block, "parent", None)
    return "" if block is None else str(block.id)


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
    assert "may not do that" in first
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
