"""The queue desk on the first screen: flow, outlook, service level, and the mix of each source."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.core.errors import InputError
from review_app.core.permissions import Permission
from review_app.i18n import Text, number, percent, significant, t
from review_app.monitoring.flow import FlowSpan
from review_app.monitoring.forecast import EmptyingForecast, Outlook
from review_app.monitoring.queue_desk import QueueDesk
from review_app.monitoring.service_level import ServiceLevel, ServiceRecord
from review_app.web.admin.form import Field, OptionsForm, Values, allowed, held
from review_app.web.assets import asset_url
from review_app.web.charts_flow import FlowRow, flow_chart, shares
from review_app.web.handlers import Call, Wiring, html, section, show_by_permission
from review_app.web.markup import age, clamped, join, table
from storage.enums import ItemState, LabelValue
from storage.models import SourceTally

REFRESH_SECONDS = 10
_hours = allowed(ServiceLevel, "within_hours", Text("desk.wrong_hours"))
_FIELDS = (
    Field("within_hours", "desk.within_hours", lambda n: _hours(n or None), lambda n: n or 0),
)
_PLACES = asset_url("places.js")
_ASKED = f"""async () => (await import("{_PLACES}")).askedSpan()"""
_CHOSEN = f"""async (span) => (await import("{_PLACES}")).choseSpan(span)"""
_MIX = (LabelValue.REAL, LabelValue.FAKE, LabelValue.UNSURE, LabelValue.UNDECIDABLE)


class QueueDeskPanel:
    """The handlers of the desk, drawn afresh at every look."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._form = OptionsForm(app.service_level, _FIELDS)

    def begin(self, call: Call, span: str | None) -> tuple[Any, ...]:
        """The same as the page is opened, and the choice, where the page's address says one."""
        usual = span in (None, FlowSpan.WEEK)
        return *self.refresh(call, span), gr.skip() if usual else span

    def refresh(self, _call: Call, span: str | None) -> tuple[Markup, Markup, Markup]:
        """The flow over the span that was chosen, the service level, and the sources."""
        try:
            desk = self._app.monitoring.queue_desk(FlowSpan(span or FlowSpan.WEEK))
        except ValueError:
            raise InputError(Text("refusals.odd_input")) from None
        return _flow(desk), _service(desk.service), _sources(desk)

    def load(self, _call: Call) -> tuple[str, *Values]:
        """The service level in force, for the field and for the page to hold."""
        return "", *self._form.load()

    def save(self, call: Call, seen: Any, hours: float | None) -> tuple[Markup, *Values]:
        """Put in force what the person has changed."""
        return self._form.save(call.person, seen, (hours,), lambda _level: t("desk.saved"))


def build_queue_desk(app: Application, blocks: gr.Blocks) -> None:
    """Add the desk's components to the open context."""
    panel = QueueDeskPanel(app)
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=320), section(t("desk.flow"), t("desk.flow_remark")):
            choices = [(t(f"desk.{span}"), span.value) for span in FlowSpan]
            week = FlowSpan.WEEK.value
            span = gr.Radio(choices, value=week, label=t("desk.span"), elem_id="flow-span")
            flow = html()
        with gr.Column(scale=2, min_width=320), section(t("desk.level"), t("desk.level_remark")):
            service = html()
            with gr.Row() as level:
                hours = gr.Number(0, label=t("desk.within_hours"), minimum=0)
                save = gr.Button(t("desk.save"))
            message, seen = html(), held()
    sources = html()
    looks, manages = Wiring(app, Permission.SEE_QUEUE), Wiring(app, Permission.MANAGE_POLICY)
    shown = [flow, service, sources]
    looks.quick(blocks.load, panel.load, [message, hours, seen])
    show_by_permission(app, [(level, Permission.MANAGE_POLICY)])
    looks.quick(partial(blocks.load, js=_ASKED), panel.begin, [*shown, span], [span])
    looks.quick(gr.Timer(REFRESH_SECONDS).tick, panel.refresh, shown, [span])
    chosen = partial(span.input, js=_CHOSEN, trigger_mode="always_last")
    looks.quick(chosen, panel.refresh, shown, [span])
    saved = manages.quick(save.click, panel.save, [message, hours, seen], [seen, hours])
    looks.quick(saved.then, panel.refresh, shown, [span])


