"""Images: an admin finds any of them, and opens its record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.core.errors import ConflictError, InputError, NotFoundError
from review_app.core.permissions import Permission
from review_app.i18n import Text, t
from review_app.records.filters import FILTERS
from review_app.web.admin.images_bulk import build_bulk
from review_app.web.admin.images_correction import build_correction
from review_app.web.admin.images_filters import FilterForm, asked_by, is_hidden, values_of
from review_app.web.admin.images_list import listing
from review_app.web.admin.images_record import picture_trouble, record_html, veiled
from review_app.web.admin.images_search import PageCursor
from review_app.web.admin.images_views import build_saved_views
from review_app.web.assets import asset_url
from review_app.web.handlers import Call, Wiring, html, refusal, section

_PLACES = asset_url("places.js")
_CHOOSE = f"""import("{_PLACES}").then(({{ records }}) =>
  records(element, () => trigger("submit"), (item) => trigger("select", {{ item }})));"""
_ASKED = f"""async (...form) => (await import("{_PLACES}")).asked(...form)"""
_TURNED = f"""async (...form) => (await import("{_PLACES}")).turned(...form)"""
_ANSWERED = f"""async () => (await import("{_PLACES}")).answered()"""
_CLEARED = f"""async () => (await import("{_PLACES}")).cleared()"""
_LOOK = """() => requestAnimationFrame(() => {
  const title = document.querySelector(".record h2");
  title?.scrollIntoView({ block: "start" });
  title?.focus({ preventScroll: true });
})"""


Shown = tuple[Markup, dict[str, Any], Any, Any]
"""The list, its `PageCursor`, and whether there are newer and older ones."""


class ImagesTab:
    """The handlers of the tab's events."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def search(self, call: Call, *form: Any) -> tuple[Any, ...]:
        """The newest images that fit, the form, and whether all of it is in sight. ``form``: what
        it holds, and after that what is asked for by the page's address, where the form does not
        show that yet."""
        *values, place = form
        if place is None:
            page = self._page(call, PageCursor(asked_by(values)))
            return *page, *[gr.skip()] * (len(FILTERS) + 1)
        values = values_of(place)
        page = self._page(call, PageCursor(asked_by(values)))
        more = gr.update(open=True) if is_hidden(values) else gr.skip()
        return *page, *values[: len(FILTERS)], more

    def older(self, call: Call, cursor: Any, *form: Any) -> Shown:
        """The page after the one that is shown; the first where the form asks for others."""
        return self._page(call, _turned(cursor, PageCursor.further, *form))

    def newer(self, call: Call, cursor: Any, *form: Any) -> Shown:
        """The page before the one that is shown; the first where the form asks for others."""
        return self._page(call, _turned(cursor, PageCursor.back, *form))

    def again(self, call: Call, cursor: Any) -> Shown:
        """The same page, as it is now."""
        return self._page(call, PageCursor.from_json(cursor))

    def show(self, call: Call) -> tuple[Markup, int | None, Any, Markup, int | None, None, str]:
        """The record of the image that was chosen from the list, or none of None, and an empty form
        to correct it; no form where the record is refused, lest it be about the image before."""
        item = getattr(call.event, "item", None)
        try:
            if item is None:
                return Markup(), None, gr.update(visible=False), Markup(), None, None, ""
            if not isinstance(item, int):
                raise InputError(Text("images.choose"))
            record = self._app.records.show(call.person, item)
        except (InputError, NotFoundError, ConflictError) as error:
            return refusal(error), None, gr.update(visible=False), Markup(), None, None, ""
        form = gr.update(visible=record.has_verdict)
        shown = veiled(self._app, record_html(record, picture_trouble(self._app, item)))
        return shown, item, form, Markup(), record.last_event, None, ""

    def _page(self, call: Call, cursor: PageCursor) -> Shown:
        found = self._app.records.find(call.person, cursor.search, cursor.below)
        if cursor.is_first or cursor.fit is None:
            fit = found.fit or self._app.records.count(call.person, cursor.search)
            cursor = replace(cursor, fit=fit)
        return (
            veiled(self._app, listing(found, cursor.fit)),
            replace(cursor, older=found.older).to_json(),
            gr.update(interactive=not cursor.is_first),
            gr.update(interactive=found.older is not None),
        )


def _turned(cursor: Any, turn: Callable[[PageCursor], PageCursor], *form: Any) -> PageCursor:
    shown, asked = PageCursor.from_json(cursor), asked_by(form)
    return turn(shown) if shown.search == asked else PageCursor(asked)


def build_images(app: Application, tab: gr.Tab) -> None:
    """Add the tab's components to the open context."""
    actions = ImagesTab(app)
    wiring = Wiring(app, Permission.SEE_QUEUE)
    filters = FilterForm(app)
    with section(t("images.find_title")):
        find = filters.build()
        build_saved_views(app, tab, filters)
        clear = gr.Button(t("images.clear"))
        message, found = html(), gr.HTML(apply_default_css=False, js_on_load=_CHOOSE)
        with gr.Row():
            newer = gr.Button(t("images.newer"), interactive=False)
            older = gr.Button(t("images.older"), interactive=False)
    question = build_bulk(app, tab, filters)
    question.withdraw(found.submit)  # by an address that somebody went to
    record = html()
    cursor, chosen = gr.JSON(visible=False), gr.Number(visible=False, precision=0)
    form = build_correction(app, chosen, record)
    page = [found, cursor, newer, older]
    # One event, so that the answer to an earlier question never takes the place of a later one's.
    asked = [tab.select, find.click, *filters.events, found.submit]
    ask = partial(gr.on, asked, trigger_mode="always_last", js=_ASKED)
    place = gr.JSON(visible=False)
    told = [*page, *filters.shown, filters.more]
    answered = wiring.quick(ask, actions.search, told, [*filters.values, place])
    answered.then(None, js=_ANSWERED, api_visibility="private")
    clear.click(None, js=_CLEARED, api_visibility="private")
    wiring.quick(tab.select, filters.offer, [message, *filters.choices])
    for button, turn in ((older, actions.older), (newer, actions.newer)):
        wiring.quick(partial(button.click, js=_TURNED), turn, page, [cursor, *filters.values])
    choose = partial(found.select, trigger_mode="always_last")
    opened = [record, chosen, form.panel, form.message, form.seen, form.value, form.reason]
    shown = wiring.quick(choose, actions.show, opened, takes_event=True)
    form.confirm.withdraw(found.select)
    wiring.quick(form.done, actions.again, page, [cursor])
    shown.then(None, js=_LOOK, api_visibility="private")
