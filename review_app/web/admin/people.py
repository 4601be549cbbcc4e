"""People: who may sign in, as what; one-time sign-in links; closing and opening accounts; how
people answer."""

from __future__ import annotations

from typing import Any

import gradio as gr
from markupsafe import Markup
from pydantic import BaseModel

from review_app.bootstrap import Application
from review_app.core.errors import ChangedSinceError, InputError, NotFoundError
from review_app.core.permissions import Permission
from review_app.i18n import Text, significant, t
from review_app.people import Account, confusable_pairs
from review_app.web.admin.confirm import Confirm, Question
from review_app.web.admin.people_figures import build_figures
from review_app.web.admin.people_skill import build_skill
from review_app.web.admin.people_taking import build_taking
from review_app.web.admin.people_tokens import build_tokens
from review_app.web.handlers import Call, Wiring, held_as, html, refusal, section
from review_app.web.markup import Tone, join, moment, notice, table
from storage.enums import Role

ROLES = (Role.REVIEWER, Role.ADMIN)
"""The roles in the order in which they are offered."""


class Access(BaseModel):
    """The account that is opened or closed."""

    name: str
    open: bool


class PeopleTab:
    """The handlers of the tab's buttons."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def load(self, _call: Call) -> tuple[Markup, Any]:
        """The accounts, as a table and as choices."""
        accounts = self._app.people.all()
        names = [account.name for account in accounts]
        return _alike(names) + _accounts(accounts), gr.update(choices=names)

    def add(self, call: Call, name: str | None, role: str) -> tuple[Markup, Any, Markup, Any, str]:
        """Make an account, and a link that signs the person in once."""
        if role not in set(Role):
            raise InputError(Text("people.choose_role"))
        account = self._app.people.add(name or "", Role(role), call.person.name)
        words = t(f"people.added_{account.role}", name=account.name)
        return notice(words, Tone.DONE), self._link(call, account.name), *self.load(call), ""

    def new_link(self, call: Call, name: str | None) -> tuple[Markup, Markup]:
        """Another one-time link for somebody who has an account."""
        account = self._account(name)
        words = t("people.link_below", name=account.name)
        return notice(words, Tone.DONE), self._link(call, account.name)

    def ask_switch(self, _call: Call, name: str | None) -> Question:
        """The question before somebody's access changes."""
        account = self._account(name)
        about = Access(name=account.name, open=account.disabled)
        key = f"people.enable_{account.role}" if account.disabled else "people.disable"
        return Question(t(key, name=account.name), about)

    def switch(self, call: Call, asked: Any) -> tuple[Markup, Markup, Any]:
        """Open or close the account, as was asked: whoever was quicker is told of, not undone."""
        about = held_as(Access, asked)
        actor = call.person.name
        try:
            self._app.people.set_enabled(about.name, about.open, actor, expects_change=True)
        except ChangedSinceError as error:
            return refusal(error), *self.load(call)
        words = t("people.is_enabled" if about.open else "people.is_disabled", name=about.name)
        return notice(words, Tone.DONE), *self.load(call)

    def _account(self, name: str | None) -> Account:
        if not name:
            raise InputError(Text("people.choose_person"))
        for account in self._app.people.all():
            if account.name == name:
                return account
        raise NotFoundError(Text("people.gone", {"name": repr(name)}))

    def _link(self, call: Call, name: str) -> Markup:
        token = self._app.people.make_link(name, call.person.name)
        minutes = self._app.settings.link_minutes
        n = int(minutes) if minutes == int(minutes) else significant(minutes)
        return _LINK.format(
            words=t("people.link_works", name=name, n=n),
            url=f"{call.origin}/login/link/{token}",
            copy=t("people.copy"),
            copied=t("people.copied"),
        )


_LINK = Markup(
    '<div class="card"><label>{words}<input type="text" readonly value="{url}"></label>'
    '<button type="button" class="copy" data-copied="{copied}">{copy}</button></div>'
)
_COPY = """element.addEventListener("click", async (event) => {
  const button = event.target.closest("button.copy");
  if (!button) return;
  const field = element.querySelector("input");
  field.select();
  await navigator.clipboard.writeText(field.value);
  button.textContent = button.dataset.copied;
});"""


def build_people(app: Application, blocks: gr.Blocks, tab: gr.Tab) -> None:
    """Add the tab's components to the open context."""
    actions = PeopleTab(app)
    wiring = Wiring(app, Permission.MANAGE_PEOPLE)
    accounts = html()
    message = html()
    link = gr.HTML(apply_default_css=False, js_on_load=_COPY)
    with section(t("people.add_title")), gr.Row():
        name = gr.Textbox(label=t("people.name_label"), max_length=80)
        choices = [(t(f"people.role_{role}"), role.value) for role in ROLES]
        role = gr.Radio(choices, value=Role.REVIEWER.value, label=t("people.role"), min_width=240)
        add = gr.Button(t("people.add"), variant="primary")
    with section(t("people.change_title")):
        with gr.Row():
            who = gr.Dropdown([], label=t("people.person"), value=None)
            again = gr.Button(t("people.new_link"))
            switch = gr.Button(t("people.switch"))
        confirm = Confirm(t("people.yes"))
    build_tokens(app, blocks, tab, _COPY)
    build_figures(app, tab)
    build_skill(app, tab)
    build_taking(app, tab)
    for event in (blocks.load, tab.select):
        wiring.quick(event, actions.load, [accounts, who])
    wiring.quick(add.click, actions.add, [message, link, accounts, who, name], [name, role])
    wiring.quick(again.click, actions.new_link, [message, link], [who])
    confirm.ask(wiring, switch, actions.ask_switch, [who])
    confirm.withdraw(who.input)
    confirm.then(wiring, actions.switch, [message, accounts, who])


def _alike(names: list[str]) -> Markup:
    """Which accounts are easily taken for one another; none such can be added any more."""
    return join(
        notice(t("people.alike", one=one, other=other), Tone.PROBLEM)
        for one, other in confusable_pairs(names)
    )


def _accounts(accounts: list[Account]) -> Markup:
    rows = [
        (
            account.name,
            t(f"people.{account.role}"),
            t("people.disabled") if account.disabled else t("people.enabled"),
            account.pseudonym,
            t("people.password_or_link") if account.has_password else t("people.link_only"),
            moment(account.created_at),
        )
        for account in accounts
    ]
    names = ("name", "role", "access", "in_exports", "signs_in_by", "added_at")
    return table(t("people.everybody"), [t(f"people.{name}") for name in names], rows)