def _flow(desk: QueueDesk) -> Markup:
    parts = desk.flow.parts
    series = (("arrived", "in"), ("accepted", "accepted"), ("came", "came"), ("settled", "settled"))
    rows = [
        _series(t(f"desk.{words}"), [getattr(part, name) for part in parts])
        for name, words in series
    ]
    waiting = [part.waiting for part in parts]
    now = t("desk.now", n=desk.waiting)
    rows.append(FlowRow(t("desk.waits"), now, _peak(waiting), waiting, level=True))
    times = (parts[0].begins, parts[-1].begins + timedelta(hours=desk.flow.hours))
    chart = flow_chart(t("desk.flow"), rows, times, t("desk.unit", n=desk.flow.hours))
    return _outlook(desk) + chart


def _series(name: str, values: list[int]) -> FlowRow:
    return FlowRow(name, number(sum(values)), _peak(values), values)


def _peak(values: list[int]) -> str:
    return t("desk.peak", n=max(values))


def _outlook(desk: QueueDesk) -> Markup:
    lines = [outlook_words(desk.forecast)]
    if desk.oldest is not None:
        lines.insert(0, t("desk.oldest", n=desk.waiting, age=age(desk.oldest)))
    return _told(lines)


def _told(lines: list[str]) -> Markup:
    return Markup('<div class="told">{}</div>').format(
        join(Markup("<p>{}</p>").format(line) for line in lines)
    )


def outlook_words(forecast: EmptyingForecast) -> str:
    """The forecast as a sentence."""
    low, high = forecast.low, forecast.high
    if forecast.outlook is Outlook.EMPTIES:
        return t("desk.empties", low=_days(low), high=_days(high), n=forecast.days)
    if forecast.outlook is Outlook.GROWS:
        return t("desk.grows", low=number(low, 0), high=number(high, 0), n=forecast.days)
    if forecast.outlook is Outlook.UNCLEAR:
        return t("desk.unclear", less=number(-low, 0), more=number(high, 0), n=forecast.days)
    return t(f"desk.{forecast.outlook}")


def _days(days: float) -> str:
    return number(days, 1 if days < 10 else 0)


def _service(record: ServiceRecord | None) -> Markup:
    if record is None or record.level.within_hours is None:
        return Markup('<p class="empty">{}</p>').format(t("desk.no_level"))
    kept, hours = record.kept, significant(record.level.within_hours)
    share = kept.share
    if share is None:
        lines = [t("desk.nothing_settled")]
    else:
        low, high = (percent(edge) for edge in kept.interval)
        words = t("desk.kept", n=kept.n, hours=hours, share=percent(share), low=low, high=high)
        lines = [words]
    lines.append(t("desk.late", n=record.late))
    lines.append(t("desk.misses", n=record.misses - min(record.late, record.misses)))
    return _told(lines)


def _sources(desk: QueueDesk) -> Markup:
    title = t("desk.mix")
    if not desk.sources:
        empty = Markup('<p class="empty">{}</p>').format(t("desk.no_sources"))
        return _card(title, empty)
    names = ("source", "all", "accepted", "waits", *(f"said_{v}" for v in _MIX), "shares")
    headers = [t(f"desk.{name}") for name in names]
    return _card(title, table(t("desk.by_source"), headers, map(_source_row, desk.sources)))


def _source_row(source: SourceTally) -> tuple[str | int | Markup, ...]:
    states, verdicts = source.states, source.verdicts
    waits = states.get(ItemState.IN_REVIEW, 0) + states.get(ItemState.ESCALATED, 0)
    name = source.source or t("desk.no_source")
    counts = [verdicts.get(value, 0) for value in _MIX]
    mix = [(value.value, n) for value, n in zip(_MIX, counts, strict=True)]
    accepted = states.get(ItemState.AUTO_ACCEPTED, 0)
    return (clamped(name), source.total, accepted, waits, *counts, shares(mix))


def _card(title: str, body: Markup) -> Markup:
    remark = t("desk.mix_remark")
    return Markup('<section class="card"><h2>{}</h2><p class="remark">{}</p>{}</section>').format(
        title, remark, body
    )
