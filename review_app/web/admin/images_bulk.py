"""Something done to many images at once: previewed, confirmed with the count, followed, undone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr
from markupsafe import Markup
from pydantic import BaseModel

from review_app.bootstrap import Application
from review_app.bulk.order import (
    ASKED_FOR,
    MAX_HOURS,
    MAX_REASON,
    MAX_TAG,
    USUAL_HOURS,
    BulkOrder,
    ImageSelection,
    due_of,
    kind_of,
    permission_for,
    selection_of,
)
from review_app.bulk.service import BulkPreview, BulkStanding, new_key
from review_app.core.errors import ConflictError, InputError
from review_app.core.permissions import GRANTS, Permission
from review_app.i18n import Text, listed, number, significant, t
from review_app.records.filters import FILTERS
from review_app.web.admin.confirm import Confirm, Question
from review_app.web.admin.images_filters import FilterForm, set_ones
from review_app.web.admin.learning_jobs import BUSY_SECONDS, standing
from review_app.web.assets import asset_url
from review_app.web.handlers import Call, Wiring, held_as, html, section
from review_app.web.markup import Tone, clamped, long, moment, notice, table
from storage.enums import BulkKind
from storage.types import utc_now

SHOWN = 20
"""The newest actions, which are told of."""
FOUND, PICKED = "found", "picked"
"""Which images are meant: those that the filters find, or those that were picked."""
_NEEDS = {
    BulkKind.ASSIGN: ("person", "hours"),
    BulkKind.TAG: ("tag",),
    BulkKind.UNTAG: ("tag",),
    BulkKind.DELETE: ("wait", "reason"),
}
_FIELDS = ("person", "hours", "tag", "wait", "reason")
_ORDERED = f"""async (...form) => (await import("{asset_url("places.js")}")).ordered(...form)"""

Shown = tuple[Markup, Any, Any]
"""The actions, those that can be undone, and whether to look again soon."""


class AskedOrder(BaseModel):
    """The order that a question was about."""

    kind: BulkKind
    selection: ImageSelection
    name: str
    hours: float
    tag: str
    reason: str
    key: str
    below: int = 0
    """Images from this number on came after the question."""

    def order(self) -> BulkOrder:
        """The order itself."""
        return BulkOrder(self.kind, self.selection, self.name, self.hours, self.tag, self.reason)


class AskedUndo(BaseModel):
    """The undo that a question was about."""

    action: int
    key: str


class BulkPanel:
    """The handlers of the panel's buttons."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def load(self, call: Call) -> Shown:
        """The newest actions as they stand."""
        found = self._app.bulk.newest(call.person, SHOWN)
        undoable = [
            (t("bulk.choice", n=one.action.id, what=_what(one)), one.action.id)
            for one in found
            if one.is_undoable
        ]
        goes_on = any(one.is_open for one in found)
        return _actions(found), gr.update(choices=undoable), gr.update(active=goes_on)

    def offer(self, call: Call) -> tuple[Any, ...]:
        """The people that images can be assigned to, the tags that there are, and the actions that
        the person may ask for."""
        people = sorted(
            account.name
            for account in self._app.people.all()
            if not account.disabled and Permission.REVIEW in GRANTS[account.role]
        )
        tags = self._app.records.tags(call.person, SHOWN * 10)
        kinds = [kind for kind in ASKED_FOR if call.person.may(permission_for(kind))]
        return "", *(gr.update(choices=one) for one in (people, tags, _named(kinds)))

    def needed(self, _call: Call, kind: str | None) -> tuple[Any, ...]:
        """The fields that an action needs, and no others, in sight."""
        needs = _NEEDS.get(kind_of(kind), ())
        return "", *(gr.update(visible=name in needs) for name in _FIELDS)

    def ask(self, call: Call, *form: Any) -> Question:
        """The question before an action, with how many images it changes, and leaves out."""
        asked = _asked(form)
        told = self._app.bulk.preview(call.person, asked.order())
        _refuse_nothing(told)
        what = t(f"bulk.kind_{asked.kind}")
        words = [t("bulk.ask" if told.is_all else "bulk.ask_at_least", n=told.images, what=what)]
        words += _left_out(told)
        words.append(_what_then(asked))
        return Question(" ".join(words), asked.model_copy(update={"below": told.below}))

    def begin(self, call: Call, asked: Any) -> tuple[Markup, *Shown]:
        """Have done what was asked about; pressed twice, once."""
        about = held_as(AskedOrder, asked)
        order, below = about.order(), about.below
        action = self._app.bulk.ask(call.person, order, about.key, below=below)
        return notice(t("bulk.is_asked_for", n=action.id), Tone.DONE), *self.load(call)

    def ask_undo(self, call: Call, which: int | None) -> Question:
        """The question before an action is taken back, with how many images that changes."""
        if not isinstance(which, int) or isinstance(which, bool):
            raise InputError(Text("bulk.choose_action"))
        told = self._app.bulk.preview_undo(call.person, which)
        _refuse_nothing(told)
        words = [t("bulk.ask_undo", n=told.images, action=str(which)), *_left_out(told)]
        return Question(" ".join(words), AskedUndo(action=which, key=new_key()))

    def undo(self, call: Call, asked: Any) -> tuple[Markup, *Shown]:
        """Have taken back what was asked about."""
        about = held_as(AskedUndo, asked)
        action = self._app.bulk.undo(call.person, about.action, about.key)
        return notice(t("bulk.is_asked_for", n=action.id), Tone.DONE), *self.load(call)


