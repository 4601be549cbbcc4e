"""Champion and challengers: comparing, promoting, rolling back, and the lineage of all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from markupsafe import Markup
from pydantic import BaseModel

from review_app.bootstrap import Application
from review_app.core.errors import InputError
from review_app.core.permissions import Permission
from review_app.core.settings import DEFAULT_CHECKPOINT
from review_app.i18n import Text, day, number, t
from review_app.learning.lineage import LineageEntry, PutInForce, challengers
from review_app.learning.words import advice_words
from review_app.web.admin.confirm import Confirm, Question
from review_app.web.admin.form import version_seen
from review_app.web.admin.images_record import veiled
from review_app.web.admin.learning_comparison import report_html
from review_app.web.admin.learning_jobs import answer_to
from review_app.web.handlers import Call, Refresh, Wiring, held_as, html, section
from review_app.web.markup import Content, Tone, notice, table
from storage.enums import JobKind


class PromotionAsked(BaseModel):
    """The detector that a question was about, and the policy that it would follow."""

    version: int
    detector: str


class ChallengePanel:
    """The handlers of the panel's buttons."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def load(self, call: Call, chosen: str | None = None) -> tuple[Any, ...]:
        """What is in force; the choices; the version that the page tells of; that it may be asked
        to promote; whether there is a detector to go back to; and what was told of the challenger
        that is ``chosen``."""
        policy, found = self._app.policies.current(), self._lineage()
        offered = [each.id for each in challengers(found)]
        choice = gr.update(choices=offered)
        if chosen not in offered:  # else it stays: another may have been chosen meanwhile
            chosen = next(iter(offered), None)
            choice["value"] = chosen
        words = t(
            "challenge.champion",
            detector=policy.checkpoint,
            state=t(f"certify.state_{policy.state}"),
        )
        former = self._app.promotions.former()
        if former is not None:
            words += f" {t('challenge.champion_former', detector=former.policy.checkpoint)}"
        return (
            notice(words),
            choice,
            policy.version,
            gr.update(interactive=True),
            gr.update(visible=former is not None),
            self.show(call, chosen),
        )

    def show(self, _call: Call, chosen: str | None) -> Markup:
        """What the last comparison of ``chosen`` with the detector in force told."""
        if not chosen:
            return Markup('<p class="empty">{}</p>').format(t("challenge.none"))
        report = self._app.challenges.last(chosen)
        if report is None:
            words = t("challenge.not_compared", detector=chosen)
            return Markup('<p class="empty">{}</p>').format(words)
        return veiled(self._app, report_html(report, self._app.challenges.pictured(report)))

    def lineage(self, _call: Call) -> Markup:
        """The table of all detectors."""
        names = ("detector", "standing", "parent", "data", "auroc", "uses")
        headers = [t(f"challenge.{name}") for name in names]
        return table(t("challenge.lineage"), headers, map(_line, self._lineage()))

    def compare(self, call: Call, chosen: str | None) -> Markup:
        """Ask for a comparison in the background."""
        entry = self._entry(chosen)
        if entry.path is not None:
            self._app.detectors.register(Path(entry.path))
        parameters = {"challenger": entry.id, "head": entry.default_head, "by": call.person.name}
        job = self._app.jobs.ask(call.person, JobKind.COMPARE, parameters)
        return answer_to(job, t("challenge.asked", job=job.id, detector=entry.id))

    def ask_promote(self, _call: Call, seen: int | None, chosen: str | None) -> Question:
        """The question before a challenger takes the champion's place."""
        self._app.policies.require(version := version_seen(seen))
        entry = self._entry(chosen)
        report = self._app.challenges.last(entry.id)
        if report is None:
            raise InputError(Text("challenge.compare_first", {"detector": entry.id}))
        about = PromotionAsked(version=version, detector=entry.id)
        attempt, advice = str(report.replay.attempt), advice_words(report)
        words = t("challenge.ask_promote", detector=entry.id, attempt=attempt, advice=advice)
        return Question(words, about)

    def promote(self, call: Call, asked: Any, reason: str | None) -> Markup:
        """Put the challenger that was asked about in force."""
        about = held_as(PromotionAsked, asked)
        policy = self._app.promotions.promote(
            call.person, about.detector, reason or "", about.version
        )
        self._app.triage.keep_order()
        words = t("challenge.promoted", version=policy.version, detector=about.detector)
        return notice(words, Tone.DONE)

    def ask_roll_back(self, _call: Call, seen: int | None) -> Question:
        """The question before the former detector takes the champion's place again."""
        self._app.policies.require(version := version_seen(seen))
        former = self._app.promotions.former()
        if former is None:
            raise InputError(Text("challenge.no_former"))
        policy, was = former.policy, ""
        if former.was_certified:
            was = t("challenge.was", version=policy.version, words=former.text)
        attempt = str(former.attempt)
        words = t("challenge.ask_roll_back", detector=policy.checkpoint, attempt=attempt, was=was)
        return Question(words, PromotionAsked(version=version, detector=policy.checkpoint))

    def roll_back(self, call: Call, asked: Any, reason: str | None) -> Markup:
        """Put the former detector in force again."""
        about = held_as(PromotionAsked, asked)
        policy = self._app.promotions.roll_back(call.person, reason or "", about.version)
        self._app.triage.keep_order()
        words = t("challenge.rolled_back", version=policy.version, detector=policy.checkpoint)
        return notice(words, Tone.DONE)

    def _lineage(self) -> list[LineageEntry]:
        homes = (DEFAULT_CHECKPOINT.parent, self._app.settings.data_dir / "checkpoints")
        return self._app.challenges.lineage(homes)

    def _entry(self, chosen: str | None) -> LineageEntry:
        found = {each.id: each for each in challengers(self._lineage())}
        if chosen not in found:
            raise InputError(Text("challenge.choose"))
        return found[chosen]


