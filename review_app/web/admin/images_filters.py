"""The filters of the Images tab: one component for each, in the order of `FILTERS`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr
from gradio.blocks import Block

from review_app.bootstrap import Application
from review_app.core.errors import InputError
from review_app.i18n import Text, t
from review_app.policy.tags import tag_name
from review_app.records.filters import (
    ALL,
    CORRECTED,
    FILTERS,
    MAX_LETTERS,
    ONLY,
    Search,
    Trait,
    search_of,
)
from review_app.web.handlers import Call
from storage.enums import ItemState, LabelValue

VERDICTS = (LabelValue.REAL, LabelValue.FAKE, LabelValue.UNDECIDABLE, LabelValue.UNSURE)
MAX_SOURCES = 200
"""Sources to choose from; others can be typed."""
AT_ONCE = 3
"""The first filters, which are always in sight."""
_SHORT = 40
_OFFERED = ("source", "reviewer", "tag", "seen", "assigned", "generator")
"""Filters whose choices are what there is."""
_HEADERS = ("text", "state", "verdict", "source")
"""Filters that go by the name that the list has for what they are about."""


class FilterForm:
    """The components. What they hold goes to handlers as `values`: the filters, and the browser's
    time zone, which the script fills in."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._by_name: dict[str, Block] = {}

    def build(self) -> gr.Button:
        """Add the components to the open context; the button that begins a search."""
        with gr.Row(equal_height=False):
            self._text("text", MAX_LETTERS, scale=3, min_width=300)
            self._choice("state", [(t(f"records.state_{one}"), one.value) for one in ItemState])
            verdicts = [(t(f"review.answer_{value}"), value.value) for value in VERDICTS]
            self._choice("verdict", [*verdicts, (t("images.only_corrected"), CORRECTED)])
            find = gr.Button(t("images.find"), variant="primary")
        with gr.Accordion(t("images.more_filters"), open=False) as self.more:
            with gr.Row():
                self._choice("source", [], allow_custom_value=True)
                self._choice("reviewer", [], allow_custom_value=True)
                self._choice("trait", [(t(f"images.only_{one}"), one.value) for one in Trait])
                self._text("like", _SHORT)
            with gr.Row():
                for name in ("p_from", "p_to", "std_from", "std_to"):
                    self._text(name, _SHORT, placeholder="0.00")
                for name in ("since", "until"):
                    self._text(name, _SHORT, placeholder=t("images.day_form"))
            with gr.Row():
                self._choice("tag", [], allow_custom_value=True)
                self._choice("seen", [], allow_custom_value=True)
                self._choice("assigned", [], allow_custom_value=True)
                self._choice("generator", [], allow_custom_value=True)
                archived = [(t(f"images.archived_{one}"), one) for one in (ONLY, ALL)]
                self._choice("archived", archived, unset=t("images.archived_none"))
        self._zone = gr.Textbox(visible=False)
        return find

    @property
    def shown(self) -> list[Block]:
        """The components, in the order of `FILTERS`."""
        return [self._by_name[name] for name in FILTERS]

    @property
    def values(self) -> list[Block]:
        """What handlers are given."""
        return [*self.shown, self._zone]

    @property
    def choices(self) -> list[Block]:
        """The components whose choices `offer` gives."""
        return [self._by_name[name] for name in _OFFERED]

    @property
    def events(self) -> list[Callable[..., Any]]:
        """What has the list look again: Enter in a text, a choice among several."""
        found: list[Callable[..., Any]] = []
        for one in self.shown:
            found.append(one.submit if isinstance(one, gr.Textbox) else one.input)  # type: ignore[attr-defined]
        return found

    def offer(self, call: Call) -> tuple[Any, ...]:
        """The sources, people, tags, kinds of manipulation and generators that there are, to choose
        from."""
        records = self._app.records
        people = sorted(account.name for account in self._app.people.all())
        seen = [(tag_name(tag), tag) for tag in self._app.review_options.current().tags]
        offered = {
            "source": _named(records.sources(call.person, MAX_SOURCES)),
            "reviewer": _named(people),
            "tag": _named(records.tags(call.person, MAX_SOURCES)),
            "seen": seen,
            "assigned": _named(people),
            "generator": _named(records.generators(call.person, MAX_SOURCES)),
        }
        return "", *(gr.update(choices=[_any(), *offered[name]]) for name in _OFFERED)

    def _text(self, name: str, letters: int, **options: Any) -> None:
        options = {"min_width": 140, **options}
        self._by_name[name] = gr.Textbox(label=_label(name), max_length=letters, **options)

    def _choice(
        self, name: str, choices: list[tuple[str, str]], unset: str = "", **options: Any
    ) -> None:
        every = [(unset, "") if unset else _any(), *choices]
        options = {"min_width": 140, **options}
        self._by_name[name] = gr.Dropdown(every, value="", label=_label(name), **options)


def _label(name: str) -> str:
    return t(f"images.{name}" if name in _HEADERS else f"images.by_{name}")


def _any() -> tuple[str, str]:
    return t("images.any"), ""


def _named(names: Sequence[str]) -> list[tuple[str, str]]:
    return [(name, name) for name in names]


def asked_by(values: Sequence[Any]) -> Search:
    """The search that a form with these `FilterForm.values` asks for.

    Raises:
        InputError: there is no such filter.
    """
    *filters, zone = values
    if len(filters) != len(FILTERS) or any(not isinstance(one or "", str) for one in values):
        raise InputError(Text("images.unknown_filter"))
    given = {name: value or "" for name, value in zip(FILTERS, filters, strict=True)}
    return search_of(given, zone or "")


def set_ones(values: Sequence[Any]) -> dict[str, Any]:
    """What a form with these `FilterForm.values` asks for, as an `ImageSelection` holds it.

    Raises:
        InputError: there is no such filter, or it can have no such value.
    """
    asked_by(values)
    *filters, zone = values
    set_by_name = {name: value for name, value in zip(FILTERS, filters, strict=True) if value}
    return {"filters": set_by_name, "zone": zone or ""}


def values_of(place: object) -> list[str]:
    """The `FilterForm.values` that a page's address asks for.

    Raises:
        InputError: it is no such address.
    """
    if isinstance(place, dict):
        values = [place.get(name, "") for name in (*FILTERS, "zone")]
        if all(isinstance(value, str) for value in values):
            return values
    raise InputError(Text("images.unknown_filter"))


def is_hidden(values: Sequence[str]) -> bool:
    """Whether some of the filters that are set are not always in sight."""
    return any(values[AT_ONCE : len(FILTERS)])