def build_bulk(app: Application, tab: gr.Tab, filters: FilterForm) -> Confirm:
    """Add the panel to the open context; it is about what ``filters`` find. The question of it, for
    what fills these in besides its person."""
    panel, wiring = BulkPanel(app), Wiring(app, Permission.MOVE_IMAGES)
    with section(t("bulk.title"), t("bulk.remark")):
        with gr.Row(equal_height=False):
            meant = [(t(f"bulk.of_{one}"), one) for one in (FOUND, PICKED)]
            which = gr.Radio(meant, value=FOUND, label=t("bulk.which"), min_width=280)
            kind = gr.Dropdown(
                _named(ASKED_FOR),
                value=BulkKind.REQUEUE.value,
                label=t("bulk.kind"),
                min_width=280,
            )
        with gr.Row():
            person = gr.Dropdown([], label=t("bulk.person"), value=None, visible=False)
            hours = _hours()
            tag = gr.Dropdown(
                [], label=t("bulk.tag"), value=None, allow_custom_value=True, visible=False
            )
            wait = _wait()
            reason = gr.Textbox(
                label=t("bulk.reason"), max_length=MAX_REASON, visible=False, min_width=280
            )
        preview = gr.Button(t("bulk.preview"))
        confirm = Confirm(t("bulk.yes"))
        message, actions = html(), html()
        with gr.Row():
            undoable = gr.Dropdown([], label=t("bulk.undoable"), value=None)
            undo = gr.Button(t("bulk.undo"))
        sure = Confirm(t("bulk.yes_undo"))
    picked, look = gr.JSON(visible=False), gr.Timer(BUSY_SECONDS, active=False)
    fields = [person, hours, tag, wait, reason]
    shown: list[Any] = [actions, undoable, look]
    for event in (tab.select, look.tick):
        wiring.quick(event, panel.load, shown)
    wiring.quick(tab.select, panel.offer, [message, person, tag, kind])
    wiring.quick(kind.input, panel.needed, [message, *fields], [kind])
    form = [*filters.values, which, kind, *fields, picked]
    confirm.ask(wiring, preview, panel.ask, form, js=_ORDERED)
    for changed in (which, kind, *fields, *filters.shown):
        confirm.withdraw(changed.input)  # type: ignore[attr-defined]
    confirm.then(wiring, panel.begin, [message, *shown])
    sure.ask(wiring, undo, panel.ask_undo, [undoable])
    sure.withdraw(undoable.input)
    sure.then(wiring, panel.undo, [message, *shown])
    return confirm


