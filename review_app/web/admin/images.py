"""Images: an admin finds any of them, and opens its record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.core.errors import ConflictError, InputError, NotFoundError
from review_app.core.permissions import Permission
from review_app.i18n import Text, t
from review_app.i18n.formatting import plus_minus
from review_app.records.search import MAX_LETTERS, REACH, Found, Line
from review_app.web.admin.images_correction import build_correction
from review_app.web.admin.images_record import picture_trouble, record_html, veiled
from review_app.web.admin.images_search import CORRECTED, PageCursor, filters_of, search_of
from review_app.web.assets import asset_url
from review_app.web.handlers import Call, Wiring, html, refusal, section
from review_app.web.markup import Tone, clamped, moment, notice, picture, table
from storage.enums import ItemState, LabelValue

VERDICTS = (LabelValue.REAL, LabelValue.FAKE, LabelValue.UNDECIDABLE, LabelValue.UNSURE)
_PLACES = asset_url("places.js")
_CHOOSE = f"""import("{_PLACES}").then(({{ records }}) =>
  records(element, () => trigger("submit"), (item) => trigger("select", {{ item }})));"""
_ASKED = f"""async (...form) => (await import("{_PLACES}")).asked(...form)"""
_ANSWERED = f"""async () => (await import("{_PLACES}")).answered()"""
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

    def search(
        self,
        call: Call,
        text: str | None,
        state: str | None,
        verdict: str | None,
        place: Any = None,
    ) -> tuple[Any, ...]:
        """The newest images that fit, and the form; ``place``: what is asked for by the page's
        address, where the form does not show that yet."""
        form: tuple[Any, ...] = (gr.skip(),) * 3
        if place is not None:
            form = text, state, verdict = filters_of(place)
        return *self._page(call, PageCursor(search_of(text, state, verdict))), *form

    def older(self, call: Call, cursor: Any, *form: str | None) -> Shown:
        """The page after the one that is shown; the first where the form asks for others."""
        return self._page(call, _turned(cursor, PageCursor.further, *form))

    def newer(self, call: Call, cursor: Any, *form: str | None) -> Shown:
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
        return (
            veiled(self._app, listing(found)),
            replace(cursor, older=found.older).to_json(),
            gr.update(interactive=not cursor.is_first),
            gr.update(interactive=found.older is not None),
        )


def _turned(
    cursor: Any,
    turn: Callable[[PageCursor], PageCursor],
    text: str | None,
    state: str | None,
    verdict: str | None,
) -> PageCursor:
    shown, asked = PageCursor.from_json(cursor), search_of(text, state, verdict)
    return turn(shown) if shown.search == asked else PageCursor(asked)


def build_images(app: Application, tab: gr.Tab) -> None:
    """Add the tab's components to the open context."""
    actions = ImagesTab(app)
    wiring = Wiring(app, Permission.SEE_QUEUE)
    with section(t("images.find_title")):
        with gr.Row(equal_height=False):
            text = gr.Textbox(
                label=t("images.text"), max_length=MAX_LETTERS, scale=3, min_width=300
            )
            states = [(t(f"records.state_{state}"), state.value) for state in ItemState]
            verdicts = [(t(f"review.answer_{value}"), value.value) for value in VERDICTS]
            verdicts.append((t("images.only_corrected"), CORRECTED))
            state, verdict = _filter("images.state", states), _filter("images.verdict", verdicts)
            find = gr.Button(t("images.find"), variant="primary")
        found = gr.HTML(apply_default_css=False, js_on_load=_CHOOSE)
        with gr.Row():
            newer = gr.Button(t("images.newer"), interactive=False)
            older = gr.Button(t("images.older"), interactive=False)
    record = html()
    cursor, chosen = gr.JSON(visible=False), gr.Number(visible=False, precision=0)
    form = build_correction(app, chosen, record)
    page = [found, cursor, newer, older]
    # One event, so that the answer to an earlier question never takes the place of a later one's.
    asked = [tab.select, find.click, text.submit, state.input, verdict.input, found.submit]
    ask = partial(gr.on, asked, trigger_mode="always_last", js=_ASKED)
    asks = [text, state, verdict]
    place = gr.JSON(visible=False)
    answered = wiring.quick(ask, actions.search, [*page, *asks], [*asks, place])
    answered.then(None, js=_ANSWERED, api_visibility="private")
    wiring.quick(older.click, actions.older, page, [cursor, *asks])
    wiring.quick(newer.click, actions.newer, page, [cursor, *asks])
    choose = partial(found.select, trigger_mode="always_last")
    opened = [record, chosen, form.panel, form.message, form.seen, form.value, form.reason]
    shown = wiring.quick(choose, actions.show, opened, takes_event=True)
    form.confirm.withdraw(found.select)
    wiring.quick(form.done, actions.again, page, [cursor])
    shown.then(None, js=_LOOK, api_visibility="private")


def _filter(label: str, choices: list[tuple[str, str]]) -> gr.Dropdown:
    return gr.Dropdown([(t("images.any"), ""), *choices], value="", label=t(label), min_width=140)


def listing(found: Found) -> Markup:
    """A page of the list: each image a button that opens its record."""
    held = notice(t("images.held", n=found.held)) if found.held else Markup()
    if not found.lines:
        far = t("images.nothing_here", n=REACH)
        words = t("images.nothing") if found.older is None else far
        return held + notice(words, Tone.NOTE)
    names = ("image", "source", "state", "verdict")
    headers = [*(t(f"images.{name}") for name in names), "P(fake)", t("images.since")]
    return held + table(t("images.list"), headers, map(_row, found.lines))


def _row(line: Line) -> tuple[str | Markup, ...]:
    p_fake, std = line.p_fake, line.std
    score = "" if p_fake is None or std is None else plus_minus(p_fake, std)
    return (
        _button(line),
        clamped(line.source or ""),
        t(f"records.state_{line.state}"),
        _verdict(line),
        score,
        moment(line.since),
    )


def _verdict(line: Line) -> str:
    value = t(f"review.answer_{line.verdict}") if line.verdict else ""
    return t("images.is_corrected", value=value) if line.corrected else value


def _button(line: Line) -> Markup:
    """The label of a button: of a path its last part, as the record tells the whole."""
    small = picture(f"/api/v1/admin/images/{line.item_id}/small", lazy=True)
    return Markup(
        '<button type="button" class="found" data-item="{}">{}<b>{}</b> <span>{}</span></button>'
    ).format(
        line.item_id,
        small if line.has_picture else Markup('<i aria-hidden="true"></i>'),
        line.item_id,
        PurePosixPath(line.name).name,
    )
