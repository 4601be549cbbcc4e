"""Calls Gradio's handlers as an event would, with the session of whoever is told; stocks queues."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from review_app.web.handlers import Call
from review_app.web.identity import COOKIE
from storage.enums import ItemState, LabelValue, Role
from tests.web.site import ADDRESS, Site


def request_with(token: str | None) -> gr.Request:
    """What a handler is given of an event whose browser holds this session."""
    cookies = {} if token is None else {COOKIE: token}
    return gr.Request(cookies=cookies, headers={"host": ADDRESS.removeprefix("http://")})


def call_of(site: Site, name: str) -> Call:
    """What our own functions are given of an event by ``name``."""
    person = site.app.people.person(site.token(name))
    assert person is not None
    return Call(person, ADDRESS, gr.Progress())


def admin_of(site: Site) -> Call:
    """The same of a new admin."""
    return call_of(site, site.account(Role.ADMIN))


def handlers(blocks: gr.Blocks) -> Iterator[tuple[str, Callable[[gr.Request], Any]]]:
    """Every handler of the pages that runs on the server, ready to be called with empty inputs."""
    for number, block_function in blocks.fns.items():
        if block_function.fn is not None:
            name = f"{number} on {block_function.targets}"
            yield name, _with_empty_inputs(block_function.fn, len(block_function.inputs))


def _with_empty_inputs(function: Callable[..., Any], n: int) -> Callable[[gr.Request], Any]:
    def call(request: gr.Request) -> Any:
        special: list[Any] = []
        for parameter in inspect.signature(function).parameters.values():
            if parameter.name == "event":
                special.append(gr.EventData(None, {"sample": 0}))
            elif parameter.name == "progress":
                special.append(gr.Progress())
        return function(request, *special, *[None] * n)

    return call


def scored(site: Site, n: int) -> None:
    """``n`` items with known labels and scores that are right and sure, triaged."""
    policy, heads = site.app.policies.current(), site.app.inspector.heads()
    items = site.factory.items(n, ItemState.PENDING, rank=0.0)
    with site.app.database.write() as repos:
        for number, item in enumerate(repos.items.get_many(items)):
            fake = number % 2 == 0
            known = LabelValue.FAKE if fake else LabelValue.REAL
            repos.known_labels.add(item.id, known, "factory.csv (row 1)", "factory")
            score = {
                "image_id": item.image_id,
                "checkpoint_id": policy.checkpoint,
                "p_fake": 1 - 1e-6 if fake else 1e-6,
                "std": 0.01,
                "entropy": 0.01,
                "mutual_information": 0.001,
                "score": 1 - 1e-6 if fake else 1e-6,
                "novelty": None,
            }
            repos.predictions.add_many([{**score, "head": head} for head in heads])
    site.app.triage.run("test")