def _named(kinds: Sequence[BulkKind]) -> list[tuple[str, str]]:
    return [(t(f"bulk.kind_{kind}"), kind.value) for kind in kinds]


def _hours() -> gr.Number:
    label, most = t("bulk.hours"), MAX_HOURS
    return gr.Number(USUAL_HOURS, label=label, minimum=1, maximum=most, visible=False)


def _wait() -> gr.Number:
    label, info = t("bulk.wait"), t("bulk.wait_info")
    return gr.Number(
        USUAL_HOURS,
        label=label,
        info=info,
        minimum=0,
        maximum=MAX_HOURS,
        visible=False,
        min_width=280,
    )


def _what_then(asked: AskedOrder) -> str:
    """Whether the action can be taken back, and how long."""
    if asked.kind is not BulkKind.DELETE:
        return t("bulk.can_be_undone")
    if not asked.hours:
        return t("bulk.is_for_good")
    return t("bulk.goes_later", hours=significant(asked.hours))


def _asked(form: Sequence[Any]) -> AskedOrder:
    *filters, which, kind, person, hours, tag, wait, reason, picked = form
    if which not in (FOUND, PICKED) or len(filters) != len(FILTERS) + 1:
        raise InputError(Text("images.unknown_filter"))
    if which == PICKED and not picked:
        raise InputError(Text("bulk.pick_first"))
    chosen = {"picked": picked} if which == PICKED else set_ones(filters)
    known = kind_of(kind)
    return AskedOrder(
        kind=known,
        selection=selection_of(chosen),
        name=str(person or ""),
        hours=_hours_of(wait if known is BulkKind.DELETE else hours),
        tag=str(tag or "")[: 2 * MAX_TAG],
        reason=str(reason or ""),
        key=new_key(),
    )


def _hours_of(given: Any) -> float:
    """The hours that a field holds; none that could be, where it is empty."""
    return -1.0 if given is None else float(given)


def _refuse_nothing(told: BulkPreview) -> None:
    """Raises ConflictError where there is nothing to do, with the reasons."""
    if not told.images:
        raise ConflictError(Text("bulk.nothing", {"why": " ".join(_left_out(told))}))


def _left_out(told: BulkPreview) -> list[str]:
    if not told.left_out:
        return []
    each = [
        t("bulk.left_some", n=number(n), which=t(f"bulk.left_{bar}"))
        for bar, n in told.left_out.items()
    ]
    return [t("bulk.left_out", list=listed(each))]


def _actions(found: Sequence[BulkStanding]) -> Markup:
    if not found:
        return Markup('<p class="empty">{}</p>').format(t("bulk.none_yet"))
    names = ("number", "what", "images", "state", "asked")
    rows = [
        (str(one.action.id), long(_told(one)), one.action.touched, _state(one), _by(one))
        for one in found
    ]
    return table(t("bulk.actions"), [t(f"bulk.{name}") for name in names], rows)


def _told(one: BulkStanding) -> Markup:
    details = one.action.details
    note = details.get("name") or details.get("tag") or details.get("reason") or ""
    return Markup("{} {}").format(_what(one), clamped(note))


def _what(one: BulkStanding) -> str:
    action = one.action
    if action.undoes_id is None:
        return t(f"bulk.kind_{action.kind}")
    return t("bulk.undo_of", n=action.undoes_id, what=t(f"bulk.kind_{action.details['of']}"))


def _state(one: BulkStanding) -> Markup | str:
    if one.is_undone:
        return t("bulk.is_undone")
    if one.job is not None and (one.is_open or one.job.error):
        return standing(one.job)
    if one.action.kind is BulkKind.DELETE and due_of(one.action) > utc_now():
        return Markup("{} {}").format(t("bulk.files_go"), moment(due_of(one.action)))
    if one.job is not None:
        return standing(one.job)
    return t("bulk.is_done" if one.action.ended_at else "bulk.was_cut_off")


def _by(one: BulkStanding) -> Markup:
    return Markup("{}<br>{}").format(moment(one.action.asked_at), one.action.asked_by)
