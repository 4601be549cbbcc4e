"""A panel of how review works: what reviewers learn, how many answers images need, how long claims
last, which tags the page offers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.core.permissions import Permission
from review_app.i18n import Text, t
from review_app.policy.review_options import Reveal, ReviewOptions, Veil
from review_app.policy.tags import MAX_TAGS
from review_app.web.admin.form import Field, OptionsForm, Values, allowed, held
from review_app.web.handlers import Call, Wiring, html, section
from review_app.web.own_figures import too_few_to_look


def _allowed(name: str, wrong: str) -> Callable[[Any], Any]:
    return allowed(ReviewOptions, name, Text(f"rules.{wrong}"))


def _tags(lines: str | None) -> list[str]:
    given = [line for line in (lines or "").splitlines() if line.strip()]
    wrong = Text("rules.wrong_tags", {"most": MAX_TAGS})
    return list(allowed(ReviewOptions, "tags", wrong)(given))


def _share(name: str, wrong: str) -> Callable[[Any], Any]:
    """Take percents for the option ``name``, which is a share."""

    def take(percent: float | None) -> float:
        share = None if percent is None else round(percent / 100, 12)
        return float(_allowed(name, wrong)(share))

    return take


def _percent(share: float) -> float:
    return round(100 * share, 10)


_FIELDS = (
    Field("reveal", "rules.reveal", _allowed("reveal", "wrong_reveal")),
    Field("veil", "rules.veil", _allowed("veil", "wrong_veil")),
    Field("needed_labels", "rules.needed", _allowed("needed_labels", "wrong_needed")),
    Field("undo_minutes", "rules.undo", _allowed("undo_minutes", "wrong_undo")),
    Field("lease_minutes", "rules.lease", _allowed("lease_minutes", "wrong_lease")),
    Field("second_reviewer", "rules.second", bool),
    Field("reviewers_inspect", "rules.inspect", bool),
    Field("claim_before_answer", "rules.claim", bool),
    Field("tags", "rules.tags", _tags, "\n".join),
    Field("gold_share", "rules.gold", _share("gold_share", "wrong_gold"), _percent),
    Field("gold_feedback", "rules.feedback", bool),
    Field("second_look_share", "rules.again", _share("second_look_share", "wrong_again"), _percent),
    Field("weigh_by_skill", "rules.weigh", bool),
)


class ReviewPanel:
    """The handlers of the panel."""

    def __init__(self, app: Application) -> None:
        self._monitoring, self._people = app.monitoring, app.people
        self._form = OptionsForm(app.review_options, _FIELDS)

    def load(self, _call: Call) -> tuple[str, *Values]:
        """How review works now."""
        return "", *self._form.load()

    def effect(self, _call: Call) -> Markup:
        """What weighing by skill would change, or changes, by the newest answers."""
        found = self._monitoring.findings().people
        if found is None or not found.shared:
            words = t("rules.weigh_none")
        else:
            told = found.weighing
            words = t("rules.weigh_effect", n=found.shared, turned=told.turned, opened=told.opened)
        return Markup('<p class="remark">{}</p>').format(words)

    def team(self, _call: Call) -> Markup:
        """Whether too few people work here for second looks."""
        words = too_few_to_look(self._people.all())
        return Markup('<p class="remark">{}</p>').format(words) if words else Markup()

    def save(self, call: Call, seen: Any, *values: Any) -> tuple[Markup, *Values]:
        """Change how review works from the next image on."""
        return self._form.save(call.person, seen, values, lambda _: t("rules.saved"))


def build_review_options(app: Application, blocks: gr.Blocks, tab: gr.Tab) -> None:
    """Add the panel to the open context."""
    panel = ReviewPanel(app)
    wiring = Wiring(app, Permission.MANAGE_POLICY)
    reveals = [(t(f"rules.reveal_{value}"), value.value) for value in Reveal]
    veils = [(t(f"rules.veil_{value}"), value.value) for value in Veil]
    with section(t("rules.title")):
        with gr.Row():
            reveal = gr.Radio(reveals, label=t("rules.reveal"), min_width=240)
            veil = gr.Radio(veils, label=t("rules.veil"), min_width=240)
        with gr.Row():
            needed = gr.Number(1, label=t("rules.needed"), precision=0, min_width=200)
            undo = gr.Number(5, label=t("rules.undo"), info=t("rules.undo_info"), min_width=200)
            lease = gr.Number(10, label=t("rules.lease"), min_width=200)
        second = gr.Checkbox(label=t("rules.second"))
        inspect = gr.Checkbox(True, label=t("rules.inspect"))
        claim = gr.Checkbox(label=t("rules.claim"), info=t("rules.claim_info"))
        gold = gr.Number(0, label=t("rules.gold"))
        feedback = gr.Checkbox(label=t("rules.feedback"))  # beside it, a phone has no room for it
        again = gr.Number(0, label=t("rules.again"), info=t("rules.again_info"))
        team = html()
        weigh = gr.Checkbox(label=t("rules.weigh"), info=t("rules.weigh_info"))
        effect = html()
        tags = gr.Textbox(label=t("rules.tags"), lines=4)
        save = gr.Button(t("rules.save"))
        message, seen = html(), held()
    fields = [reveal, veil, needed, undo, lease, second, inspect, claim, tags, gold, feedback]
    fields += [again, weigh]
    form = [message, *fields, seen]
    for event in (blocks.load, tab.select):
        wiring.quick(event, panel.effect, [effect])
        wiring.quick(event, panel.team, [team])
    wiring.quick(blocks.load, panel.load, form)
    wiring.quick(save.click, panel.save, form, [seen, *fields])
