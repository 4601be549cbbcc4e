"""Changing an account: its role, whether it is open, and what signs its person in. What touches
somebody's access is asked first."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import gradio as gr
from markupsafe import Markup
from pydantic import BaseModel

from review_app.bootstrap import Application
from review_app.core.errors import ChangedSinceError, ConflictError, InputError, NotFoundError
from review_app.core.permissions import Permission
from review_app.i18n import Text, significant, t
from review_app.people import Account
from review_app.web.admin.confirm import Confirm, Question
from review_app.web.admin.copying import to_be_copied
from review_app.web.handlers import Call, Wiring, held_as, refusal, section
from review_app.web.markup import Tone, notice
from storage.enums import Role

ROLES = (Role.REVIEWER, Role.LEAD, Role.ADMIN)
"""The roles in the order in which they are offered."""

Accounts = tuple[Markup, Any]
"""The accounts, as a table and as choices."""


class Deed(StrEnum):
    """A change of an account that is asked about first."""

    OPEN = "open"
    CLOSE = "close"
    ROLE = "role"
    RESET = "reset"
    SIGN_OUT = "sign_out"


class AccountQuestion(BaseModel):
    """The change that a question was about."""

    name: str
    deed: Deed
    was: Role
    """The role that its person had."""
    role: Role
    """The role that they will have."""


class AccountChanges:
    """The handlers of the panel's buttons. ``load`` gives the accounts as they are."""

    def __init__(self, app: Application, load: Callable[[Call], Accounts]) -> None:
        self._app = app
        self._load = load

    def new_link(self, call: Call, name: str | None) -> tuple[Markup, Markup]:
        """Another one-time link for somebody who has an account."""
        account = self._account(name)
        words = t("people.link_below", name=account.name)
        token = self._app.people.make_link(account.name, call.person.name)
        return notice(words, Tone.DONE), link_html(self._app, call, account.name, token)

    def ask_switch(self, _call: Call, name: str | None) -> Question:
        """The question before an account is closed or opened."""
        account = self._account(name)
        key = f"people.enable_{account.role}" if account.disabled else "people.disable"
        deed = Deed.OPEN if account.disabled else Deed.CLOSE
        return Question(t(key, name=account.name), _about(account, deed))

    def ask_role(self, _call: Call, name: str | None, role: str | None) -> Question:
        """The question before somebody gets another role."""
        account = self._account(name)
        if role not in set(Role):
            raise InputError(Text("people.choose_role"))
        if account.role == role:
            raise ConflictError(Text("people.same_role", {"name": account.name}))
        names = {"role": t(f"people.{role}"), "was": t(f"people.{account.role}")}
        words = t("people.ask_role", name=account.name, **names)
        return Question(words, _about(account, Deed.ROLE, Role(role)))

    def ask_reset(self, _call: Call, name: str | None) -> Question:
        """The question before all that somebody signs in by is taken back."""
        account = self._account(name)
        return Question(t("people.ask_reset", name=account.name), _about(account, Deed.RESET))

    def ask_sign_out(self, _call: Call, name: str | None) -> Question:
        """The question before somebody's sessions end."""
        account = self._account(name)
        return Question(t("people.ask_sign_out", name=account.name), _about(account, Deed.SIGN_OUT))

    def change(self, call: Call, asked: Any) -> tuple[Markup, Markup, Markup, Any]:
        """Do what was asked: whoever was quicker is told of, not undone."""
        about = held_as(AccountQuestion, asked)
        try:
            words, link = self._done(call, about)
        except ChangedSinceError as error:
            return refusal(error), Markup(), *self._load(call)
        return notice(words, Tone.DONE), link, *self._load(call)

    def _done(self, call: Call, about: AccountQuestion) -> tuple[str, Markup]:
        """What is so now, and a link where one was made."""
        people, name, actor = self._app.people, about.name, call.person.name
        if about.deed is Deed.ROLE:
            people.set_role(name, about.role, actor, about.was)
            return t("people.is_role", name=name, role=t(f"people.{about.role}")), Markup()
        if about.deed is Deed.RESET:
            link = link_html(self._app, call, name, people.reset_sign_in(name, actor))
            return t("people.is_reset", name=name), link
        if about.deed is Deed.SIGN_OUT:
            n = people.sign_out_everywhere(name, actor)
            return t("people.is_signed_out", name=name, n=n), Markup()
        opens = about.deed is Deed.OPEN
        people.set_enabled(name, opens, actor, expects_change=True)
        return t("people.is_enabled" if opens else "people.is_disabled", name=name), Markup()

    def _account(self, name: str | None) -> Account:
        if not name:
            raise InputError(Text("people.choose_person"))
        for account in self._app.people.all():
            if account.name == name:
                return account
        raise NotFoundError(Text("people.gone", {"name": repr(name)}))


def link_html(app: Application, call: Call, name: str, token: str) -> Markup:
    """The link that signs ``name`` in once, to be copied."""
    minutes = app.settings.link_minutes
    n = int(minutes) if minutes == int(minutes) else significant(minutes)
    words, link = t("people.link_works", name=name, n=n), f"{call.origin}/login/link/{token}"
    return to_be_copied(words, link, t("people.copy"), t("people.copied"))


def role_choices() -> list[tuple[str, str]]:
    """The roles as a form offers them."""
    return [(t(f"people.role_{role}"), role.value) for role in ROLES]


def build_changes(
    app: Application,
    load: Callable[[Call], Accounts],
    message: gr.HTML,
    link: gr.HTML,
    accounts: gr.HTML,
) -> gr.Dropdown:
    """Add the panel to the open context; the choice of whose account it is about."""
    changes, wiring = AccountChanges(app, load), Wiring(app, Permission.MANAGE_PEOPLE)
    with section(t("people.change_title"), t("people.change_remark")):
        who = gr.Dropdown([], label=t("people.account"), value=None)
        with gr.Row():
            again = gr.Button(t("people.new_link"))
            reset = gr.Button(t("people.reset"))
            out = gr.Button(t("people.sign_out"))
            switch = gr.Button(t("people.switch"))
        with gr.Row():
            role = gr.Radio(role_choices(), label=t("people.new_role"), value=None, min_width=240)
            give = gr.Button(t("people.give_role"))
        confirm = Confirm(t("people.yes"))
    wiring.quick(again.click, changes.new_link, [message, link], [who])
    confirm.ask(wiring, switch, changes.ask_switch, [who])
    confirm.ask(wiring, reset, changes.ask_reset, [who])
    confirm.ask(wiring, out, changes.ask_sign_out, [who])
    confirm.ask(wiring, give, changes.ask_role, [who, role])
    for event in (who.input, role.input):
        confirm.withdraw(event)
    confirm.then(wiring, changes.change, [message, link, accounts, who])
    return who


def _about(account: Account, deed: Deed, role: Role | None = None) -> AccountQuestion:
    was = account.role
    return AccountQuestion(name=account.name, deed=deed, was=was, role=role or was)
