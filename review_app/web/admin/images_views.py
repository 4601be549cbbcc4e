"""Saved views of the Images tab: filters under a name, each with an address of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

import gradio as gr
from fastapi import APIRouter, Depends
from fastapi import Path as PathParameter
from markupsafe import Markup
from pydantic import BaseModel
from starlette.responses import RedirectResponse

from review_app.bootstrap import Application
from review_app.core.errors import ConflictError, InputError
from review_app.core.permissions import Permission, Person
from review_app.i18n import Text, t
from review_app.records.filters import FILTERS
from review_app.records.saved_views import MAX_VIEW_NAME, SavedViewLine
from review_app.web.addresses import here
from review_app.web.admin.confirm import Confirm, Question
from review_app.web.admin.images_filters import FilterForm, set_ones
from review_app.web.handlers import Call, Wiring, held_as, html, refusal
from review_app.web.identity import current_person
from review_app.web.markup import Tone, join, notice

VIEWS = "/admin/views"
"""The addresses of saved views begin so."""
Shown = tuple[Markup, Any, Any]
"""Links to the views, those to choose from, and the versions that the page shows."""


class AskedView(BaseModel):
    """The view that a question was about."""

    id: int
    seen: int


class SavedViewsPanel:
    """The handlers of the panel's buttons."""

    def __init__(self, app: Application) -> None:
        self._views = app.saved_views

    def load(self, call: Call) -> Shown:
        """The views that the person sees."""
        found = self._views.all(call.person)
        choices = [(_name(view), view.id) for view in found]
        versions = {str(view.id): view.version for view in found}
        return _links(found), gr.update(choices=choices), versions

    def save(
        self, call: Call, name: str | None, shared: bool | None, *filters: Any
    ) -> tuple[Markup, *Shown]:
        """Keep what the filters ask for under a new name."""
        given = _filters(filters)
        number = self._views.save(call.person, name or "", given, shared=bool(shared))
        address = here(f"{VIEWS}/{number}")
        words = t("saved_views.is_saved", name=(name or "").strip(), address=address)
        return notice(words, Tone.DONE), *self.load(call)

    def rename(self, call: Call, which: Any, seen: Any, name: str | None) -> tuple[Markup, *Shown]:
        """Give the view that is chosen another name."""
        about = _chosen(which, seen)
        return self._changed(call, about, name=name or "")

    def replace(self, call: Call, which: Any, seen: Any, *filters: Any) -> tuple[Markup, *Shown]:
        """Give the view that is chosen the filters that are set now."""
        return self._changed(call, _chosen(which, seen), filters=_filters(filters))

    def ask_delete(self, _call: Call, which: Any, seen: Any) -> Question:
        """The question before a view is forgotten."""
        return Question(t("saved_views.ask_delete"), _chosen(which, seen))

    def delete(self, call: Call, asked: Any) -> tuple[Markup, *Shown]:
        """Forget the view that was asked about; whoever was quicker is told of."""
        about = held_as(AskedView, asked)
        try:
            name = self._views.delete(call.person, about.id, about.seen)
        except ConflictError as error:
            return refusal(error), *self.load(call)
        return notice(t("saved_views.is_deleted", name=name), Tone.DONE), *self.load(call)

    def _changed(self, call: Call, about: AskedView, **what: Any) -> tuple[Markup, *Shown]:
        try:
            view = self._views.change(call.person, about.id, about.seen, **what)
        except ConflictError as error:
            return refusal(error), *self.load(call)
        return notice(t("saved_views.is_changed", name=view.name), Tone.DONE), *self.load(call)


def build_saved_views(app: Application, tab: gr.Tab, filters: FilterForm) -> None:
    """Add the panel to the open context; it keeps what ``filters`` hold."""
    panel, wiring = SavedViewsPanel(app), Wiring(app, Permission.SEE_QUEUE)
    with gr.Accordion(t("saved_views.title"), open=False):
        links = html()
        with gr.Row():
            name = gr.Textbox(label=t("saved_views.name"), max_length=MAX_VIEW_NAME)
            shared = gr.Checkbox(False, label=t("saved_views.shared"))
            save = gr.Button(t("saved_views.save"))
        with gr.Row():
            which = gr.Dropdown([], label=t("saved_views.which"), value=None)
            rename = gr.Button(t("saved_views.rename"))
            replace = gr.Button(t("saved_views.replace"))
            delete = gr.Button(t("saved_views.delete"))
        confirm, message = Confirm(t("saved_views.yes")), html()
    seen = gr.JSON(visible=False)
    shown: list[Any] = [links, which, seen]
    told = [message, *shown]
    wiring.quick(tab.select, panel.load, shown)
    wiring.quick(save.click, panel.save, told, [name, shared, *filters.values])
    wiring.quick(rename.click, panel.rename, told, [which, seen, name])
    wiring.quick(replace.click, panel.replace, told, [which, seen, *filters.values])
    confirm.ask(wiring, delete, panel.ask_delete, [which, seen])
    confirm.withdraw(which.input)
    confirm.then(wiring, panel.delete, told)


def saved_view_router(app: Application) -> APIRouter:
    """The addresses of saved views, which lead to what their filters find."""
    router = APIRouter()

    def open_view(
        number: Annotated[int, PathParameter(ge=1, le=2**63 - 1)],
        person: Annotated[Person, Depends(current_person)],
    ) -> RedirectResponse:
        filters = app.saved_views.filters(person, number)
        query = urlencode({"tab": "images", **filters})
        return RedirectResponse(here(f"/admin/?{query}"), 303)

    path = VIEWS + "/{number}"
    router.add_api_route(path, open_view, methods=["GET"], include_in_schema=False)
    return router


def _filters(values: Sequence[Any]) -> dict[str, str]:
    if len(values) != len(FILTERS) + 1:
        raise InputError(Text("images.unknown_filter"))
    found: dict[str, str] = set_ones(values)["filters"]
    return found


def _chosen(which: Any, seen: Any) -> AskedView:
    if not isinstance(which, int) or isinstance(which, bool):
        raise InputError(Text("saved_views.choose"))
    versions = seen if isinstance(seen, dict) else {}
    return held_as(AskedView, {"id": which, "seen": versions.get(str(which), 0)})


def _name(view: SavedViewLine) -> str:
    return view.name if view.is_own else t("saved_views.of", name=view.name, owner=view.owner)


def _links(found: Sequence[SavedViewLine]) -> Markup:
    if not found:
        return Markup('<p class="empty">{}</p>').format(t("saved_views.none_yet"))
    lines = join(
        Markup('<li><a href="{}/{}">{}</a>{}</li>').format(
            here(VIEWS), view.id, _name(view), _mark(view)
        )
        for view in found
    )
    return Markup('<ul class="saved-views" aria-label="{}">{}</ul>').format(
        t("saved_views.title"), lines
    )


def _mark(view: SavedViewLine) -> Markup:
    told = t("saved_views.is_shared") if view.is_own and view.shared else ""
    return Markup(" <small>{}</small>").format(told) if told else Markup()