def _line(entry: LineageEntry) -> tuple[Content, ...]:
    data = "" if entry.data is None else f"{entry.data}: {number(entry.n_train or 0)}"
    if entry.data_hash:
        data += f" ({entry.data_hash})"
    standing = t(f"challenge.standing_{entry.standing}")
    if entry.damage:
        standing += f"; {t('challenge.damaged')}"
    uses = Markup("<br>").join(map(_use, entry.in_force))
    auroc = "" if entry.auroc is None else number(entry.auroc, 3)
    return entry.id, standing, entry.parent or "", data, auroc, uses


def _use(use: PutInForce) -> str:
    by = use.by or t("policy.by_system")
    return t("challenge.use", version=str(use.version), day=day(use.at), name=by)


def build_challenge(
    app: Application, blocks: gr.Blocks, tab: gr.Tab, redraw_policy: Refresh
) -> None:
    """Add the panel to the open context. ``redraw_policy`` draws the tabs of the
    policy anew."""
    panel, wiring = ChallengePanel(app), Wiring(app, Permission.MANAGE_POLICY)
    with section(t("challenge.title"), t("challenge.remark")):
        words = html()
        seen = gr.Number(visible=False, precision=0)
        with gr.Row():
            which = gr.Dropdown([], label=t("challenge.which"), value=None)
            compare = gr.Button(t("challenge.compare"))
        compared = html()
        told = html()
        reason = gr.Textbox(label=t("challenge.reason"), max_length=400)
        with gr.Row():
            promote = gr.Button(t("challenge.promote"), interactive=False)  # until it is filled in
            roll_back = gr.Button(t("challenge.roll_back"), visible=False)
        yes_promote, yes_back = (
            Confirm(t("challenge.yes_promote")),
            Confirm(t("challenge.yes_roll_back")),
        )
        message = html()
    with section(t("challenge.lineage"), t("challenge.lineage_remark")):
        lineage = html()
    wiring.quick(which.input, panel.show, [told], [which])
    wiring.quick(compare.click, panel.compare, [compared], [which])
    yes_promote.ask(wiring, promote, panel.ask_promote, [seen, which])
    yes_back.ask(wiring, roll_back, panel.ask_roll_back, [seen])
    for withdrawn, event in ((yes_promote, roll_back.click), (yes_back, promote.click)):
        withdrawn.withdraw(event)
    yes_promote.withdraw(which.input)
    promoted = yes_promote.then(wiring, panel.promote, [message], [reason])
    rolled = yes_back.then(wiring, panel.roll_back, [message], [reason])
    # Before all else: who goes on to certify at once has changed the policy themselves, and is not
    # to be refused because that tab still tells of the one before.
    for changed in (promoted, rolled):
        redraw_policy(changed.then)
    shown = [words, which, seen, promote, roll_back, told]
    for event in (blocks.load, tab.select, promoted.then, rolled.then):
        wiring.quick(event, panel.load, shown, [which])
        wiring.quick(event, panel.lineage, [lineage])
