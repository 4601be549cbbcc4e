"""Learning: by hand, and its triggers as a form: labels, time, an alarm."""

from __future__ import annotations

from typing import Any

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.core.permissions import Permission
from review_app.i18n import Text, t
from review_app.jobs.triggers import LearningTriggers
from review_app.web.admin.form import Field, OptionsForm, Values, allowed, held
from review_app.web.admin.learning_jobs import answer_to
from review_app.web.handlers import Call, Wiring, html, section
from storage.enums import JobKind

_labels = allowed(LearningTriggers, "every_labels", Text("triggers.wrong_labels"))
_hours = allowed(LearningTriggers, "every_hours", Text("triggers.wrong_hours"))
_FIELDS = (
    Field("every_labels", "triggers.labels", lambda n: _labels(n or None), lambda n: n or 0),
    Field("every_hours", "triggers.hours", lambda n: _hours(n or None), lambda n: n or 0),
    Field("after_alarm", "triggers.alarm", bool),
)


class TriggersPanel:
    """The handlers of the button and of the form."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._form = OptionsForm(app.learning_triggers, _FIELDS)

    def load(self, call: Call) -> tuple[Markup, *Values]:
        """What has come since the last learning; the triggers in force, for the fields; and for the
        page to hold."""
        return self.new_labels(call), *self._form.load()

    def new_labels(self, _call: Call) -> Markup:
        """How many labels have become final since learning was last asked for."""
        n = self._app.learning_schedule.facts().new_labels
        return Markup("<p>{}</p>").format(t("triggers.new_labels", n=n))

    def learn(self, call: Call) -> Markup:
        """Ask for learning now."""
        job = self._app.jobs.ask(call.person, JobKind.LEARN, {})
        return answer_to(job, t("jobs.is_queued", job=job.id))

    def save(self, call: Call, seen: Any, *values: Any) -> tuple[Markup, *Values]:
        """Put in force what the person has changed."""
        return self._form.save(call.person, seen, values, _saved)


def _saved(triggers: LearningTriggers) -> str:
    never = f" {t('triggers.never')}" if triggers == LearningTriggers() else ""
    return t("triggers.saved") + never


def build_triggers(app: Application, blocks: gr.Blocks, tab: gr.Tab) -> None:
    """Add the button and the form to the open context."""
    panel = TriggersPanel(app)
    wiring = Wiring(app, Permission.MANAGE_POLICY)
    with section(t("triggers.title"), t("triggers.remark")):
        words = html()
        learn = gr.Button(t("triggers.learn"))
        asked = html()
        with gr.Row():
            labels = gr.Number(0, label=t("triggers.labels"), minimum=0, precision=0)
            hours = gr.Number(0, label=t("triggers.hours"), minimum=0)
            alarm = gr.Checkbox(False, label=t("triggers.alarm"))
        save = gr.Button(t("triggers.save"))
        message, seen = html(), held()
    fields = [labels, hours, alarm]
    wiring.quick(blocks.load, panel.load, [words, *fields, seen])
    for event in (tab.select, wiring.quick(learn.click, panel.learn, [asked]).then):
        wiring.quick(event, panel.new_labels, [words])
    wiring.quick(save.click, panel.save, [message, *fields, seen], [seen, *fields])
