"""The tokens of programs: who made which for whom, a new one, and the end of one."""

from __future__ import annotations

from typing import Any

import gradio as gr
from markupsafe import Markup
from pydantic import BaseModel

from review_app.bootstrap import Application
from review_app.core.errors import ConflictError, InputError
from review_app.core.permissions import Permission, TokenScope
from review_app.i18n import Text, t
from review_app.people import MAX_DAYS, TokenState, TokenView
from review_app.web.admin.confirm import Confirm, Question
from review_app.web.admin.copying import COPYING, to_be_copied
from review_app.web.handlers import Call, Wiring, held_as, html, refusal, section
from review_app.web.markup import Tone, moment, notice, table

DAYS = 90
"""The days that a token lasts unless something else is entered."""


class Ended(BaseModel):
    """The token that is revoked."""

    id: int


class TokensPanel:
    """The handlers of the panel's buttons."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def load(self, _call: Call) -> tuple[Markup, Any, Any]:
        """The tokens, as a table and as choices; and whom one can be made for. What is chosen
        stays: an answer that comes late would take away what somebody has chosen since."""
        views = self._app.tokens.all()
        open_accounts = [
            one.name for one in self._app.people.all() if not (one.disabled or one.is_away)
        ]
        valid = [(_choice(v), v.id) for v in views if v.state is TokenState.VALID]
        return _table(views), gr.update(choices=valid), gr.update(choices=open_accounts)

    def make(
        self, call: Call, owner: str | None, name: str | None, days: Any, scopes: list[str] | None
    ) -> tuple[Any, ...]:
        """Make a token; it is shown with this answer, and never again."""
        if not owner:
            raise InputError(Text("people.choose_person"))
        wanted = [_scope(word) for word in scopes or []]
        made = self._app.tokens.make(owner, name or "", wanted, days or 0, call.person.name)
        told = {"name": made.view.name, "owner": made.view.owner}
        message = notice(t("tokens.made_now", **told), Tone.DONE)
        return message, _once(made.view.name, made.secret), *self.load(call), ""

    def ask_revoke(self, _call: Call, token_id: int | None) -> Question:
        """The question before a token ends."""
        view = next((v for v in self._app.tokens.all() if v.id == token_id), None)
        if view is None:
            raise InputError(Text("tokens.choose"))
        words = t("tokens.ask_revoke", name=view.name, owner=view.owner)
        return Question(words, Ended(id=view.id))

    def revoke(self, call: Call, asked: Any) -> tuple[Any, ...]:
        """End the token that was asked about; whoever was quicker is told of."""
        try:
            view = self._app.tokens.revoke(held_as(Ended, asked).id, call.person.name)
            told = notice(t("tokens.is_revoked", name=view.name), Tone.DONE)
        except ConflictError as error:
            told = refusal(error)
        tokens, which, owner = self.load(call)
        return told, tokens, {**which, "value": None}, owner


def build_tokens(app: Application, blocks: gr.Blocks, tab: gr.Tab) -> None:
    """Add the panel to the open context."""
    panel, wiring = TokensPanel(app), Wiring(app, Permission.MANAGE_PEOPLE)
    with section(t("tokens.title"), t("tokens.remark")):
        tokens, message = html(), html()
        once = gr.HTML(apply_default_css=False, js_on_load=COPYING)
        with gr.Row():
            owner = gr.Dropdown([], label=t("tokens.owner"), value=None)
            name = gr.Textbox(label=t("tokens.name_label"), max_length=80)
            days = gr.Number(DAYS, label=t("tokens.days"), minimum=1, maximum=MAX_DAYS, precision=0)
        choices = [(t(f"tokens.scope_{_key(scope)}"), scope.value) for scope in TokenScope]
        scopes = gr.CheckboxGroup(choices, label=t("tokens.scopes"))
        make = gr.Button(t("tokens.make"), variant="primary")
        with gr.Row():
            which = gr.Dropdown([], label=t("tokens.which"), value=None)
            revoke = gr.Button(t("tokens.revoke"))
        confirm = Confirm(t("tokens.yes"))
    for event in (blocks.load, tab.select):
        wiring.quick(event, panel.load, [tokens, which, owner])
    made = [message, once, tokens, which, owner, name]
    wiring.quick(make.click, panel.make, made, [owner, name, days, scopes])
    confirm.ask(wiring, revoke, panel.ask_revoke, [which])
    confirm.withdraw(which.input)
    confirm.then(wiring, panel.revoke, [message, tokens, which, owner])


def _key(scope: TokenScope) -> str:
    return scope.value.replace(":", "_")


def _scope(word: str) -> TokenScope:
    try:
        return TokenScope(word)
    except ValueError:
        raise InputError(Text("tokens.unknown_scope", {"scope": repr(word)})) from None


def _choice(view: TokenView) -> str:
    return t("tokens.choice", token=str(view.id), name=view.name, owner=view.owner)


def _once(name: str, secret: str) -> Markup:
    words = t("tokens.secret", name=name)
    copy, copied = t("tokens.copy"), t("tokens.copied")
    return to_be_copied(words, secret, copy, copied)


def _table(views: list[TokenView]) -> Markup:
    if not views:
        return Markup('<p class="remark">{}</p>').format(t("tokens.none"))
    rows = [
        (
            str(view.id),
            view.name,
            view.owner,
            ", ".join(view.scopes),
            moment(view.made_at),
            view.made_by,
            moment(view.expires_at),
            t("tokens.never") if view.used_at is None else moment(view.used_at),
            t(f"tokens.state_{view.state}"),
        )
        for view in views
    ]
    names = ("number", "name", "owner", "scopes", "made", "by", "expires", "used", "state")
    return table(t("tokens.all"), [t(f"tokens.{name}") for name in names], rows)
