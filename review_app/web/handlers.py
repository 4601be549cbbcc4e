"""The layer between Gradio's events and our functions: who calls, may they, and errors in words.

``api_visibility="private"`` hides a handler but locks nothing: it can still be called by its index.
So each handler asks for itself who sent the request, and what they may do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import gradio as gr
from gradio.blocks import Block
from gradio.context import Context
from gradio.utils import NamedString
from markupsafe import Markup
from pydantic import BaseModel, ValidationError

from review_app.core.errors import InputError, ReviewAppError
from review_app.core.permissions import Permission, Person, require
from review_app.core.progress import Progress
from review_app.i18n import Text, current_language, t, use_language
from review_app.web.addresses import on_site
from review_app.web.assets import asset_url
from review_app.web.identity import person_of
from review_app.web.language import language_of
from review_app.web.markup import Tone, notice, sentence

if TYPE_CHECKING:
    from review_app.bootstrap import Application

Held = TypeVar("Held", bound=BaseModel)

_PROGRESS = gr.Progress()


def held_as(kind: type[Held], held: Any) -> Held:
    """What a page of ours was given to hold, as it has come back. Raises InputError where no page
    of ours holds that."""
    try:
        return kind.model_validate(held)
    except ValidationError:
        raise InputError(Text("refusals.odd_call")) from None


@dataclass(frozen=True)
class Call:
    """One event: who caused it, at which address of ours, and how to tell them of progress."""

    person: Person
    origin: str
    """Scheme and host that the person's browser used, without a slash at the end."""
    progress: gr.Progress
    event: gr.EventData | None = None
    """What the page sent with the event; as little to be trusted as any input."""

    def count(self, what: str) -> Progress:
        """A callback that shows (done, total) of ``what``."""
        unit = f" {t('charts.images')}"

        def show(done: int, total: int | None) -> None:
            self.progress((done, total), desc=what, unit=unit)

        return show


Function = Callable[..., Any]
"""A function that takes a ``Call`` and the inputs' values and gives the outputs' values."""


def guarded(
    app: Application,
    permission: Permission,
    function: Function,
    n_outputs: int = 1,
    takes_event: bool = False,
) -> Callable[..., Any]:
    """``function`` as Gradio calls it: refused to whoever has not ``permission``.

    A ``ReviewAppError`` becomes a sentence in the first output, which must show HTML; the other
    outputs stay as they are.
    """

    def run(request: gr.Request, progress: gr.Progress, event: Any, inputs: Sequence[Any]) -> Any:
        # Gradio's queue runs in a task of its own, which knows nothing of the request.
        with use_language(language_of(request.headers)), on_site(app.settings):
            try:
                person = require(person_of(app, request), permission)
                call = Call(person, _origin(app, request), progress, event)
                with app.uploads.claim(_files(inputs)):
                    return function(call, *inputs)
            except ReviewAppError as error:
                told = refusal(error)
                return (told, *[gr.skip()] * (n_outputs - 1)) if n_outputs > 1 else told

    # Gradio fills in what it knows by annotation and default, at these places.
    def plain(request: gr.Request, progress: gr.Progress = _PROGRESS, *inputs: Any) -> Any:
        return run(request, progress, None, inputs)

    def with_event(
        request: gr.Request, event: gr.EventData, progress: gr.Progress = _PROGRESS, *inputs: Any
    ) -> Any:
        return run(request, progress, event, inputs)

    return with_event if takes_event else plain


def _files(inputs: Sequence[Any]) -> Iterator[Path]:
    """The uploads among the inputs' values: Gradio gives a path, or several."""
    for value in inputs:
        paths = value if isinstance(value, list) else [value]
        yield from (Path(path) for path in paths if isinstance(path, NamedString))


def refusal(error: ReviewAppError) -> Markup:
    """What went wrong, as a sentence in the language of whoever is served."""
    return notice(sentence(error.render(current_language())), Tone.PROBLEM)


Refresh = Callable[[Callable[..., Any]], Any]
"""A function that draws a part of a page anew after the event it is given."""


@dataclass(frozen=True)
class Wiring:
    """Connects events to functions that need one permission."""

    app: Application
    permission: Permission

    def quick(
        self,
        event: Callable[..., Any],
        function: Function,
        outputs: Sequence[Block],
        inputs: Sequence[Block] = (),
        *,
        takes_event: bool = False,
    ) -> Any:
        """Wire what takes milliseconds: it is answered at once, past the queue.

        No component is told how far it has come: at every event the page looks each one that was
        ever told up among all of its components.
        """
        handler = self._guarded(function, outputs, takes_event)
        return event(
            handler,
            list(inputs),
            list(outputs),
            queue=False,
            show_progress="hidden",
            show_progress_on=(),
            api_visibility="private",
        )

    def slow(
        self,
        event: Callable[..., Any],
        function: Function,
        outputs: Sequence[Block],
        inputs: Sequence[Block] = (),
        *,
        takes_event: bool = False,
    ) -> Any:
        """Wire what takes seconds: it is queued, with progress shown on the first output."""
        handler = self._guarded(function, outputs, takes_event)
        return event(
            handler,
            list(inputs),
            list(outputs),
            show_progress="full",
            show_progress_on=outputs[0],
            concurrency_limit=None,
            api_visibility="private",
        )

    def _guarded(
        self, function: Function, outputs: Sequence[Block], takes_event: bool
    ) -> Callable[..., Any]:
        if not isinstance(outputs[0], gr.HTML):
            raise TypeError(f"{function}: the first output shows no HTML to say in what went wrong")
        return guarded(self.app, self.permission, function, len(outputs), takes_event)


def show_by_permission(app: Application, parts: Sequence[tuple[Block, Permission]]) -> None:
    """Show each of ``parts`` of the open page, an admin's, to those alone who have its permission.

    That locks nothing: each handler behind asks for itself.
    """

    def show(call: Call) -> Any:
        seen = [call.person.may(permission) for _, permission in parts]
        return "", *(gr.skip() if may else gr.update(visible=False) for may in seen)

    outputs = [html(), *(part for part, _ in parts)]
    Wiring(app, Permission.SEE_QUEUE).quick(open_page().load, show, outputs)


def _origin(app: Application, request: gr.Request) -> str:
    # The guard has checked that the host is one of ours.
    return app.settings.public_url.rstrip("/") or f"http://{request.headers['host']}"


def open_page() -> gr.Blocks:
    """The Blocks that components are being added to; its ``load`` fires with the present page."""
    blocks = Context.root_block
    if blocks is None:
        raise RuntimeError("open a gr.Blocks before adding a page to it")
    return blocks


def section(title: str, remark: str = "") -> gr.Column:
    """A framed part of a page; open it with ``with``."""
    column = gr.Column(elem_classes="card")
    note = Markup('<p class="remark">{}</p>').format(remark) if remark else Markup()
    with column:
        html(Markup("<h2>{}</h2>{}").format(title, note))
    return column


def html(value: str = "", **options: Any) -> gr.HTML:
    """A ``gr.HTML`` with our styles only."""
    return gr.HTML(value, apply_default_css=False, js_on_load=None, **options)


def title(value: Markup) -> None:
    """Add the page's heading, and the script of the pages that are made of components."""
    html(value, head=f'<script src="{asset_url("uploads.js")}"></script>')
