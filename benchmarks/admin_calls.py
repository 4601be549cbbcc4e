"""What `benchmarks.admin` calls: every event that opens or refreshes a tab, and every filter."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from storage.enums import ItemState, LabelValue

EVENTS: Final = ("load", "tick", "select")
"""The events of Gradio's that a page brings about itself, or by opening a tab."""
_CONFIG: Final = re.compile(r"window\.gradio_config = (\{.*?\});</script>", re.DOTALL)
_NOTHING: Final = {"text": "", "state": "", "verdict": ""}
FILTERS: Final[Mapping[str, Sequence[Mapping[str, str]]]] = {
    "images": [
        *({"state": state.value} for state in ItemState),
        *({"verdict": value.value} for value in LabelValue),
        {"verdict": "corrected"},
        {"text": "photo 0000042"},
        {"text": "no such name"},
        {"text": "#4242"},
        {"text": "ab12"},
        {"text": "photo", "state": "resolved", "verdict": "fake"},
    ]
}
"""What is looked for in a tab, by the names that its address has for the filters."""


@dataclass(frozen=True)
class AdminCall:
    """One call of a function of the page."""

    name: str
    path: str
    body: dict[str, Any]


def calls_of(page: str) -> list[AdminCall]:
    """All that the admin's ``page`` (HTML) calls by itself, and the filters."""
    config = _config(page)
    components = {one["id"]: one for one in config["components"]}
    places = dict(_places(config["layout"], components, ""))
    found: dict[str, AdminCall] = {}
    for function in config["dependencies"]:
        if function["queue"] or not function["backend_fn"]:
            continue
        event = next((e for i, e in function["targets"] if _opens(components.get(i), e)), None)
        if event is None:
            continue
        tab = places.get(next(iter(function["outputs"]), -1), "")
        data = [components[i]["props"].get("value") for i in function["inputs"]]
        name = _free(f"{tab} {event}", found)
        found[name] = _call(name, function["id"], data)
        if event == "select" and len(data) > len(_NOTHING):  # with a form of filters
            for filters in FILTERS.get(tab, ()):
                told = " ".join(f"{key}={value}" for key, value in filters.items())
                name = f"{tab} filter {told}"
                found[name] = _call(name, function["id"], [*data[:-1], {**_NOTHING, **filters}])
    return list(found.values())


def tabs_of(page: str) -> list[str]:
    """The tabs of the admin's page, by their names in its address."""
    return [one["props"]["id"] for one in _config(page)["components"] if one["type"] == "tabitem"]


def _config(page: str) -> dict[str, Any]:
    told = _CONFIG.search(page)
    assert told, "this is no page of Gradio's"
    config: dict[str, Any] = json.loads(told[1])
    return config


def _places(
    layout: dict[str, Any], components: Mapping[int, Any], tab: str
) -> Iterator[tuple[int, str]]:
    """Each component with the tab that it is in."""
    own = components.get(layout["id"])
    if own is not None and own["type"] == "tabitem":
        tab = own["props"]["id"]
    yield layout["id"], tab
    for child in layout.get("children") or ():
        yield from _places(child, components, tab)


def _opens(component: dict[str, Any] | None, event: str) -> bool:
    """Whether the page itself, one of its timers or the opening of a tab brings ``event`` about."""
    is_tab = component is not None and component["type"] == "tabitem"
    return event in EVENTS and (event != "select" or is_tab)


def _free(name: str, taken: Mapping[str, object]) -> str:
    numbered = (name, *(f"{name} {n}" for n in range(2, 100)))
    return next(each for each in numbered if each not in taken)


def _call(name: str, index: int, data: list[Any]) -> AdminCall:
    body = {"fn_index": index, "data": data, "session_hash": "benchmark"}
    return AdminCall(name, "/admin/gradio_api/run/predict", body)
